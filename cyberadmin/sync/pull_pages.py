"""Walking through the vendor's lists, and judging whether a list was read whole (docs/engine.md 2.10, M7).

Page numbers shift while rows come and go, so a list is walked by a key where it has one: sorted by day of joining, each
request asks for everything from the last day of the page before, always page 1. Nothing can slip between two such
pages. A single day of more than a page, and lists without such a key, are walked by number: twice, with both passes
joined. The checks can't prove that
a list is whole; they only ever veto the sweep. What was read is merged in any case.
"""

from collections.abc import Callable, Generator, Hashable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from cyberadmin.api.errors import SchemaError
from cyberadmin.api.pagination import MAX_LIMIT, Page

Row = dict[str, Any]
Rows = list[Row]
Identity = Callable[[Row], Hashable]
BY_DAY, BY_EMAIL = "date_asc", "email_asc"


@dataclass(frozen=True)
class Window:
    """Which part of a list is asked for. Days are Eastern and inclusive; every request repeats the sort."""

    sort: str
    page: int = 1
    start: date | None = None
    until: date | None = None


Ask = Callable[[Window], Page[Any]]


@dataclass
class Reading:
    """What reading one list has shown so far."""

    name: str
    #: The first `totalCount` heard, or None before the first answer.
    announced: int | None = None
    distinct: int = 0
    pages: int = 0
    #: Transactions in which its rows were merged.
    parts: int = 0
    #: Codes of what speaks against the list being whole.
    vetoes: list[str] = field(default_factory=list)
    #: Codes worth a look that veto nothing.
    notices: list[str] = field(default_factory=list)
    ended: bool = False

    @property
    def whole(self) -> bool:
        """Whether the list was read to its end and nothing speaks against it being all there is."""
        return self.ended and not self.vetoes

    def veto(self, code: str) -> None:
        """Note once what speaks against the list being whole."""
        if code not in self.vetoes:
            self.vetoes.append(code)

    def heard(self, page: Page[Any]) -> None:
        """Take in the envelope of a page."""
        self.pages += 1
        if self.announced is None:
            self.announced = page.total_count
        if len(page.rows) > page.total_count:
            self.veto("total_too_low")

    def restart(self) -> None:
        """Forget what was read: the list is walked again in another way."""
        self.distinct = 0
        self.vetoes.clear()

    def finish(self) -> None:
        """The last page was read."""
        self.ended = True
        if self.distinct < (self.announced or 0):
            self.veto("fewer_than_announced")


class _Unordered(Exception):
    """The rows are not in the order of their days."""


def by_day(ask: Ask, day_of: Callable[[Row], str], identity: Identity, reading: Reading) -> Iterator[Rows]:
    """Yield the new rows of each page, walking by day; by number where the vendor does not keep to the order of days.

    `day_of` gives a row's day as yyyy-mm-dd and raises SchemaError when it has none.
    """
    try:
        yield from _days(ask, day_of, identity, reading)
    except _Unordered:
        reading.restart()
        yield from by_number(ask, identity, reading)


def by_number(ask: Ask, identity: Identity, reading: Reading) -> Iterator[Rows]:
    """Yield the new rows of each page, walking by page number: once when the list fits a page, else twice."""
    yield from _passes(ask, Window(sort=BY_EMAIL), identity, reading, set())
    reading.finish()


def _days(ask: Ask, day_of: Callable[[Row], str], identity: Identity, reading: Reading) -> Iterator[Rows]:
    start: date | None = None
    boundary: set[Hashable] = set()
    while True:
        page = ask(Window(sort=BY_DAY, start=start))
        reading.heard(page)
        rows, total, full = page.rows, page.total_count, _is_full(page)
        days = _ordered(rows, day_of, start)
        keys = [identity(row) for row in rows]
        fresh = _fresh(rows, keys, boundary, reading)
        if fresh:
            yield fresh
        if not full and len(rows) < total:
            reading.veto("short_page")
        # A full last page may hide more behind a capped total, so it is followed by one more request.
        if not rows or (len(rows) >= total and not (full and fresh)) or not (full or fresh):
            return reading.finish()
        last = date.fromisoformat(days[-1])
        boundary = boundary if last == start else set()
        boundary.update(key for key, day in zip(keys, days, strict=True) if day == days[-1])
        # Nothing may hold this page while the next one is decoded.
        del page, rows, fresh, days, keys
        if last == start:
            # One day fills more than a page: its pages have only numbers.
            yield from _passes(ask, Window(sort=BY_EMAIL, start=last, until=last), identity, reading, boundary)
            last, boundary = last + timedelta(days=1), set()
        start = last


def _ordered(rows: Rows, day_of: Callable[[Row], str], start: date | None) -> list[str]:
    """The days of the rows. Raises _Unordered unless they rise from `start`."""
    try:
        days = [day_of(row) for row in rows]
        if days:
            date.fromisoformat(days[-1])
    except (SchemaError, ValueError):
        raise _Unordered from None
    if days != sorted(days) or (days and start and days[0] < start.isoformat()):
        raise _Unordered
    return days


def _passes(
    ask: Ask, window: Window, identity: Identity, reading: Reading, seen: set[Hashable]
) -> Generator[Rows, None, None]:
    """Walk a window by number, twice unless it fits a page; `seen` grows by what was read."""
    totals: set[int] = set()
    for _pass in (1, 2):
        pages = yield from _one_pass(ask, window, identity, reading, seen, totals)
        if pages == 1:
            break
    if len(totals) > 1:
        reading.veto("totals_differ")


def _one_pass(
    ask: Ask, window: Window, identity: Identity, reading: Reading, seen: set[Hashable], totals: set[int]
) -> Generator[Rows, None, int]:
    number, got = 0, 0
    previous: list[Hashable] = []
    while True:
        number += 1
        page = ask(replace(window, page=number))
        reading.heard(page)
        totals.add(page.total_count)
        keys = [identity(row) for row in page.rows]
        if keys and keys == previous:
            reading.veto("repeated_page")
            return number
        fresh = _fresh(page.rows, keys, seen, reading)
        seen.update(keys)
        if fresh:
            yield fresh
        got += len(keys)
        if len(keys) < min(_limit(page), page.total_count) and got < page.total_count:
            reading.veto("short_page" if keys else "empty_page")
        if not keys or got >= page.total_count:
            return number
        previous = keys
        del page, fresh


def _is_full(page: Page[Any]) -> bool:
    """Whether the page carries as many rows as it may."""
    return len(page.rows) >= _limit(page)


def _limit(page: Page[Any]) -> int:
    """The limit that the vendor says it used: openly lower than asked is no fault."""
    return page.limit if 0 < page.limit < MAX_LIMIT else MAX_LIMIT


def _fresh(rows: Rows, keys: list[Hashable], seen: set[Hashable], reading: Reading) -> Rows:
    """The rows not seen before, counted; of two with one identity the later, which the vendor wrote last."""
    if len(set(keys)) < len(keys):
        reading.veto("same_row_twice")
        last = dict(zip(keys, rows, strict=True))
        rows, keys = list(last.values()), list(last)
    fresh = [row for row, key in zip(rows, keys, strict=True) if key not in seen] if seen else rows
    reading.distinct += len(fresh)
    return fresh
