"""One worker's turn at one set of changes: what every step needs at hand, and the rules that hold before each request."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings

from cyberadmin.accounts import audit
from cyberadmin.accounts.models import Account
from cyberadmin.api import errors
from cyberadmin.api.client import ApiClient
from cyberadmin.api.types import Batch as VendorBatch
from cyberadmin.api.types import BatchWrite
from cyberadmin.sync import connection, outcomes, pace, registry
from cyberadmin.sync.clock import now
from cyberadmin.sync.departures import Departures
from cyberadmin.sync.models import Batch, ChangeSet, Pace, PlannedRow
from cyberadmin.sync.pull import OVERLAP
from cyberadmin.sync.pull_context import EASTERN
from cyberadmin.sync.resource import Resource, Values

from . import kinds, lease
from .matching import Matched

T = TypeVar("T")
#: What sending and settling do not look at; a kind that does all the same gets it, row by row.
UNREAD = ("detail", "base", "result_words", "number", "reason", "part", "batch", "change", "first_change")

#: Batches may follow each other within a tenth of a second; what is asked before each is not asked more often than this.
ASKED_EVERY = 1.0


class Held(Exception):
    """Nothing more can be done for this set before `seconds` have passed."""

    def __init__(self, seconds: float, reason: str = "") -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.reason = reason


class Paused(Exception):
    """The set must not go on by itself: a person has to look first. `reason` is a code of `bulk/reasons.py`."""

    def __init__(self, reason: str, detail: Values | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail or {}


@dataclass(frozen=True)
class Ready(BatchWrite):
    """A batch whose bytes are made, once."""

    body: Values

    def to_json(self) -> Values:
        return self.body


@dataclass(frozen=True)
class Prepared:
    """Rows whose turn comes next, and the bytes if all of them leave."""

    rows: list[PlannedRow]
    write: Ready


@dataclass
class Work:
    """A set under this worker's lease, with the client that speaks for its account."""

    change_set: ChangeSet
    account: Account
    client: ApiClient
    log: connection.CallLog
    kind: kinds.BulkKind
    #: Makes a request while this thread works on the database, which that one never touches. One request at a time.
    aside: Executor
    #: Who had left when the vendor was last asked; the fence of the next batch and the proof of the one before.
    seen: Departures | None = None
    #: Whether nothing was sent since then.
    seen_since_sending: bool = False
    #: The number of the row that waited first when last looked: a search from the start walks all that was sent before.
    reached: int = 0
    #: The next batch, as it most likely leaves: read while the vendor carries out the one before.
    prepared: Prepared | None = None
    #: A question to the vendor that is on its way while this worker writes down what came before, by batch.
    asked: dict[int, Future[VendorBatch]] = field(default_factory=dict)
    #: Rows of the batches that this turn composed, so that they are loaded once.
    rows: dict[int, list[PlannedRow]] = field(default_factory=dict)
    #: When what must hold before each batch was last found to hold, by what it is (`ask_in_time`).
    held_at: dict[str, float] = field(default_factory=dict)
    #: What the results that this turn read say of their batches, until it is written down.
    matched: dict[int, Matched] = field(default_factory=dict)

    @property
    def resource(self) -> Resource:
        """What the rows are about."""
        return registry.get(self.change_set.object_kind)

    @property
    def applying(self) -> bool:
        """Whether more of it may be sent."""
        return self.change_set.state == ChangeSet.State.APPLYING

    def refresh(self) -> None:
        """Learn what people did to the set meanwhile. Raises LeaseLost when it is somebody else's now."""
        token = self.change_set.claim_token
        self.change_set.refresh_from_db(
            fields=["state", "claim_token", "lease_until", "reason", "finished_at", "memory", "progress_done"]
        )
        if self.change_set.claim_token != token:
            raise lease.LeaseLost

    def keep(self) -> None:
        """Before a request: the lease must last longer than it can take. Raises LeaseLost."""
        until = self.change_set.lease_until
        if until is None or until < now() + timedelta(seconds=settings.SYNC_DEADLINE_SECONDS + 15):
            lease.write(self.change_set)
            self.change_set.lease_until = now() + timedelta(seconds=settings.SYNC_LEASE_SECONDS)

    def read(self, request: Callable[[], T]) -> T:
        """Make a GET. Raises Held when the account or the vendor cannot answer now; what else it raises is the caller's."""
        self.keep()
        try:
            answer = request()
        except errors.ApiError as error:
            self.refused_account(error)
            if outcomes.troubles_vendor(error) and not isinstance(error, errors.UnexpectedResponse):
                pace.failed(self.account.pk)
                raise Held(outcomes.backoff(1), "vendor_trouble") from error
            raise
        self.log.succeeded()
        return answer

    def ask_in_time(self, what: str, ask: Callable[[], object]) -> None:
        """Ask what must hold before each batch, unless it was found to hold less than a second ago. Raises what `ask` raises."""
        moment = time.monotonic()
        if moment - self.held_at.get(what, -ASKED_EVERY) >= ASKED_EVERY:
            ask()
            self.held_at[what] = moment

    def ask_aside(self, batch: Batch) -> None:
        """Start asking how far a batch is. Its answer is taken by `status_of`; nothing else may be asked before."""
        self.keep()
        if self.log.paced is not None:
            self.log.paced.clear("GET")
        self.asked = {batch.pk: self.aside.submit(self.client.batches.get, batch.remote_id or 0)}

    def status_of(self, batch: Batch) -> VendorBatch:
        """How far a batch is, from the question that is on its way if there is one. Raises as `read` does."""
        asked = self.asked.pop(batch.pk, None)
        return self.read(asked.result if asked is not None else lambda: self.client.batches.get(batch.remote_id or 0))

    def refused_account(self, error: errors.ApiError) -> None:
        """Raise Held when the error concerns the whole account; it is then paused or slowed down."""
        if connection.handle_account_error(self.account, self.client, error):
            blocked = pace.until_allowed(self.account.pk)
            seconds = (blocked[0] - now()).total_seconds() if blocked else float(settings.SYNC_BACKOFF_SECONDS)
            raise Held(max(seconds, 0.0), "account") from error

    def look_who_left(self) -> Departures:
        """Ask the vendor's lists of unsubscribed and bounced people, from where the mirror's knowledge ends.

        Raises Held when no answer can be read: who needs it asks again, before the next batch leaves or this one ends.
        """
        through = Pace.objects.filter(account=self.account).values_list("pulled_through", flat=True).first()
        since = through.astimezone(EASTERN).date() - OVERLAP if through else None
        try:
            self.seen = self.read(lambda: self.resource.departures(self.client, since))
        except errors.ApiError as error:
            raise Held(outcomes.backoff(1), "vendor_trouble") from error
        self.seen_since_sending = True
        return self.seen

    def rows_of(self, batch: Batch) -> list[PlannedRow]:
        """The rows of a batch, in the order in which they were posted."""
        if batch.pk not in self.rows:
            self.keep_rows(batch, by_address(PlannedRow.objects.filter(batch=batch).defer(*UNREAD)))
        return self.rows[batch.pk]

    def keep_rows(self, batch: Batch, rows: list[PlannedRow]) -> None:
        """Hold on to the rows of the two newest batches: one on its way, one to be written down."""
        self.rows = {**dict(list(self.rows.items())[-1:]), batch.pk: rows}

    def alarm(self, reason: str, batch: Batch | None = None, **detail: Any) -> None:
        """Write down, where nobody can overlook or erase it, that the vendor did something it must not."""
        audit.record(
            "bulk.alarm",
            actor=None,
            account=self.account,
            change_set=self.change_set.pk,
            reason=reason,
            batch=batch.pk if batch else None,
            **detail,
        )


def by_address(rows: Iterable[PlannedRow]) -> list[PlannedRow]:
    """The rows in the order in which they travel."""
    return sorted(rows, key=lambda row: row.label.casefold())


def remember(change_set: ChangeSet, **values: Any) -> Values:
    """The set's memory with these values in it (None = forget one), to be written under the lease."""
    memory: Values = {**change_set.memory, **values}
    memory = {name: value for name, value in memory.items() if value is not None}
    change_set.memory = memory
    return memory


def of_hold_off(hold_off: pace.HoldOff) -> Held:
    """The account must not be called now: until when, and why, as a code of `bulk/reasons.py`."""
    reason = {"rate": "rate_limited", "restored": "restored"}.get(hold_off.why, "vendor_trouble")
    return Held(max((hold_off.until - now()).total_seconds(), 0.0), reason)
