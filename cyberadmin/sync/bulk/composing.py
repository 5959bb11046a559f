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

from cyberadmin.sync import guard
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Batch, Change, ChangeSet, PlannedRow
from cyberadmin.sync.resource import Values
from cyberadmin.sync.upsert import listed

from . import lease
from .work import UNREAD, Prepared, Ready, Work, by_address

State = PlannedRow.State
#: Verbs for which the vendor has a batch; only `add` claims something (docs/adr/0006).
BATCHED = ("add", "unsubscribe", "delete")
#: Who of the vendor's lists of who left is not in a batch: nobody may come back, and the proof of a "no" stays
#: (product.md 3d-1, 3d-11).
LISTED = {"add": ("unsubscribed", "bounced"), "delete": ("unsubscribed",)}
APPLYING = (ChangeSet.State.APPLYING,)
#: Why a row waits although its turn has come.
EDIT_WAITING = "edit_waiting"


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
        return by_address(row for row in self.rows if row.pk not in self.dropped and row.pk not in self.held)


def compose(work: Work) -> tuple[Batch, Ready] | bool:
    """Commit the next batch, as about to be posted, and what became of the rows that may not be in it.

    Else whether rows were looked at (True), none of which may leave. Raises LeaseLost, having written nothing.
    """
    prepared, work.prepared = work.prepared, None
    with transaction.atomic():
        lease.write(work.change_set, APPLYING)
        rows = prepared.rows if prepared is not None else _next_rows(work)
        if not rows:
            return False
        chosen = examine(work, rows)
        write_down(work, chosen)
        leaving = chosen.leaving
        if not leaving:
            return True
        as_prepared = prepared is not None and len(leaving) == len(rows)
        write = prepared.write if prepared is not None and as_prepared else _ready(work, chosen.verb, leaving)
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
        work.keep_rows(batch, leaving)
        return batch, write


def prepare(work: Work) -> None:
    """Read the rows of the next batch and make its bytes while the vendor is busy; whether they leave is decided later.

    The lease keeps them as they are: nobody else gives a row of this set another word.
    """
    rows = _next_rows(work)
    if rows:
        work.prepared = Prepared(rows, _ready(work, rows[0].verb, by_address(rows)))


def _ready(work: Work, verb: str, rows: list[PlannedRow]) -> Ready:
    return Ready(work.kind.compose(work.change_set, verb, rows).to_json())


def _next_rows(work: Work) -> list[PlannedRow]:
    """The rows whose turn it is: parts of a refused batch first, else the next ones of the first verb."""
    waiting = PlannedRow.objects.filter(change_set=work.change_set, state=State.WAITING).defer(*UNREAD)
    part = waiting.filter(part__gt=0).order_by("part").values_list("part", flat=True).first()
    if part is not None:
        return list(waiting.filter(part=part).order_by("number"))
    verb = next_verb(work)
    if verb is None:
        return []
    next_ones = waiting.filter(verb=verb, result="", number__gte=work.reached).order_by("number")
    return work.kind.together(work.change_set, list(next_ones[: size(work.change_set)]))


def next_verb(work: Work) -> str | None:
    """The verb of the first row that waits for a batch; None when none does."""
    waiting = PlannedRow.objects.filter(change_set=work.change_set, state=State.WAITING, verb__in=BATCHED, result="")
    first = waiting.order_by("number").values_list("verb", "number")
    # What was found last time is where the search goes on. Rows that were sent back to waiting meanwhile come last.
    found = first.filter(number__gte=work.reached).first() or (first.first() if work.reached else None)
    verb, work.reached = found or (None, 0)
    return verb


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
    stays, seen, key = LISTED.get(verb, ()), work.seen, work.resource.key
    for row in rows:
        reason = refused.get(row.label, "")
        if not reason and stays and seen is not None:
            left = seen.reason(key(row.label))
            reason = left if left in stays else ""
        if reason:
            chosen.dropped[row.pk] = reason
    busy = _with_open_changes(work, ids) if ids else set()
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
        rows = work.resource.model.objects.filter(pk__in=listed(ids), account=work.account).order_by("pk")
        list(rows.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))


def _with_open_changes(work: Work, ids: list[int]) -> set[int]:
    changes = Change.objects.filter(
        account=work.account, kind=work.change_set.object_kind, object_id__in=listed(ids), state__in=Change.OPEN
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
        PlannedRow.objects.filter(pk__in=listed([row.pk for row in rows])).update(**values)
