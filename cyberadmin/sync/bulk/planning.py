"""Making a plan: every row gets a verdict, streamed and stored in pieces, while nothing is sent (product.md N1).

A plan that a worker did not finish is thrown away and made again from the start: half a plan means nothing. Its fingerprint
covers every row and what was chosen, so an approval is of exactly this plan. Totals are counted twice, while judging and in
the database, and a plan whose totals do not agree is no plan.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson
from django.db import OperationalError, transaction
from django.db.models import Count, Q

from cyberadmin.sync import crash
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import ChangeSet, PlannedRow
from cyberadmin.sync.upsert import insert_rows

from . import kinds, lease
from .kinds import Judged, Refused
from .reasons import of_database

logger = logging.getLogger(__name__)

PIECE = 4_000
#: Opening a large file may take a while before its first row comes.
LEASE_SECONDS = 300.0
MOST_CRASHES = 3
_COLUMNS = (
    "change_set_id", "account_id", "number", "object_id", "label", "verdict", "verb", "reason", "detail", "wanted", "base",
    "base_version", "state", "result", "result_words", "part", "tries",
)  # fmt: skip
_VERDICTS = frozenset(PlannedRow.Verdict.values)
_TO_DO = frozenset(PlannedRow.TO_DO)
#: Verdicts that a person must be able to understand: never without a reason.
_EXPLAINED = frozenset({"duplicate", "refused", "invalid"})
PLANNING = (ChangeSet.State.PLANNING,)


class PlanIsWrong(Exception):
    """The plan contradicts itself; it is not shown as one."""


def waiting(account_id: int | None = None) -> list[int]:
    """Sets whose plan nobody is making."""
    moment = now()
    free = Q(lease_until=None) | Q(lease_until__lt=moment)
    sets = ChangeSet.objects.filter(free, state=ChangeSet.State.PLANNING, finished_at=None)
    if account_id is not None:
        sets = sets.filter(account=account_id)
    return list(sets.order_by("id").values_list("pk", flat=True))


def plan(change_set_id: int) -> ChangeSet | None:
    """Make the plan of a set that waits for one; None when there is none to make now."""
    if not ChangeSet.objects.filter(pk=change_set_id, state=ChangeSet.State.PLANNING).exists():
        return None
    change_set = lease.take(change_set_id, LEASE_SECONDS)
    if change_set is None or change_set.state != ChangeSet.State.PLANNING:
        return None
    try:
        _attempt(change_set)
    except lease.LeaseLost:
        logger.warning("Plan %s was cancelled or taken over; nothing more was written.", change_set.pk)
    except Refused as refused:
        _failed(change_set, refused.reason, refused.detail)
    except PlanIsWrong as wrong:
        logger.error("Plan %s contradicts itself: %s", change_set.pk, wrong)
        _failed(change_set, "totals_differ")
    except OperationalError as error:
        logger.warning("Plan %s could not be written down and starts again: %s", change_set.pk, error)
        lease.release(change_set, PLANNING, reason=of_database(error))
    except Exception:  # a programming error must end this plan with words, never leave it "being made"
        logger.exception("Plan %s could not be made", change_set.pk)
        _failed(change_set, "program_error")
    change_set.refresh_from_db()
    return change_set


def _attempt(change_set: ChangeSet) -> None:
    if change_set.claims > MOST_CRASHES:
        _failed(change_set, "plan_crashed")
    elif not kinds.known(change_set.kind):
        lease.release(change_set, reason="newer_version")
    else:
        try:
            _make(change_set)
        except kinds.NotReadYet:
            lease.release(change_set, PLANNING, reason="reading_first")


def _make(change_set: ChangeSet) -> None:
    kind = kinds.get(change_set.kind)
    _forget_rows(change_set)
    lease.write(change_set, PLANNING, LEASE_SECONDS, progress_done=0, progress_total=kind.total(change_set))
    counts: Counter[str] = Counter()
    prints = hashlib.blake2b(orjson.dumps([change_set.kind, change_set.parameters], option=orjson.OPT_SORT_KEYS),
                             digest_size=16)  # fmt: skip
    rows = iter(kind.judge(change_set))
    done = 0
    while piece := list(islice(rows, PIECE)):
        done += len(piece)
        stored = list(_stored(change_set, piece, counts, prints))
        with transaction.atomic():
            lease.write(change_set, PLANNING, LEASE_SECONDS, progress_done=done)
            insert_rows(PlannedRow, _COLUMNS, stored, "number")
        crash.here("B1")
    forecast = kind.forecast(change_set)
    with transaction.atomic():
        lease.write(change_set, PLANNING, LEASE_SECONDS)
        _check_totals(change_set, counts)
        lease.release(
            change_set,
            PLANNING,
            state=ChangeSet.State.PLANNED,
            reason="",
            reason_detail={},
            counts={"rows": counts.total(), **counts},
            forecast=forecast,
            fingerprint=prints.hexdigest(),
            planned_at=now(),
            progress_total=done,
        )


def _stored(change_set: ChangeSet, piece: list[Judged], counts: Counter[str], prints: Any) -> Iterator[tuple[Any, ...]]:
    """The rows of a piece as columns, counted and fingerprinted on the way."""
    for one in piece:
        _check(one)
        counts[one.verdict] += 1
        content = (one.number, one.label, one.verdict, one.verb, one.reason, one.object_id, one.base_version, one.values,
                   one.base)  # fmt: skip
        prints.update(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))
        state = PlannedRow.State.WAITING if one.verdict in _TO_DO else PlannedRow.State.NONE
        yield (
            change_set.pk, change_set.account_id, one.number, one.object_id, one.label[:254], one.verdict, one.verb,
            one.reason, one.detail, one.values, one.base, one.base_version, state.value, "", "", 0, 0,
        )  # fmt: skip


def _check(one: Judged) -> None:
    """Raises PlanIsWrong for a verdict that nobody could understand or carry out."""
    if one.verdict not in _VERDICTS:
        raise PlanIsWrong(f"row {one.number} has no verdict that is known: {one.verdict!r}")
    if (one.verdict in _TO_DO) != bool(one.verb):
        raise PlanIsWrong(f"row {one.number}: verdict {one.verdict!r} with verb {one.verb!r}")
    if one.verdict in _EXPLAINED and not one.reason:
        raise PlanIsWrong(f"row {one.number} is {one.verdict} without a reason")


def _check_totals(change_set: ChangeSet, counts: Counter[str]) -> None:
    by_verdict = change_set.rows.order_by().values_list("verdict").annotate(Count("id"))
    stored = dict(by_verdict)
    if stored != dict(counts):
        raise PlanIsWrong(f"judged {dict(counts)}, stored {stored}")


def _forget_rows(change_set: ChangeSet) -> None:
    """Throw an earlier plan away, in pieces: a million rows at once would lock everybody out."""
    while True:
        with transaction.atomic():
            lease.write(change_set, PLANNING, LEASE_SECONDS)
            piece = list(change_set.rows.order_by("number").values_list("pk", flat=True)[: 4 * PIECE])
            if not piece:
                return
            PlannedRow.objects.filter(change_set=change_set, pk__gte=min(piece), pk__lte=max(piece)).delete()


def _failed(change_set: ChangeSet, reason: str, detail: dict[str, Any] | None = None) -> None:
    try:
        lease.release(
            change_set,
            PLANNING,
            state=ChangeSet.State.FAILED,
            reason=reason,
            reason_detail=detail or {},
            finished_at=now(),
        )
    except lease.LeaseLost:
        logger.warning("Plan %s was taken over before it failed.", change_set.pk)
