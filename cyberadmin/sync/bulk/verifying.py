"""Looking up, one by one, what the vendor's answer leaves open: rows of a doubted, written-off or oddly answered batch.

Every row is read before anything is decided. What is there is done; who left is refused for good; what is not there is,
after an answer, looked for once more when the vendor's lists had time to catch up, and is then sent again. Adding is an
upsert, unsubscribing and deleting are idempotent, so sending again is safe; what could still run late is read again later.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings

from cyberadmin.api import errors
from cyberadmin.sync import crash
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Batch, PlannedRow
from cyberadmin.sync.resource import ProtectedThere
from cyberadmin.sync.upsert import listed

from . import never_back
from .composing import mark
from .matching import Matched, match
from .settling import Ends, Refused, ended, settle
from .work import Held, Paused, Work

State = PlannedRow.State
#: Rows read between two commits, so that a killed worker repeats little.
PIECE = 25
#: A row that travelled so often and never arrived is given up, or shown to a person.
MOST_TRIES = 3
#: So many more of the latest changes are read than the batch has rows: others may work on the account at the same time.
SPARE = 200


@dataclass
class Found:
    """What reading some rows showed."""

    done: list[PlannedRow] = field(default_factory=list)
    failed: list[Refused] = field(default_factory=list)
    missing: list[PlannedRow] = field(default_factory=list)


def look(work: Work, batch: Batch) -> float:
    """Read the next rows of a batch in doubt or being verified; returns the seconds before the next step is due."""
    rows = sorted(PlannedRow.objects.filter(batch=batch), key=lambda row: row.label.casefold())
    matched = match(batch.result, rows, lambda: numbers_of(work, rows)) if batch.result else Matched()
    if _settle_named(work, batch, rows, matched):
        return 0.0
    unread = [row for row in rows if row.state == State.SENDING]
    if unread:
        _read_some(work, batch, unread[:PIECE], matched)
        return 0.0
    missing = [row for row in rows if row.state == State.VERIFYING]
    if missing and batch.state == Batch.State.VERIFYING and batch.looks == 0:
        return _look_again_later(batch, missing)
    _end(work, batch, missing, matched)
    return 0.0


def _settle_named(work: Work, batch: Batch, rows: Sequence[PlannedRow], matched: Matched) -> bool:
    """Settle the rows that the result names once, as it says; a refused departure is read before it is believed.

    A result that also speaks of strangers is believed in nothing.
    """
    if matched.strangers:
        return False
    by_pk = {row.pk: row for row in rows if row.state == State.SENDING}
    done = [by_pk[pk] for pk in matched.done if pk in by_pk]
    failed: list[Refused] = []
    if batch.verb == "add":
        failed = [refused(work, by_pk[pk], words) for pk, words in matched.failed.items() if pk in by_pk]
    if not done and not failed:
        return False
    settle(work, batch, Ends(done=done, failed=failed))
    return True


def refused(work: Work, row: PlannedRow, words: str) -> Refused:
    """A refusal in our words where the reason is known, with the vendor's."""
    left = work.seen.reason(work.resource.key(row.label)) if work.seen is not None else ""
    return (row, left or "refused_there", words)


def _read_some(work: Work, batch: Batch, rows: Sequence[PlannedRow], matched: Matched) -> None:
    found = Found()
    for row in rows:
        _read_one(work, batch, row, matched.failed.get(row.pk), found)
    mark(found.missing, state=State.VERIFYING)
    settle(work, batch, Ends(done=found.done, failed=found.failed))
    crash.here("B5")


def _read_one(work: Work, batch: Batch, row: PlannedRow, words: str | None, found: Found) -> None:
    """Read whether one row arrived. `words`: the vendor's, where it said that it refused exactly this row."""
    write = work.kind.compose(work.change_set, batch.verb, [row])
    try:
        arrived = work.read(lambda: work.resource.arrived(work.client, write, row.label))
    except ProtectedThere as left:
        found.failed.append((row, left.state, words or ""))
    except errors.ApiError as error:
        raise Held(float(settings.SYNC_BACKOFF_SECONDS), "vendor_trouble") from error
    else:
        if arrived:
            found.done.append(row)
        elif words is not None:
            found.failed.append((row, "refused_there", words))
        else:
            found.missing.append(row)


def _look_again_later(batch: Batch, missing: Sequence[PlannedRow]) -> float:
    """What was answered but is not there may only lag behind: it is read once more after the settling time."""
    wait = float(settings.SYNC_SETTLE_SECONDS)
    mark(missing, state=State.SENDING)
    batch.looks, batch.not_before = 1, now() + timedelta(seconds=wait)
    Batch.objects.filter(pk=batch.pk).update(looks=1, not_before=batch.not_before)
    return wait


def _end(work: Work, batch: Batch, missing: Sequence[PlannedRow], matched: Matched) -> None:
    """Every row was read: decide about those that are not there. Raises Paused when a person has to look."""
    in_doubt = batch.state == Batch.State.DOUBT
    trouble: Paused | None = None
    if batch.result is None:
        # Nothing was proved when it finished, since nobody saw it finish.
        try:
            never_back.prove(work, batch)
        except Paused as paused:
            trouble = paused
    failed: list[Refused] = []
    again = list(missing)
    if matched.unnamed:
        words = " · ".join(dict.fromkeys(matched.unnamed))
        failed, again = [(row, "refused_unnamed", words) for row in missing], []
    elif not in_doubt:
        failed = [(row, "not_taken", "") for row in missing if row.tries >= MOST_TRIES]
        again = [row for row in missing if row.tries < MOST_TRIES]
    elif any(row.tries >= MOST_TRIES for row in missing):
        trouble = trouble or Paused("batch_in_doubt", {"rows": len(missing)})
    settle(work, batch, Ends(failed=failed, again=again, batch=ended(uncertain=True)))
    if trouble is not None:
        raise trouble


def numbers_of(work: Work, rows: Sequence[PlannedRow]) -> dict[str, int]:
    """{number at the vendor: row}: as the mirror knows them, and where it does not, as the list of the latest changes says.

    Raises Held. A vendor that names whom it added by numbers only costs one request for each batch, not one for each person.
    """
    ids = {row.object_id: row.pk for row in rows if row.object_id is not None}
    known = work.resource.model.objects.filter(pk__in=listed(list(ids))).values_list("pk", "remote_id")
    numbers = {str(remote_id): ids[pk] for pk, remote_id in known if remote_id is not None}
    if len(numbers) == len(rows) or rows[0].verb != "add":
        return numbers
    keys = {work.resource.key(row.label): row.pk for row in rows}
    try:
        lately = work.read(lambda: work.resource.lately(work.client, len(rows) + SPARE))
    except errors.ApiError:
        # Whoever stays unnamed is read one by one.
        return numbers
    return numbers | {number: keys[key] for number, key in lately.items() if key in keys}
