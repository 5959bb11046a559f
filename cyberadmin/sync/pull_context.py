"""What a running pull hands to the resources: paced reading, owned pages, progress and problems.

Each page is merged in a transaction of its own that first renews the run's lease. A run whose lease went to another
worker is stopped by that very statement, so a zombie writes nothing. No transaction is open while the vendor answers.
"""

import gc
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction

from cyberadmin.accounts.models import Account
from cyberadmin.api import errors
from cyberadmin.api.client import ApiClient
from cyberadmin.api.pagination import Page

from . import connection, outcomes, pace
from .clock import now
from .mirror import writing
from .models import PullPage, PullRun
from .pull_pages import Reading, Rows

if TYPE_CHECKING:
    from .sweep import Sweepable

EASTERN = ZoneInfo("America/Toronto")
#: Tries of one read before the whole run is put back, and of one page's transaction.
TRIES = 3
MOST_PROBLEMS = 100

T = TypeVar("T")


@contextmanager
def _no_collection() -> Iterator[None]:
    """Ten thousand rows make no cycles, but looking for some among them again and again takes a fifth of a pull."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class LeaseLost(Exception):
    """Another worker took the run over: nothing more may be written for it."""


class AccountStopped(Exception):
    """The account was paused or must wait; the run can't go on now."""


class ListRefused(Exception):
    """The vendor answered something that makes this list unreadable; other lists may still be read."""


@dataclass
class PullContext:
    """One run at work. `full`: everything is read, else what changed since the Eastern day `since`."""

    run: PullRun
    account: Account
    client: ApiClient
    log: connection.CallLog
    since: date | None = None
    readings: dict[str, Reading] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)
    #: What the resources offer to the sweep at the end of a full run, and the single objects looked at for it so far.
    sweepable: list["Sweepable"] = field(default_factory=list)
    checks: int = 0
    #: When the latest answer was asked for: what was settled since is newer than that answer.
    asked_at: datetime = field(default_factory=now)

    @property
    def full(self) -> bool:
        """Whether everything is read."""
        return self.since is None

    # --- reading ---
    def read(self, request: Callable[[], T]) -> T:
        """Make a GET, again after a transient failure. Raises ListRefused, AccountStopped, HoldOff, LeaseLost, ApiError."""
        for attempt in range(1, TRIES + 1):
            self.asked_at = now()
            try:
                answer = request()
            except errors.ApiError as error:
                self._failed(error, attempt)
            else:
                self.count("requests")
                self.log.succeeded()
                if isinstance(answer, Page):
                    self._date(answer.server_date)
                return answer
        raise AssertionError("the last try raises")

    def _failed(self, error: errors.ApiError, attempt: int) -> None:
        """Decide about a failed read: return to try it again, or raise."""
        self.count("requests")
        if connection.handle_account_error(self.account, self.client, error):
            raise AccountStopped from error
        if outcomes.troubles_vendor(error) and not isinstance(error, errors.UnexpectedResponse):
            pace.failed(self.account.pk)
        elif not isinstance(error, errors.InvalidToken):
            raise ListRefused(type(error).__name__) from error
        if attempt == TRIES:
            raise error
        self.renew()
        time.sleep(outcomes.backoff(0))

    def _date(self, server_date: datetime | None) -> None:
        if self.run.vendor_started_at is None:
            self.run.vendor_started_at = server_date or self.asked_at

    def reading(self, name: str) -> Reading:
        """Begin to read a list."""
        self.readings[name] = Reading(name)
        return self.readings[name]

    def whole(self, *names: str) -> bool:
        """Whether all these lists were read to their end with nothing speaking against it."""
        return all(name in self.readings and self.readings[name].whole for name in names)

    def walk(self, reading: Reading, pages: Iterator[Rows], merge: Callable[[Rows], None]) -> Iterator[None]:
        """Merge page after page; a list that the vendor refuses ends here and is not whole."""
        try:
            for rows in pages:
                with _no_collection():
                    merge(rows)
                del rows
                yield
        except ListRefused as refused:
            reading.veto("refused")
            self.problem("refused", list=reading.name, error=str(refused))
        for code in [*reading.vetoes, *reading.notices]:
            self.problem(code, list=reading.name)

    # --- writing ---
    @contextmanager
    def owned(self) -> Iterator[None]:
        """A transaction that this run owns, with the door to mirror rows open. Raises LeaseLost."""
        with transaction.atomic(), writing():
            self.renew()
            yield
            self.log.flush()

    def in_page(self, merge: Callable[[], T]) -> T:
        """Run `merge` in an owned transaction; redone when a row appeared meanwhile under one of its keys."""
        for _attempt in range(TRIES - 1):
            try:
                with self.owned():
                    return merge()
            except IntegrityError:
                continue
        with self.owned():
            return merge()

    def renew(self) -> None:
        """Hold the run for another lease. Raises LeaseLost."""
        held = now() + timedelta(seconds=settings.SYNC_LEASE_SECONDS)
        self.write(lease_until=held)

    def write(self, **values: Any) -> None:
        """Write the run under its claim. Raises LeaseLost, having written nothing."""
        mine = PullRun.objects.filter(pk=self.run.pk, state=PullRun.State.RUNNING, claim_token=self.run.claim_token)
        if mine.update(**values) == 0:
            raise LeaseLost
        for name, value in values.items():
            setattr(self.run, name, value)

    def seen(self, reading: Reading, ids: Iterable[int]) -> None:
        """Write down which local rows a page contained; inside the page's transaction."""
        reading.parts += 1
        PullPage.objects.create(
            run=self.run, list_name=reading.name, number=reading.parts, seen=array("q", ids).tobytes()
        )

    def seen_ids(self, *names: str) -> set[int]:
        """Primary keys of every row that these lists contained."""
        found: set[int] = set()
        for seen in (
            PullPage.objects.filter(run=self.run, list_name__in=names).values_list("seen", flat=True).iterator()
        ):
            found.update(array("q", bytes(seen)))
        return found

    # --- telling ---
    def step(self, name: str) -> None:
        """Say what is being read now."""
        self.write(step=name, counts=self.counts, problems=self.problems)

    def expect(self, rows: int) -> None:
        """Add to what progress is measured against."""
        self.write(progress_total=self.run.progress_total + max(rows, 0))

    def advance(self, rows: int) -> None:
        """Rows were handled."""
        done = self.run.progress_done + rows
        self.write(progress_done=done, progress_total=max(done, self.run.progress_total))

    def count(self, what: str, number: int = 1) -> None:
        """Count for the run's summary."""
        if number:
            self.counts[what] = self.counts.get(what, 0) + number

    def problem(self, code: str, **detail: Any) -> None:
        """Note what made the run incomplete or is worth a look; never personal data, numbers instead."""
        entry = {"code": code, **detail}
        if len(self.problems) < MOST_PROBLEMS and entry not in self.problems:
            self.problems.append(entry)
