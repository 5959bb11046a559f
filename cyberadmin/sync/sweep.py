"""Letting go of what is gone at the vendor, and of nothing else (docs/engine.md 2.10-6, promise P5).

A row becomes a tombstone only when a full run read every list it could be in to the end, it was in none of them, no
change of it is open, *and* the vendor answers 404 for that very object. When much is missing at once, or everything, a
person decides first: the vendor's lists have been wrong before. Tombstones are hidden and kept 30 days.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef

from cyberadmin.accounts import retention
from cyberadmin.api import errors

from . import pace, record, registry
from .clock import now
from .mirror import MirrorQuerySet, writing
from .models import Change, HeldSweep
from .pull_context import AccountStopped, ListRefused
from .resource import Resource

if TYPE_CHECKING:
    from .pull_context import PullContext

logger = logging.getLogger(__name__)

#: More than this many, and more than this share, of a kind's rows missing at once is for a person to decide.
FEW, SHARE = 10, 0.10
CHECKS_PER_RUN = 200


@dataclass(frozen=True)
class Sweepable:
    """What a full pull may sweep: rows the vendor should list, and the lists they could be in."""

    resource: Resource
    lists: tuple[str, ...]
    rows: MirrorQuerySet
    #: What goes with a row that is gone (memberships), inside the same transaction.
    forget: Callable[[Any], None]


def sweep(context: "PullContext") -> None:
    """Look for what a full run did not see; checks each at the vendor, or holds the removal when it is large."""
    for item in context.sweepable:
        if not context.whole(*item.lists):
            continue
        missing = _missing(context, item)
        if not missing:
            continue
        alive = item.rows.count()
        listed = sum(context.readings[name].distinct for name in item.lists)
        if listed == 0 or len(missing) > max(FEW, SHARE * alive):
            _hold(context, item.resource.kind, missing)
        else:
            _let_go(context, item, missing)


def go_on(context: "PullContext") -> None:
    """Carry out removals that a person approved, each still confirmed by the vendor; the rest in later runs."""
    for item in context.sweepable:
        approved = HeldSweep.objects.filter(
            account=context.account, kind=item.resource.kind, state=HeldSweep.State.APPROVED
        ).exclude(object_ids=[])
        for held in approved:
            handled = _let_go(context, item, held.object_ids)
            left = [pk for pk in held.object_ids if pk not in handled]
            HeldSweep.objects.filter(pk=held.pk).update(object_ids=left)


def purge_tombstones() -> int:
    """Delete the tombstones that are older than 30 days, or than their client wants; returns how many."""
    purged = 0
    for account_id, oldest in retention.limits("deleted", now()):
        gone = sum(_purge_tombstones(resource, account_id, oldest) for resource in registry.in_pull_order())
        retention.count(account_id, "deleted", gone)
        purged += gone
    return purged


def _purge_tombstones(resource: Resource, account_id: int, oldest: datetime) -> int:
    # A tombstone that an open change still speaks of waits for that change.
    open_changes = Change.objects.filter(kind=resource.kind, object_id=OuterRef("pk"), state__in=Change.OPEN)
    old = resource.model.objects.filter(~Exists(open_changes), account=account_id, gone_at__lt=oldest)
    purged = 0
    while ids := list(old.values_list("pk", flat=True)[:500]):
        with writing():
            resource.model.objects.filter(pk__in=ids).delete()
        purged += len(ids)
    return purged


def _missing(context: "PullContext", item: Sweepable) -> list[int]:
    seen = context.seen_ids(*item.lists)
    # What a push settled since the run began may be younger than the lists.
    rows = item.rows.exclude(pulled_at__gt=context.run.started_at).order_by("pk").values_list("pk", flat=True)
    missing = [pk for pk in rows.iterator(chunk_size=10_000) if pk not in seen]
    decided = _ids(context, item.resource.kind, HeldSweep.State.APPROVED, HeldSweep.State.DISMISSED)
    return [pk for pk in missing if pk not in decided and not _has_open_change(item.resource.kind, pk)]


def _ids(context: "PullContext", kind: str, *states: str) -> set[int]:
    held = HeldSweep.objects.filter(account=context.account, kind=kind, state__in=states)
    return {pk for ids in held.values_list("object_ids", flat=True) for pk in ids}


def _has_open_change(kind: str, pk: int) -> bool:
    return Change.objects.filter(kind=kind, object_id=pk, state__in=Change.OPEN).exists()


def _hold(context: "PullContext", kind: str, missing: list[int]) -> None:
    with context.owned():
        HeldSweep.objects.update_or_create(
            account=context.account,
            kind=kind,
            state=HeldSweep.State.HELD,
            defaults={"run": context.run, "object_ids": missing, "total": len(missing)},
        )
    context.count("held", len(missing))
    context.problem("held", kind=kind, total=len(missing))


def _let_go(context: "PullContext", item: Sweepable, ids: Iterable[int]) -> set[int]:
    """Confirm each at the vendor and mark what is gone; returns those that are dealt with."""
    handled: set[int] = set()
    for pk in ids:
        if context.checks >= CHECKS_PER_RUN:
            context.problem("sweep_goes_on_later", kind=item.resource.kind)
            break
        obj = item.resource.model.objects.filter(pk=pk, account=context.account, gone_at=None).first()
        if obj is not None:
            context.checks += 1
            try:
                gone = context.read(partial(item.resource.confirm_gone, context.client, obj))
            except ListRefused:
                continue
            except (pace.HoldOff, AccountStopped, errors.ApiError):
                # The pull itself is complete; the next full one looks again.
                context.problem("sweep_goes_on_later", kind=item.resource.kind)
                break
            if gone:
                _bury(context, item, obj)
        handled.add(pk)
    return handled


def _bury(context: "PullContext", item: Sweepable, obj: Any) -> None:
    with context.owned():
        row = record.lock(obj)
        moved = row.edit_version != obj.edit_version or row.pulled_at != obj.pulled_at or row.gone_at is not None
        if moved or _has_open_change(item.resource.kind, row.pk):
            return
        row.gone_at = now()
        row.content_hash = ""
        item.forget(row)
        row.save()
        context.count("gone")
