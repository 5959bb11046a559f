"""Walking lists that are served by a small, moving vendor in memory."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from cyberadmin.api.pagination import Page
from cyberadmin.sync.pull_pages import Reading, Row, Rows, Window, by_day, by_number

LIMIT = 10


class Vendor:
    """A list of members with ids and days; `lie` changes an answer, `moves` is called after each."""

    def __init__(self, rows: Rows, limit: int = LIMIT, said: int | None = None) -> None:
        self.rows = rows
        self.limit = limit
        self.said = said or limit
        self.requests = 0
        self.moves: Any = None
        self.lie: Any = None
        self.stuck = False

    def ask(self, window: Window) -> Page[Row]:
        first, last = str(window.start or ""), str(window.until or "9999")
        rows = [row for row in self.rows if first <= row["day"] <= last]
        key = (lambda row: row["email"]) if window.sort == "email_asc" else (lambda row: (row["day"], row["id"]))
        return self._page(sorted(rows, key=key), window.page)

    def _page(self, rows: Rows, number: int) -> Page[Row]:
        self.requests += 1
        start = 0 if self.stuck else (number - 1) * self.limit
        page = Page(
            [dict(row) for row in rows[start : start + self.limit]],
            lambda row: dict(row),
            total_count=len(rows),
            page=number,
            limit=self.said,
        )
        if self.lie:
            self.lie(page)
        if self.moves:
            self.moves()
        return page


def members(count: int, per_day: int = 3) -> Rows:
    first = date(2024, 1, 1)
    return [member(number, first + timedelta(days=number // per_day)) for number in range(count)]


def member(number: int, day: date) -> Row:
    return {"id": number, "day": day.isoformat(), "email": f"{(number * 7919) % 10_007:05d}@example.com"}


def walked(pages: Iterator[Rows]) -> list[int]:
    return [row["id"] for rows in pages for row in rows]


def days(vendor: Vendor, reading: Reading) -> list[int]:
    return walked(by_day(vendor.ask, lambda row: str(row["day"]), lambda row: row["id"], reading))


def numbers(vendor: Vendor, reading: Reading) -> list[int]:
    return walked(by_number(vendor.ask, lambda row: row["id"], reading))


class TestByDay:
    @pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 95])
    def test_brings_each_row_once(self, count: int) -> None:
        reading = Reading("members")
        assert days(Vendor(members(count)), reading) == list(range(count))
        assert reading.whole
        assert reading.distinct == count

    def test_asks_once_when_all_fits_one_page(self) -> None:
        vendor = Vendor(members(9))
        days(vendor, Reading("members"))
        assert vendor.requests == 1

    def test_misses_nobody_who_stays_while_others_come_and_go(self) -> None:
        for seed in range(300):
            vendor = Vendor(members(200))
            gone = come_and_go(vendor, random.Random(seed))
            found = days(vendor, Reading("members"))
            assert set(range(200)) - gone <= set(found), f"seed {seed}"
            assert len(found) == len(set(found)), f"seed {seed}"

    def test_goes_on_behind_a_capped_total(self) -> None:
        vendor = Vendor(members(25))
        vendor.lie = lambda page: setattr(page, "total_count", min(page.total_count, LIMIT))
        assert days(vendor, Reading("members")) == list(range(25))

    @pytest.mark.parametrize("per_day", [12, 25, 60])
    def test_walks_a_day_of_more_than_a_page_by_number(self, per_day: int) -> None:
        reading = Reading("members")
        assert sorted(days(Vendor(members(120, per_day)), reading)) == list(range(120))
        assert (reading.vetoes, reading.distinct) == ([], 120)

    def test_takes_a_day_that_fills_exactly_a_page(self) -> None:
        reading = Reading("members")
        assert days(Vendor(members(10, per_day=10)), reading) == list(range(10))
        assert reading.whole

    def test_walks_by_number_when_the_order_is_not_the_one_asked_for(self) -> None:
        vendor = Vendor(members(35))
        vendor.lie = lambda page: page.rows.reverse()
        reading = Reading("members")
        assert sorted(days(vendor, reading)) == list(range(35))
        assert (reading.whole, reading.distinct) == (True, 35)

    def test_a_limit_capped_in_silence_brings_all_but_is_not_trusted(self) -> None:
        reading = Reading("members")
        found = days(Vendor(members(95), limit=10, said=10_000), reading)
        assert (found, reading.vetoes, reading.whole) == (list(range(95)), ["short_page"], False)

    def test_a_lower_limit_said_openly_is_trusted(self) -> None:
        reading = Reading("members")
        days(Vendor(members(95), limit=10, said=10), reading)
        assert reading.whole


class TestByNumber:
    @pytest.mark.parametrize("count", [0, 1, 10, 11, 30, 95])
    def test_brings_each_row_once(self, count: int) -> None:
        reading = Reading("members")
        assert sorted(numbers(Vendor(members(count)), reading)) == list(range(count))
        assert reading.whole

    def test_walks_twice_when_there_is_more_than_one_page(self) -> None:
        vendor = Vendor(members(30))
        numbers(vendor, Reading("members"))
        assert vendor.requests == 6

    def test_notices_that_totals_moved(self) -> None:
        vendor = Vendor(members(30))
        vendor.moves = lambda: vendor.rows.pop()
        reading = Reading("members")
        numbers(vendor, reading)
        assert not reading.whole

    def test_notices_the_same_page_again(self) -> None:
        vendor = Vendor(members(30))
        vendor.stuck = True
        reading = Reading("members")
        assert len(numbers(vendor, reading)) == LIMIT
        assert "repeated_page" in reading.vetoes

    def test_keeps_the_later_of_two_rows_with_one_id(self) -> None:
        vendor = Vendor([*members(3), member(2, date(2025, 1, 1))])
        reading = Reading("members")
        assert sorted(numbers(vendor, reading)) == [0, 1, 2]
        assert reading.vetoes[0] == "same_row_twice"


def come_and_go(vendor: Vendor, draw: random.Random) -> set[int]:
    """After each answer two members leave and two join, at the end; the returned set fills with those who left."""
    gone: set[int] = set()

    def move() -> None:
        for number in range(2):
            victim = draw.choice(vendor.rows)
            vendor.rows.remove(victim)
            gone.add(victim["id"])
            joined = date(2024, 4, 1) + timedelta(days=vendor.requests)
            vendor.rows.append(member(1_000 + vendor.requests * 2 + number, joined))

    vendor.moves = move
    return gone
