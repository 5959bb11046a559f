"""The end of a set: what a cancellation takes back, rows that wait for an edit, and the pull that shows the mirror the result."""

from datetime import timedelta
from typing import Any

from django.db import transaction

from cyberadmin.accounts import audit
from cyberadmin.sync import pull
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Change, ChangeSet, PlannedRow

from . import feeding, lease, services
from .composing import EDIT_WAITING, mark
from .work import Work, remember

State = ChangeSet.State
Row = PlannedRow.State
#: How long a row waits for an edit of its contact that is on its way, once everything else is done.
EDIT_PATIENCE = timedelta(minutes=10)
CANCEL_PIECE = 5_000
#: A paused set of which nothing is on its way is not looked at again before a person resumes it.
ASLEEP = timedelta(days=365)


def take_back(work: Work) -> bool:
    """Of a cancelled set, take back what has not left; whether something was."""
    with transaction.atomic():
        lease.write(work.change_set)
        waiting = PlannedRow.objects.filter(change_set=work.change_set, state=Row.WAITING).order_by("number")
        rows = list(waiting.only("pk")[:CANCEL_PIECE])
        mark(rows, state=Row.CANCELLED, result="cancelled")
    return bool(rows) or feeding.take_back_waiting(work, work.change_set.actor) > 0


def finish(work: Work) -> float:
    """End the set when nothing of it is left; else the seconds until something may be."""
    change_set = work.change_set
    rows = PlannedRow.objects.filter(change_set=change_set)
    if rows.filter(state__in=(Row.SENDING, Row.VERIFYING)).exists():
        return 1.0
    if change_set.state == State.PAUSED:
        _ask_for_pull(work)
        return ASLEEP.total_seconds()
    if rows.filter(state=Row.WAITING).exists():
        return _wait_for_edits(work) if change_set.state == State.APPLYING else 0.0
    with transaction.atomic():
        ended: dict[str, Any] = {"state": State.DONE} if change_set.state == State.APPLYING else {}
        lease.write(change_set, finished_at=now(), **ended)
        audit.record(
            "bulk.ended",
            actor=None,
            account=work.account,
            change_set=change_set.pk,
            results=services.results(change_set),
        )
    _ask_for_pull(work)
    return 0.0


def _wait_for_edits(work: Work) -> float:
    """Only rows whose contact has an edit of its own are left: try them again, and refuse them when that takes too long."""
    change_set = work.change_set
    held = PlannedRow.objects.filter(change_set=change_set, state=Row.WAITING, result=EDIT_WAITING)
    if PlannedRow.objects.filter(change_set=change_set, state=Row.WAITING).exclude(result=EDIT_WAITING).exists():
        # It is another set's turn.
        return 1.0
    since = change_set.memory.get("waits_since")
    moment = now()
    if since is not None and moment.timestamp() - float(since) > EDIT_PATIENCE.total_seconds():
        with transaction.atomic():
            refused = held.update(state=Row.FAILED)
            lease.write(change_set, progress_done=change_set.progress_done + refused)
        return 0.0
    with transaction.atomic():
        memory = change_set.memory if since is not None else remember(change_set, waits_since=moment.timestamp())
        lease.write(change_set, memory=memory, reason="edits_waiting")
        free = [row for row in held.order_by("number")[:CANCEL_PIECE] if not _has_open_change(work, row)]
        mark(free, result="")
    return 0.0 if free else 5.0


def _has_open_change(work: Work, row: PlannedRow) -> bool:
    of_kind = Change.objects.filter(account=work.account, kind=work.change_set.object_kind, state__in=Change.OPEN)
    return row.object_id is not None and of_kind.filter(object_id=row.object_id).exists()


def _ask_for_pull(work: Work) -> None:
    """The mirror learns of new people by reading them."""
    pull.request_from_now(work.account)
