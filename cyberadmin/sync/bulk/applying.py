"""Applying approved plans: a slice of work for one account at a time, from the check that the plan still stands to its end.

What leaves is exactly the plan, or less. Batches and changes are followed to their end whatever happens to the set: a pause
sends nothing more, a cancellation takes back what has not left. While the vendor carries out one batch, the result of the
one before is written down.
"""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import OperationalError
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from cyberadmin.accounts import audit
from cyberadmin.accounts.models import Account
from cyberadmin.sync import connection, pace
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Batch, Change, ChangeSet, PlannedRow
from cyberadmin.sync.record import BY_HAND

from . import batches, beginning, ending, feeding, kinds, lease, rechecking
from .composing import BATCHED, LISTED, compose, next_verb, prepare
from .reasons import OF_DATABASE, of_database
from .settling import check_refusals
from .work import Held, Paused, Work, of_hold_off

logger = logging.getLogger(__name__)

State = ChangeSet.State
Row = PlannedRow.State
#: A slice of work; then whoever waits for this worker has a turn.
BUDGET_SECONDS = 5.0
#: A slice while somebody's edit by hand waits.
YIELD_SECONDS = 0.5
#: A wait this short is slept through, else the next sweep goes on.
LONGEST_NAP = 2.0
MOST_CRASHES = 5
FOLLOWED = (State.APPLYING, State.PAUSED, State.CANCELLED)


def work(account_id: int, budget: float = BUDGET_SECONDS) -> float | None:
    """One slice of work on the account's sets; the seconds until the next one is worthwhile, None = nothing is left."""
    account = Account.objects.filter(pk=account_id).first()
    if account is None or not account.is_working:
        return None
    began = time.monotonic()
    until = began + budget
    while True:
        wait = _round(account, until)
        if by_hand_waits(account):
            until = min(until, began + YIELD_SECONDS)
        if wait is None or wait > LONGEST_NAP or time.monotonic() + wait >= until:
            return wait
        time.sleep(wait)


def _round(account: Account, until: float) -> float | None:
    """Each set of the account has a turn; one that is alone has the whole slice."""
    waits = [0.0] if rechecking.run(account) else []
    sets = list(due(account.pk))
    for change_set in sets:
        taken = lease.take(change_set.pk)
        if taken is not None:
            waits.append(_turn(taken, account, until if len(sets) == 1 else 0.0))
    return min(waits, default=None)


def due(account_id: int | None = None) -> QuerySet[ChangeSet]:
    """Sets that have something to be done now, those with a batch on its way first."""
    moment = now()
    sets = ChangeSet.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=moment),
        Q(not_before=None) | Q(not_before__lte=moment),
        state__in=FOLLOWED,
        finished_at=None,
    ).exclude(started_at=None)
    return (sets if account_id is None else sets.filter(account_id=account_id)).order_by("id")


def accounts_due() -> list[int]:
    """Accounts for which something of a set is to be done now, and nobody is at it."""
    working = Account.objects.filter(state=Account.State.CONNECTED, paused_reason="")
    ids = {*due().order_by().values_list("account_id", flat=True).distinct(), *rechecking.due()}
    return list(working.filter(pk__in=ids).values_list("pk", flat=True)) if ids else []


def _turn(change_set: ChangeSet, account: Account, until: float) -> float:
    """Work on one set under its lease and give it back; the seconds until it can go on."""
    log = connection.CallLog(account.pk)
    wait, reason = 0.0, ""
    try:
        if not kinds.known(change_set.kind):
            raise Held(600.0, "newer_version")
        if change_set.claims > MOST_CRASHES:
            raise Paused("apply_crashed")
        with connection.client_for(account, log) as client, ThreadPoolExecutor(1) as aside:
            wait = _run(Work(change_set, account, client, log, kinds.get(change_set.kind), aside), until)
    except lease.LeaseLost:
        logger.warning("Bulk change %s was moved on or taken over; nothing more was written.", change_set.pk)
        lease.give_up(change_set)
        return 0.0
    except Paused as paused:
        return _pause(change_set, paused)
    except Held as held:
        wait, reason = held.seconds, held.reason
    except pace.HoldOff as hold_off:
        wait, reason = of_hold_off(hold_off).seconds, of_hold_off(hold_off).reason
    except connection.AccountPaused:
        wait, reason = 60.0, "account"
    except OperationalError as error:
        logger.warning("Bulk change %s could not be written down and goes on later: %s", change_set.pk, error)
        wait, reason = 1.0, of_database(error)
    except Exception:  # a programming error must stop this set with words, never be tried for ever
        logger.exception("Bulk change %s could not be applied", change_set.pk)
        return _pause(change_set, Paused("program_error"))
    finally:
        connection.flush_alone(log)
    return _give_back(change_set, max(wait, 0.0), reason)


def _give_back(change_set: ChangeSet, wait: float, reason: str) -> float:
    """End the turn; the seconds until the set can go on. Short waits are the caller's, long ones the sweep's."""
    values: dict[str, Any] = {}
    if change_set.finished_at is None:
        values["not_before"] = now() + timedelta(seconds=wait) if wait > LONGEST_NAP else None
    if change_set.state == State.APPLYING and (reason or change_set.reason in OF_DATABASE):
        values["reason"] = reason
    try:
        lease.release(change_set, **values)
    except lease.LeaseLost:
        return 0.0
    return wait


