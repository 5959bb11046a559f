"""Rows that travel as ordinary changes: fed to the queue a few hundred at a time, then followed to their end.

So a pause or a cancellation leaves little behind, and the queue of a client stays short: what somebody edits by hand goes
before all of it. A row whose object has an open change of its own waits for that, and is refused in the end.
"""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q

from cyberadmin.sync import crash, services
from cyberadmin.sync.models import Change, ChangeSet, PlannedRow

from . import lease
from .composing import BATCHED, Chosen, examine, mark, write_down
from .settling import Ends, Refused, fail, refusals
from .work import Work, remember

State = PlannedRow.State
#: Open changes of one set at which no more are made, and how many rows are taken at a time.
MOST_OPEN, PIECE = 300, 50
#: Open changes until the first one arrived: what every row is refused for must not be tried hundreds of times.
FIRST_OPEN = 20
APPLYING = (ChangeSet.State.APPLYING,)
#: Where a change goes on by itself.
_MOVING = (Change.State.QUEUED, Change.State.SENDING, Change.State.UNKNOWN)
#: Where a change has no next step by itself, the row is over; the Outbox keeps the change.
_STOPPED = (Change.State.CONFLICT, Change.State.PARKED, Change.State.FAILED)


def feed(work: Work) -> bool:
    """Record the changes of the next rows; whether any row was looked at."""
    open_now = PlannedRow.objects.filter(change_set=work.change_set, state=State.SENDING, change__isnull=False).count()
    room = (MOST_OPEN if work.change_set.memory.get("proven") else FIRST_OPEN) - open_now
    if room <= 0:
        return False
    with transaction.atomic():
        lease.write(work.change_set, APPLYING, claims=0)
        waiting = PlannedRow.objects.filter(change_set=work.change_set, state=State.WAITING, result="")
        rows = list(waiting.exclude(verb__in=BATCHED).order_by("number")[: min(room, PIECE)])
        if not rows:
            return False
        chosen = _examine(work, rows)
        write_down(work, chosen)
        _record(work, chosen)
        crash.here("B6")
    return True


def _examine(work: Work, rows: list[PlannedRow]) -> Chosen:
    """As for a batch, verb by verb."""
    whole = Chosen("", rows)
    for verb in dict.fromkeys(row.verb for row in rows):
        part = examine(work, [row for row in rows if row.verb == verb])
        whole.dropped |= part.dropped
        whole.held |= part.held
    return whole


def _record(work: Work, chosen: Chosen) -> None:
    """Record each row through the app's own service; a rule that forbids it now ends the row with its sentence."""
    failed: list[Refused] = []
    done: list[PlannedRow] = []
    actor = work.change_set.actor
    for row in chosen.leaving:
        try:
            with transaction.atomic():
                first = work.kind.record_first(work.change_set, row, actor)
                change = work.kind.record(work.change_set, row, actor)
        except ValidationError as refusal:
            failed.append((row, "forbidden_now", " ".join(refusal.messages)))
        except PermissionDenied:
            failed.append((row, "rights_lost", ""))
        else:
            if change is None:
                first, change = None, first
            if change is None:
                done.append(row)
            else:
                sending = {"state": State.SENDING, "change": change, "first_change": first, "result": ""}
                PlannedRow.objects.filter(pk=row.pk).update(**sending)
    mark(done, state=State.DONE, result="nothing_left")
    fail(failed)
    _count(work, len(done) + len(failed), failed)


def follow(work: Work) -> bool:
    """Give rows whose changes came to an end, or wait for a person, their result; whether there was one.

    The first of two changes speaks for both unless it arrived.
    """
    on_their_way = PlannedRow.objects.filter(change_set=work.change_set, state=State.SENDING, change__isnull=False)
    first_stopped = Q(first_change__isnull=False) & ~Q(first_change__state__in=(*_MOVING, Change.State.DONE))
    only_last = Q(first_change=None) | Q(first_change__state=Change.State.DONE)
    over = on_their_way.filter(first_stopped | (only_last & ~Q(change__state__in=_MOVING)))
    ended = list(over.select_related("change", "first_change").order_by("number")[:MOST_OPEN])
    if not ended:
        return False
    done = [row for row in ended if _state(row) == Change.State.DONE]
    dropped = [row for row in ended if _state(row) in (Change.State.SUPERSEDED, Change.State.CANCELLED)]
    stopped: list[Refused] = [(row, "in_outbox", _words(row)) for row in ended if _state(row) in _STOPPED]
    with transaction.atomic():
        mark(done, state=State.DONE, result="")
        for row in dropped:
            change = _telling(row)
            given_up = change is not None and change.reason == "discarded"
            mark([row], state=State.CANCELLED, result="discarded" if given_up else "replaced")
        fail(stopped)
        _count(work, len(ended), stopped, done)
    return True


def _count(work: Work, ended: int, failed: Sequence[Refused], done: Sequence[PlannedRow] = ()) -> None:
    """Progress, and how often the same was refused, under the lease."""
    change_set = work.change_set
    memory = refusals(change_set, Ends(done=done, failed=failed))
    if done and not memory.get("proven"):
        memory = remember(change_set, proven=True)
    lease.write(change_set, progress_done=change_set.progress_done + ended, memory=memory)


def take_back_waiting(work: Work, actor: User | None) -> int:
    """Discard the changes of this set that still wait untouched and hold nothing but this set's wish; how many."""
    waiting = Q(change__state=Change.State.QUEUED) | Q(first_change__state=Change.State.QUEUED)
    rows = PlannedRow.objects.filter(waiting, change_set=work.change_set, state=State.SENDING)
    taken = 0
    for row in rows.select_related("change", "first_change").order_by("number")[:PIECE]:
        # The later one first, so that it does not go out meanwhile.
        for change in (row.change, row.first_change):
            if change is None or actor is None or change.state != Change.State.QUEUED or change.edits.count() != 1:
                continue
            try:
                services.discard(actor, change)
            except (ValidationError, PermissionDenied):
                # A worker took it in this moment, or it may not be discarded: it goes on and is followed to its end.
                continue
            taken += 1
    return taken


def _telling(row: PlannedRow) -> Change | None:
    """The change that says what became of the row."""
    first: Change | None = row.first_change
    return row.change if first is None or first.state == Change.State.DONE else first


def _state(row: PlannedRow) -> str:
    change = _telling(row)
    return change.state if change is not None else ""


def _words(row: PlannedRow) -> str:
    change = _telling(row)
    return str((change.reason_detail or {}).get("words") or "") if change is not None else ""
