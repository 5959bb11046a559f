"""One batch on its way: posted once, polled to its end, its result matched; in doubt it is looked up, never assumed.

    composed → running → answered → ended          (everybody named once)
             ↘ doubt → (looked up) → ended | posted again | its rows wait again
                       running → verifying → ended (somebody not named, named twice, nobody's; stuck; written off)
    composed → split                               (refused whole: its halves travel next)

`composed` is committed before the first byte leaves. A worker that finds a composed batch which it did not compose itself
cannot know whether it left: that is a doubt (docs/engine.md, C9).
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from cyberadmin.api import errors
from cyberadmin.api.types import Batch as VendorBatch
from cyberadmin.api.types import BatchWrite
from cyberadmin.sync import crash, outcomes, pace
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Batch, PlannedRow

from . import lease, never_back, parts, verifying
from .matching import match, plain
from .settling import Ends, ended, settle
from .work import Held, Paused, Work, of_hold_off

logger = logging.getLogger(__name__)

State = Batch.State
#: Polls: soon at first, then after a quarter of the time passed, never further apart than this.
FIRST_POLL, LAST_POLL = 0.05, 30.0
SLOW, WRITTEN_OFF = timedelta(minutes=30), timedelta(hours=6)
#: So many answers to a poll that mean nothing to us, then the members are read instead.
MOST_ODD_ANSWERS = 5
#: While a batch runs, its addresses are held against the lists of who left this often.
WATCH_EVERY = timedelta(seconds=10)


def post(work: Work, batch: Batch, write: BatchWrite) -> None:
    """Send a batch whose intent is committed, once. Raises Held or Paused when it cannot go on."""
    work.keep()
    work.seen_since_sending = False
    crash.here("B2")
    try:
        answer = work.client.batches.create(write)
    except pace.HoldOff as held:
        _not_sent(work, batch)
        raise of_hold_off(held) from held
    except errors.ApiError as error:
        _post_failed(work, batch, error)
        return
    crash.here("C9")
    with transaction.atomic():
        lease.write(work.change_set, claims=0, memory=parts.accepted(work))
        _write(batch, remote_id=answer.id, state=State.RUNNING, status_there=answer.status[:40])
    work.log.succeeded()


def _post_failed(work: Work, batch: Batch, error: errors.ApiError) -> None:
    """What an error of the POST means: nothing was applied, the batch is refused as a whole, or nobody knows."""
    if isinstance(error, outcomes.DOUBTFUL):
        pace.failed(work.account.pk)
        return doubt(work, batch, "no_answer")
    try:
        work.refused_account(error)
    except Held:
        _not_sent(work, batch)
        raise
    if isinstance(error, errors.NotSent):
        pace.failed(work.account.pk)
        _not_sent(work, batch)
        raise Held(outcomes.backoff(0), "not_reached") from error
    if isinstance(error, errors.Forbidden | errors.InvalidToken):
        _not_sent(work, batch)
        raise Paused("forbidden", {"words": error.vendor_message}) from error
    return parts.divide(work, batch, error)


def _not_sent(work: Work, batch: Batch) -> None:
    """Nothing of it left for sure: its rows wait as before."""
    with transaction.atomic():
        lease.write(work.change_set)
        waiting = PlannedRow.objects.filter(batch=batch)
        waiting.update(state=PlannedRow.State.WAITING, batch=None, tries=F("tries") - 1)
        batch.delete()


def doubt(work: Work, batch: Batch, reason: str) -> None:
    """It may have been taken, and nothing can be polled: after the settling time its rows are looked up."""
    with transaction.atomic():
        lease.write(work.change_set, claims=0)
        wait = timedelta(seconds=settings.SYNC_SETTLE_SECONDS)
        _write(batch, state=State.DOUBT, reason=reason, remote_id=None, looks=0, not_before=now() + wait)


def drive(work: Work, batch: Batch) -> float:
    """Bring a batch one step further; returns the seconds before the next step is due (0 = at once)."""
    if batch.not_before is not None and batch.not_before > now():
        return (batch.not_before - now()).total_seconds()
    if batch.state == State.COMPOSED:
        # Composed by a worker that is gone: perhaps posted.
        doubt(work, batch, "worker_lost")
    elif batch.state == State.RUNNING:
        return _poll(work, batch)
    elif batch.state == State.ANSWERED:
        settle_answer(work, batch)
    else:
        return verifying.look(work, batch)
    return 0.0


def _poll(work: Work, batch: Batch) -> float:
    posted = batch.posted_at or batch.created_at
    age = now() - posted
    try:
        crash.here("C10")
        answer = work.status_of(batch)
    except errors.NotFound:
        return _unknown_there(work, batch, age)
    except errors.ApiError:
        return _odd_answer(work, batch)
    if answer.is_finished and answer.result is not None:
        finished(work, batch, answer)
        return 0.0
    if batch.verb == "add" and age > WATCH_EVERY:
        work.look_who_left()
        never_back.watch(work, batch)
    return _still_running(work, batch, answer.status, age)


def _still_running(work: Work, batch: Batch, status: str, age: timedelta) -> float:
    """Note what the vendor says, warn when it takes long, and write a batch off that never ends."""
    if age > WRITTEN_OFF:
        work.alarm("written_off", batch)
        with transaction.atomic():
            lease.write(work.change_set)
            _write(batch, state=State.VERIFYING, reason="written_off", result=None, looks=0, not_before=None)
        return 0.0
    if age > SLOW and batch.reason != "batch_slow":
        with transaction.atomic():
            lease.write(work.change_set, reason="batch_slow")
            _write(batch, reason="batch_slow")
    if status[:40] != batch.status_there:
        _write(batch, status_there=status[:40])
    wait = min(max(age.total_seconds() / 4, FIRST_POLL), LAST_POLL)
    if wait > 2.0:
        _write(batch, not_before=now() + timedelta(seconds=wait))
    return wait


def _unknown_there(work: Work, batch: Batch, age: timedelta) -> float:
    """The vendor does not know the batch: lists may lag behind; after the settling time it counts as lost."""
    if age.total_seconds() < settings.SYNC_SETTLE_SECONDS:
        wait = min(max(age.total_seconds(), 0.5), LAST_POLL)
        _write(batch, not_before=now() + timedelta(seconds=wait))
        return wait
    work.alarm("batch_lost", batch)
    doubt(work, batch, "batch_lost")
    return 0.0


def _odd_answer(work: Work, batch: Batch) -> float:
    """An answer that cannot be read: asked again a few times, then the rows are looked up one by one."""
    looks = batch.looks + 1
    if looks < MOST_ODD_ANSWERS:
        wait = outcomes.backoff(looks)
        _write(batch, looks=looks, not_before=now() + timedelta(seconds=wait))
        return wait
    work.alarm("result_unreadable", batch)
    with transaction.atomic():
        lease.write(work.change_set)
        values = {"reason": "result_unreadable", "result": None, "looks": 0, "not_before": None}
        _write(batch, state=State.VERIFYING, **values)
    return 0.0


def finished(work: Work, batch: Batch, answer: VendorBatch) -> None:
    """Keep the result, prove that nobody came back, and say whether every row has its own word. Raises Paused."""
    if answer.result is None:
        raise ValueError("a finished batch has a result")
    stored = plain(answer.result)
    rows = work.rows_of(batch)
    matched = match(stored, rows, lambda: verifying.numbers_of(work, rows))
    trouble: Paused | None = None
    try:
        never_back.prove(work, batch)
    except Paused as paused:
        trouble = paused
    work.matched = {batch.pk: matched}
    anomaly = matched.anomaly
    with transaction.atomic():
        lease.write(work.change_set)
        # That somebody could not be let go is looked up: whoever is gone already is let go all the same.
        to_look_up = anomaly or (batch.verb != "add" and matched.failed)
        state = State.VERIFYING if to_look_up else State.ANSWERED
        _write(
            batch, state=state, reason=anomaly, result=stored, status_there=answer.status[:40], not_before=None, looks=0
        )
        if anomaly:
            work.alarm(anomaly, batch, strangers=matched.strangers, duplicates=matched.duplicates, rows=batch.rows)
    if trouble is not None:
        raise trouble


def settle_answer(work: Work, batch: Batch) -> None:
    """Write down a result in which every row was named exactly once."""
    rows = work.rows_of(batch)
    matched = work.matched.pop(batch.pk, None)
    if matched is None:
        matched = match(batch.result or [[], []], rows, lambda: verifying.numbers_of(work, rows))
    by_pk = {row.pk: row for row in rows}
    done = [by_pk[pk] for pk in matched.done]
    failed = [verifying.refused(work, by_pk[pk], words) for pk, words in matched.failed.items()]
    # Whoever travelled before may be reached by that earlier batch yet.
    uncertain = any(row.tries > 1 for row in rows)
    settle(work, batch, Ends(done=done, failed=failed, batch=ended(uncertain=uncertain)))


def _write(batch: Batch, **values: object) -> None:
    Batch.objects.filter(pk=batch.pk).update(**values)
    for name, value in values.items():
        setattr(batch, name, value)
