"""One worker at a time for one set of changes: a lease with a token that only the taker knows, as for a single change."""

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q

from cyberadmin.sync.clock import now
from cyberadmin.sync.models import ChangeSet


class LeaseLost(Exception):
    """Another worker took the set over, or a person moved it on: nothing more may be written or sent for it."""


def take(pk: int, seconds: float | None = None) -> ChangeSet | None:
    """Take a set that no worker holds and whose time has come; None when there is nothing to take."""
    moment, token = now(), uuid.uuid4()
    free = Q(lease_until=None) | Q(lease_until__lt=moment)
    due = Q(not_before=None) | Q(not_before__lte=moment)
    change_set = ChangeSet.objects.select_related("account").filter(free, due, pk=pk, finished_at=None).first()
    if change_set is None:
        return None
    taken = ChangeSet.objects.filter(free, due, pk=pk, finished_at=None, claims=change_set.claims).update(
        claim_token=token, lease_until=moment + _length(seconds), claims=change_set.claims + 1
    )
    if not taken:
        return None
    change_set.claim_token, change_set.claims = token, change_set.claims + 1
    change_set.refresh_from_db(fields=["state", "reason", "memory", "started_at"])
    return change_set


def write(change_set: ChangeSet, states: tuple[str, ...] = (), seconds: float | None = None, **values: Any) -> None:
    """Write under the lease and renew it. Raises LeaseLost, having written nothing, when it is not ours any more.

    `states`: only while the set is in one of these; a person may have paused or cancelled it meanwhile.
    """
    mine = ChangeSet.objects.filter(pk=change_set.pk, claim_token=change_set.claim_token)
    if states:
        mine = mine.filter(state__in=states)
    if not mine.update(**{"lease_until": now() + _length(seconds), **values}):
        raise LeaseLost
    for name, value in values.items():
        setattr(change_set, name, value)


def release(change_set: ChangeSet, states: tuple[str, ...] = (), **values: Any) -> None:
    """Give the set back, alive and well: its crashes no longer count. Raises LeaseLost."""
    write(change_set, states, claim_token=None, lease_until=None, claims=0, **values)


def give_up(change_set: ChangeSet) -> None:
    """Let go of a set that a person moved on meanwhile; nothing happens when another worker holds it."""
    mine = ChangeSet.objects.filter(pk=change_set.pk, claim_token=change_set.claim_token)
    mine.update(claim_token=None, lease_until=None, claims=0)


def _length(seconds: float | None) -> timedelta:
    return timedelta(seconds=settings.SYNC_LEASE_SECONDS if seconds is None else seconds)