def _run(work: Work, until: float) -> float:
    """Steps until the time is used up or nothing can be done for a while; returns the seconds until the next step."""
    began = time.monotonic()
    while True:
        work.refresh()
        wait = _step(work)
        if work.change_set.finished_at is not None:
            return 0.0
        if by_hand_waits(work.account):
            # Whatever waits may itself be held back: it shortens the slice, and never stops the set.
            until = min(until, began + YIELD_SECONDS)
        if wait > LONGEST_NAP or time.monotonic() + wait >= until:
            return wait
        time.sleep(wait)


def by_hand_waits(account: Account) -> bool:
    """Whether something that a person did by hand waits for a worker: it goes before the rest of a set."""
    waiting = Change.objects.filter(
        account=account, state=Change.State.QUEUED, priority__lte=BY_HAND, not_before__lte=now()
    )
    return waiting.exists()


def _step(work: Work) -> float:
    """One step of the set; returns the seconds until the next one is worthwhile."""
    unsettled = list(Batch.objects.filter(change_set=work.change_set, state__in=Batch.UNSETTLED).order_by("pk"))
    answered = next((batch for batch in unsettled if batch.state == Batch.State.ANSWERED), None)
    on_its_way = next((batch for batch in unsettled if batch.state in Batch.OPEN), None)
    if answered is None and on_its_way is not None:
        wait = batches.drive(work, on_its_way)
        if on_its_way.state != Batch.State.ANSWERED:
            return wait
        # Written down while the vendor is at work on the next one.
        answered, on_its_way = on_its_way, None
    sent = on_its_way is None and work.applying and _send_next(work)
    if answered is not None:
        _meanwhile(work, answered)
        return 0.0
    return 0.0 if sent else _without_batch(work)


def _meanwhile(work: Work, answered: Batch) -> None:
    """While the vendor is at work on the next batch, write down what came before and make ready what comes after it."""
    running = Batch.objects.filter(change_set=work.change_set, state=Batch.State.RUNNING, not_before=None).first()
    # What was not matched yet may need a request of its own, and there is one at a time.
    if running is not None and answered.pk in work.matched:
        # May no call be made now, then the poll itself will say so.
        with suppress(pace.HoldOff):
            work.ask_aside(running)
    batches.settle_answer(work, answered)
    if running is not None and work.applying:
        prepare(work)


def _send_next(work: Work) -> bool:
    """Compose and post the next batch, if there is one to send and it is this set's turn; whether one was posted."""
    beginning.begin(work)
    beginning.check_rights(work)
    verb = work.prepared.rows[0].verb if work.prepared else next_verb(work)
    if verb is None or not _is_its_turn(work):
        return False
    if verb == "add":
        beginning.begin_batch(work)
    if verb in LISTED and not work.seen_since_sending:
        work.look_who_left()
    composed = compose(work)
    while composed is True:
        composed = compose(work)
    if isinstance(composed, bool):
        return False
    batch, write = composed
    batches.post(work, batch, write)
    return True


def _is_its_turn(work: Work) -> bool:
    """One open batch per account, and whoever sent one least lately goes next: ten people do not wait for a million."""
    if Batch.objects.filter(account=work.account, state__in=Batch.OPEN).exists():
        return False
    sets = ChangeSet.objects.filter(account=work.account, state=State.APPLYING, finished_at=None)
    if sets.count() == 1:
        return True
    waiting = PlannedRow.objects.filter(change_set=OuterRef("pk"), state=Row.WAITING, verb__in=BATCHED, result="")
    queue = sets.filter(Exists(waiting)).annotate(last=Coalesce(Max("batches__pk"), 0)).order_by("last", "pk")
    return queue.values_list("pk", flat=True).first() == work.change_set.pk


def _without_batch(work: Work) -> float:
    """Changes, rows that wait, the end: what a set does beside its batches."""
    followed = feeding.follow(work)
    check_refusals(work.change_set)
    if work.change_set.state == State.CANCELLED and ending.take_back(work):
        return 0.0
    if work.applying:
        beginning.begin(work)
        beginning.check_rights(work)
        if feeding.feed(work) or followed:
            return 0.0
    return ending.finish(work)


def _pause(change_set: ChangeSet, paused: Paused) -> float:
    """Stop the set until a person has looked; returns the seconds until what has left can be followed further."""
    wait = 0.0
    try:
        if change_set.state == State.APPLYING:
            stopped = {"state": State.PAUSED, "reason": paused.reason, "reason_detail": paused.detail}
            lease.release(change_set, (State.APPLYING,), **stopped)
        else:
            wait = 60.0
            lease.release(change_set, reason=paused.reason, not_before=now() + timedelta(seconds=wait))
    except lease.LeaseLost:
        logger.warning("Bulk change %s was moved on before it could be paused (%s).", change_set.pk, paused.reason)
        lease.give_up(change_set)
        return wait
    audit.record(
        "bulk.stopped",
        actor=None,
        account=change_set.account,
        change_set=change_set.pk,
        reason=paused.reason,
        detail=paused.detail,
    )
    return wait
