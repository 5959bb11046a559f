"""Taking what a list shows into mirror rows, field by field where an edit is under way."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Any

import orjson

from . import merge, record
from .clock import now
from .models import Change
from .resource import Resource, Seen

#: Grows when the mapping from the vendor's rows to our columns changes, so that every row is looked at once more.
MAPPING_VERSION = b"1"


def digest(row: dict[str, Any], list_mark: bytes = b"") -> str:
    """Fingerprint of a row as the vendor sent it, whatever the order of its fields."""
    content = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(MAPPING_VERSION + list_mark + content, digest_size=16).hexdigest()


def take_in(
    resource: Resource, obj: Any, seen: Seen, content_hash: str, *, vendor_decides: frozenset[str] = frozenset()
) -> list[str]:
    """Merge one row that may carry edits on their way out, under its lock; returns the fields that changed here.

    A value that an open change still wants to bring to the vendor stays, except those in `vendor_decides`. A row that
    staff deleted stays deleted while that waits; a row that was gone comes back, since the vendor lists it.
    """
    row = record.lock(obj)
    return _take(resource, row, seen, content_hash, merge.pending_fields(resource.kind, row) - vendor_decides)


def take_in_each(resource: Resource, keys: Collection[int], see: Callable[[Any], Seen | None]) -> list[Any]:
    """As `take_in`, for several rows by primary key: all are locked at once, and their hashes stay. Returns the rows taken.

    `see` is given each locked row and makes what the vendor showed of it; where it makes None the row is left alone.
    """
    wanted: dict[int, list[Change]] = defaultdict(list)
    rows = record.lock_all(resource.model, keys)
    for change in Change.objects.filter(kind=resource.kind, object_id__in=keys, state__in=Change.OPEN):
        wanted[change.object_id].append(change)
    taken = []
    for row in rows:
        seen = see(row)
        if seen is not None:
            _take(resource, row, seen, row.content_hash, merge.wanted_by(wanted[row.pk]))
            taken.append(row)
    return taken


def _take(resource: Resource, row: Any, seen: Seen, content_hash: str, pending: set[str]) -> list[str]:
    if row.gone_at is not None:
        row.gone_at = row.deleted_at = None
    taken = merge.merge(resource, row, seen, pending)
    row.content_hash = content_hash
    row.pulled_at = now()
    row.save()
    return taken
