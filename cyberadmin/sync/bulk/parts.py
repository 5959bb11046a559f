"""A batch that the vendor refuses as a whole is divided in two, until the bad row is alone (engine.md fault 57)."""

from django.db import transaction
from django.db.models import F

from cyberadmin.api import errors
from cyberadmin.sync.models import Batch, PlannedRow
from cyberadmin.sync.resource import Values

from . import lease
from .composing import mark, size
from .settling import Ends, ended, settle
from .work import Work, remember

State = PlannedRow.State


def divide(work: Work, batch: Batch, error: errors.ApiError) -> None:
    """Send the halves next; a row alone is refused in the vendor's words. Nothing of the batch was applied."""
    rows = sorted(PlannedRow.objects.filter(batch=batch), key=lambda row: row.label.casefold())
    if len(rows) == 1:
        words = said(error)
        settle(work, batch, Ends(failed=[(rows[0], "refused_there", words)], batch=ended(reason="refused_whole")))
        return
    half = (len(rows) + 1) // 2
    with transaction.atomic():
        untried = {"state": State.WAITING, "batch": None, "tries": F("tries") - 1}
        mark(rows[:half], part=2 * batch.pk, **untried)
        mark(rows[half:], part=2 * batch.pk + 1, **untried)
        Batch.objects.filter(pk=batch.pk).update(**ended(reason="refused_whole") | {"state": Batch.State.SPLIT})
        # Both halves of a full batch taken: the vendor takes no more than that at once. Else a row was bad.
        whole = len(rows) == size(work.change_set) and rows[0].part == 0
        memory = remember(work.change_set, halves=[half, 0] if whole else None)
        lease.write(work.change_set, memory=memory, claims=0)
    batch.state = Batch.State.SPLIT


def accepted(work: Work) -> Values:
    """Learn from a half that was taken: after both, later batches are as large as one of them. Returns the set's memory."""
    memory: Values = work.change_set.memory
    halves = memory.get("halves")
    if not halves:
        return memory
    taken = halves[1] + 1
    if taken < 2:
        return remember(work.change_set, halves=[halves[0], taken])
    return remember(work.change_set, halves=None, limit=halves[0])


def said(error: errors.ApiError) -> str:
    """The vendor's words of a refusal, with those about single fields."""
    fields = [f"{name}: {' '.join(words)}" for name, words in error.field_errors.items()]
    return " · ".join(part for part in (error.vendor_message, *fields) if part)
