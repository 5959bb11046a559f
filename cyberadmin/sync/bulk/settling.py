"""Writing down what became of rows: their results, what the mirror learns at once, and the progress, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from cyberadmin.sync import crash
from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Batch, ChangeSet, PlannedRow

from . import lease
from .composing import mark
from .work import Paused, Work, remember

State = PlannedRow.State
#: A lost or late batch may still run so much later; its contacts are then read once more.
RECHECK = timedelta(minutes=10)
#: The same refusal for so many rows in a row means all rows, not these (engine.md fault 74).
MOST_SAME_REFUSALS = 20
Refused = tuple[PlannedRow, str, str]
WORDS_KEPT = 500


@dataclass
class Ends:
    """Rows of one batch whose end is known: done, failed with the vendor's words, or to be sent once more."""

    done: Sequence[PlannedRow] = ()
    #: [(row, result code, the vendor's words)]
    failed: Sequence[Refused] = ()
    again: Sequence[PlannedRow] = ()
    #: What else to write to the batch, e.g. its state.
    batch: Mapping[str, Any] = field(default_factory=dict)


def settle(work: Work, batch: Batch, ends: Ends) -> None:
    """Write the ends down, all or nothing. Raises LeaseLost; Paused when every row is refused in the same words."""
    with transaction.atomic():
        change_set = work.change_set
        count = len(ends.done) + len(ends.failed)
        memory = refusals(change_set, ends)
        moves: dict[str, Any] = {"progress_done": change_set.progress_done + count, "claims": 0, "memory": memory}
        if change_set.state == ChangeSet.State.APPLYING:
            # It moves: what held it up until now is over.
            moves["reason"] = ""
        lease.write(change_set, **moves)
        if ends.done:
            mark(ends.done, state=State.DONE, result="")
            with writing():
                work.kind.settle(change_set, batch.verb, ends.done)
        fail(ends.failed)
        mark(ends.again, state=State.WAITING, batch=None, result="", part=0)
        if ends.batch:
            Batch.objects.filter(pk=batch.pk).update(**ends.batch)
            for name, value in ends.batch.items():
                setattr(batch, name, value)
        crash.here("B4")
    check_refusals(change_set)


def fail(failed: Sequence[Refused]) -> None:
    """Write refusals, each with its own words, inside the caller's transaction."""
    if not failed:
        return
    marks = [(State.FAILED.value, reason, words[:WORDS_KEPT], row.pk) for row, reason, words in failed]
    sql = "UPDATE sync_plannedrow SET state = %s, result = %s, result_words = %s, part = 0 WHERE id = %s"
    with connection.cursor() as cursor:
        cursor.executemany(sql, marks)


def check_refusals(change_set: ChangeSet) -> None:
    """Raise Paused when every row of late is refused in the same words: it is not the rows' fault."""
    if change_set.memory.get("same", 0) >= MOST_SAME_REFUSALS:
        raise Paused("same_refusal", {"words": change_set.memory.get("words", "")})


def refusals(change_set: ChangeSet, ends: Ends) -> dict[str, Any]:
    """How many rows in a row were refused by the vendor in the same words, remembered with the set."""
    memory = change_set.memory
    same, words = (0, "") if ends.done else (int(memory.get("same", 0)), str(memory.get("words", "")))
    for _row, reason, said in ends.failed:
        if reason not in ("refused_there", "in_outbox"):
            continue
        same, words = (same + 1, words) if said == words else (1, said)
    return remember(change_set, same=same or None, words=words or None)


def ended(*, uncertain: bool = False, **values: Any) -> dict[str, Any]:
    """What is written to a batch that has come to its end; an uncertain one is looked at once more later."""
    moment = now()
    if uncertain:
        values["recheck_at"] = moment + RECHECK
    return {"state": Batch.State.ENDED, "ended_at": moment, "result": None, "not_before": None, **values}
