"""Claiming a piece of work and showing life, so that a worker that dies is replaced and one that was replaced stops."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db.models import F, Q

from cyberadmin.sync.clock import now

from .models import Work

LEASE = timedelta(minutes=2)


class LeaseLost(Exception):
    """Another worker has taken the work over, or it is gone."""


def claim(work_id: int, kind: str) -> Work | None:
    """The work, for this worker alone; None when another one is at it or nothing is left to do."""
    token = uuid4()
    mine = Work.objects.filter(_free(), pk=work_id, kind=kind)
    if not mine.update(state=Work.State.DOING, claim=token, lease_until=now() + LEASE, tries=F("tries") + 1):
        return None
    return Work.objects.select_related("off_boarding__account", "asked_by").get(pk=work_id)


def keep(work: Work, **values: Any) -> None:
    """Show life and write `values` down. Raises LeaseLost."""
    if not _mine(work).update(lease_until=now() + LEASE, **values):
        raise LeaseLost


def end(work: Work, state: str, **values: Any) -> None:
    """It is over. Raises LeaseLost."""
    if not _mine(work).update(state=state, lease_until=None, ended_at=now(), **values):
        raise LeaseLost


def open_works() -> list[tuple[int, str]]:
    """(number, kind) of what nobody works on now."""
    return list(Work.objects.filter(_free()).order_by("id").values_list("pk", "kind")[:20])


def _mine(work: Work) -> Any:
    return Work.objects.filter(pk=work.pk, claim=work.claim, state=Work.State.DOING)


def _free() -> Q:
    return Q(state=Work.State.WAITING) | Q(state=Work.State.DOING, lease_until__lt=now())
