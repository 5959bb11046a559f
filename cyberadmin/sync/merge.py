"""Putting what the vendor holds beside what staff see, field by field (docs/engine.md 2.11).

Three values meet for each field: *effective* (the column), *seen* (what the vendor holds now) and whether an open
change still wants the column's value to get there. A field nobody is editing takes the vendor's value; a field on its
way out keeps ours, and the vendor's value is kept in `snapshot` as the base of the next comparison.
"""

from collections.abc import Iterable
from typing import Any

from .models import Change
from .resource import Resource, Seen, Values

#: Fields that stand for something beside the row's own values (memberships, consent) are no columns that staff edit.
BESIDE = ("group:", "consent:")


def pending_fields(kind: str, obj: Any) -> set[str]:
    """Names of the fields that open changes of this object still want to bring to the vendor."""
    changes = Change.objects.filter(account_id=obj.account_id, kind=kind, object_id=obj.pk, state__in=Change.OPEN)
    return wanted_by(changes)


def wanted_by(changes: Iterable[Change]) -> set[str]:
    """Names of the columns that these changes want to bring to the vendor."""
    return {name for change in changes for name in change.fields if not name.startswith(BESIDE)}


def merge(resource: Resource, obj: Any, seen: Seen, pending: set[str]) -> list[str]:
    """Take `seen` over into `obj` (not saved) except where `pending` keeps ours; returns the names that changed here."""
    effective = resource.values(obj)
    names = {*effective, *seen.values} - pending if seen.values else set()
    taken: Values = {name: seen.values.get(name) for name in names if effective.get(name) != seen.values.get(name)}
    if taken:
        resource.assign(obj, taken)
    resource.absorb(obj, seen)
    compare(resource, obj, seen.values or remote_values(resource, obj))
    if taken:
        obj.edit_version += 1
    return sorted(taken)


def compare(resource: Resource, obj: Any, remote: Values) -> None:
    """Set the snapshot from the vendor's values: null when the row shows the same (not saved)."""
    effective = resource.values(obj)
    differs = any(effective.get(name) != remote.get(name) for name in {*effective, *remote})
    obj.snapshot = {**remote} if differs or obj.deleted_at else None


def remote_values(resource: Resource, obj: Any) -> Values:
    """What the vendor was last seen to hold for this row."""
    return dict(obj.snapshot) if obj.snapshot is not None else resource.values(obj)


def start_edit(resource: Resource, obj: Any) -> None:
    """Before the first effective column moves: keep the vendor's values as the base (not saved)."""
    if obj.snapshot is None:
        obj.snapshot = resource.values(obj)
