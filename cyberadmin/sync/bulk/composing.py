"""Which rows leave next, and which must not leave any more: decided and committed before anything is sent.

In one transaction the rows' objects are locked, so that no single change of theirs can be recorded in between; rows that
may not be sent get their reason, rows whose object waits for a change of its own are left for later, and the rest belongs
to a batch that is from then on assumed to have left.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from cyberadmin.api.types import BatchWrite
from cyberadmin.sync import guard
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Batch, Change, ChangeSet, PlannedRow
from cyberadmin.sync.resource import Values

from . import lease
from .work import Work

State = PlannedRow.State
#: Verbs for which the vendor has a batch; only `add` claims something (docs/adr/0006).
BATCHED = ("add", "unsubscribe", "delete")
APPLYING = (ChangeSet.State.APPLYING,)
#: What sending and settling do not look at; a kind that does all the same gets it, row by row.
UNREAD = ("detail", "base", "result_words")
#: Why a row waits although its turn has come.
EDIT_WAITING = "edit_waiting"


@dataclass(frozen=True)
class Ready(BatchWrite):
    """A batch whose bytes are made, once."""

    body: Values

    def to_json(self) -> Values:
        return self.body


@dataclass
class Chosen:
    """Rows looked at in one go: those that may leave, and those that got their final word or have to wait."""

    verb: str
    rows: list[PlannedRow]
    dropped: dict[int, str] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)

    @property
    def leaving(self) -> list[PlannedRow]:
        """Rows that may be sent now, by address."""
        rows = [row for row in self.rows if row.pk not in self.dropped and row.pk not in self.held]
        return sorted(rows, key=lambda row: row.label.casefold())


def compose(work: Work) -> tuple[Batch, Ready] | bool:
    """Commit the next batch, as about to be posted, and what became of the rows that may not be in it.

    Else whether rows were looked at (True), none of which may leave. Raises LeaseLost, having written nothing.
    """
    with transaction.atomic():
        lease.write(work.change_set, APPLYING)
        rows = _next_rows(work)
        if not rows:
            return False
        chosen = examine(work, rows)
        write_down(work, chosen)
        leaving = chosen.leaving
        if not leaving:
            return True
        write = Ready(work.kind.compose(work.change_set, chosen.verb, leaving).to_json())
        batch = Batch.objects.create(
            account=work.account,
            change_set=work.change_set,
            verb=chosen.verb,
            payload_hash=fingerprint(write.body),
            rows=len(leaving),
            fence=fence(work),
            posts=1,
            posted_at=now(),
        )
        mark(leaving, state=State.SENDING, batch=batch, tries=F("tries") + 1, result="")
        for row in leaving:
            row.state, row.tries = State.SENDING, row.tries + 1
        work.rows = {**dict(list(work.rows.items())[-1:]), batch.pk: leaving}
        return batch, write


def _next_rows(work: Work) -> list[PlannedRow]:
    """The rows whose turn it is: parts of a refused batch first, else the next ones of the first verb."""
    waiting = PlannedRow.objects.filter(change_set=work.change_set, state=State.WAITING).defer(*UNREAD)
    part = waiting.filter(part__gt=0).order_by("part").values_list("part", flat=True).first()
    if part is not None:
        return list(waiting.filter(part=part).order_by("number"))
    waiting = waiting.filter(verb__in=BATCHED, result="").order_by("number")
    verb = waiting.values_list("verb", flat=True).first()
    return list(waiting.filter(verb=verb)[: size(work.change_set)]) if verb else []


def size(change_set: ChangeSet) -> int:
    """How many rows the vendor was found to take at once."""
    return int(change_set.memory.get("limit", settings.BULK_BATCH_ROWS))


def examine(work: Work, rows: list[PlannedRow]) -> Chosen:
    """Say of each row whether it may leave: nobody who left, nothing that moved since the plan, no edit under way."""
    verb = rows[0].verb
    chosen = Chosen(verb, rows)
    ids = [row.object_id for row in rows if row.object_id is not None]
    _lock(work, ids)
    refused = guard.refusals(work.account.pk, work.change_set.object_kind, verb, [row.label for row in rows])
    for row in rows:
        reason = refused.get(row.label, "")
        if not reason and verb in guard.REVIVING_BATCHES and work.seen is not None:
            reason = work.seen.reason(work.resource.key(row.label))
        if reason:
            chosen.dropped[row.pk] = reason
    busy = _with_open_changes(work, ids)
    for row in rows:
        if row.pk not in chosen.dropped and row.object_id in busy:
            chosen.held.add(row.pk)
    rest = [row for row in rows if row.pk not in chosen.dropped and row.pk not in chosen.held]
    chosen.dropped |= work.kind.stale(work.change_set, rest)
    return chosen


def write_down(work: Work, chosen: Chosen) -> None:
    """Give the rows that do not leave their word, inside the caller's transaction."""
    for reason in sorted(set(chosen.dropped.values())):
        rows = [row for row in chosen.rows if chosen.dropped.get(row.pk) == reason]
        # What the plan could not know is "not sent"; a rule that protects somebody is a refusal.
        state = State.CANCELLED if reason == "changed_since_plan" else State.FAILED
        mark(rows, state=state, result=reason, part=0)
    mark([row for row in chosen.rows if row.pk in chosen.held], result=EDIT_WAITING, part=0)
    if chosen.dropped:
        lease.write(work.change_set, progress_done=work.change_set.progress_done + len(chosen.dropped))


def _lock(work: Work, ids: list[int]) -> None:
    """Keep staff's edits of these objects out until the rows are committed (SQLite does so for all)."""
    if ids and connection.features.has_select_for_update:
        rows = work.resource.model.objects.filter(pk__in=ids, account=work.account).order_by("pk")
        list(rows.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))


def _with_open_changes(work: Work, ids: list[int]) -> set[int]:
    changes = Change.objects.filter(
        account=work.account, kind=work.change_set.object_kind, object_id__in=ids, state__in=Change.OPEN
    )
    return set(changes.values_list("object_id", flat=True))


def fence(work: Work) -> dict[str, object]:
    """What is kept beside a batch of who had left just before it."""
    if work.seen is None:
        return {}
    return {"unsubscribed": work.seen.unsubscribed_total, "bounced": work.seen.bounced_total, "watch": []}


def fingerprint(body: Values) -> str:
    """Fingerprint of a batch's bytes."""
    return hashlib.blake2b(orjson.dumps(body), digest_size=16).hexdigest()


def mark(rows: Sequence[PlannedRow], **values: object) -> None:
    """Write the same values to all these rows."""
    if rows:
        PlannedRow.objects.filter(pk__in=[row.pk for row in rows]).update(**values)
