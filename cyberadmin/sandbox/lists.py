"""Pages of lists: parameters, envelope, and ranks that make page 100 of a million as cheap as page 1.

A page far into a list needs the ids in order. They are computed once as an array and kept until the account's version
moves (``shape`` for what only joins and departures change, ``content`` for the rest), so further pages are a slice.
"""

from __future__ import annotations

import sqlite3
import threading
from array import array
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.dates import day_after, day_start, parse_day
from cyberadmin.sandbox.people import numeric_id
from cyberadmin.sandbox.wire import ApiProblem, Json, invalid, not_found

Item = TypeVar("Item")

DEFAULT_LIMIT = 20
MAX_LIMIT = 10_000
MAX_PAGE = 10**14
# Up to this offset SQLite may walk the index itself; beyond it the rank is built.
SHALLOW = 2_000
RANKS_KEPT = 24


@dataclass(frozen=True, slots=True)
class Page:
    number: int
    limit: int
    sort: str


@dataclass(frozen=True, slots=True)
class Selection:
    """A list: which ids, in which order. ``shape_only``: no edit of a member's fields changes it; ``unindexed``: no index
    has that order, so that the first page costs as much as the rank."""

    source: str
    id_column: str
    where: str
    params: tuple[int | str, ...]
    order: str
    shape_only: bool
    unindexed: bool = False


@dataclass(frozen=True, slots=True)
class Rank:
    version: tuple[int, int]
    total: int
    ids: array[int] | None


class RankCache:
    """Least recently used first out."""

    def __init__(self) -> None:
        self._ranks: OrderedDict[Selection, Rank] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, selection: Selection, version: tuple[int, int]) -> Rank | None:
        with self._lock:
            rank = self._ranks.get(selection)
            if rank is None or rank.version != version:
                return None
            self._ranks.move_to_end(selection)
            return rank

    def put(self, selection: Selection, rank: Rank) -> None:
        with self._lock:
            self._ranks[selection] = rank
            self._ranks.move_to_end(selection)
            while len(self._ranks) > RANKS_KEPT:
                self._ranks.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._ranks.clear()


RANKS = RankCache()


def bad_parameter(call: Call, name: str, text: str) -> ApiProblem | None:
    """The refusal of a query parameter, or None when the setting says to fall back to the default."""
    choice = call.settings.text("invalid_parameter")
    return None if choice == "default" else invalid(name, text, int(choice))


def _count_parameter(call: Call, name: str, default: int, highest: int) -> int:
    text = call.request.parameter(name)
    if not text:
        return default
    number = numeric_id(text)
    if number is not None and 1 <= number <= highest:
        return number
    problem = bad_parameter(call, name, f"must be a whole number from 1 to {highest}")
    if problem:
        raise problem
    return default


def choice_parameter(call: Call, name: str, choices: Mapping[str, object] | tuple[str, ...]) -> str:
    """One of the allowed words, or "" when absent."""
    text = call.request.parameter(name)
    if not text or text in choices:
        return text
    problem = bad_parameter(call, name, f"must be one of {', '.join(choices)}")
    if problem:
        raise problem
    return ""


def read_page(call: Call, sorts: Mapping[str, str] | tuple[str, ...]) -> Page:
    return Page(
        number=_count_parameter(call, "page", 1, MAX_PAGE),
        limit=_count_parameter(call, "limit", DEFAULT_LIMIT, MAX_LIMIT),
        sort=choice_parameter(call, "sort", sorts),
    )


def day_filters(call: Call, columns: Mapping[str, str]) -> tuple[str, tuple[int, ...]]:
    """SQL of the ``<name>From`` / ``<name>To`` filters, both days included (api/README.md 3)."""
    where, params = "", []
    for name, column in columns.items():
        for suffix, operator, bound in (("From", ">=", day_start), ("To", "<", day_after)):
            text = call.request.parameter(name + suffix)
            if not text:
                continue
            day = parse_day(text)
            if day is not None:
                where += f" AND {column} {operator} ?"
                params.append(bound(day))
            elif problem := bad_parameter(call, name + suffix, "must be a date, yyyy-mm-dd"):
                raise problem
    return where, tuple(params)


def _settled(call: Call, page: Page, total: int) -> Page:
    """The page to answer when the one asked for lies past the end (api/README.md 6, row 6)."""
    last = max(1, -(-total // page.limit))
    choice = call.settings.text("page_past_end")
    if page.number <= last or choice == "empty":
        return page
    if choice == "404":
        raise not_found("No such page")
    return Page(last, page.limit, page.sort)


def pick(call: Call, selection: Selection, page: Page) -> tuple[Page, int, list[int]]:
    """The page really answered, the total, and the ids on it."""
    row = call.conn.execute("SELECT shape, content FROM accounts WHERE id = ?", (call.account.id,)).fetchone()
    version = (int(row[0]), 0 if selection.shape_only else int(row[1]))
    rank = RANKS.get(selection, version)
    start = (page.number - 1) * page.limit
    if rank is None or (rank.ids is None and SHALLOW < start < rank.total):
        rank = _build(call.conn, selection, version, with_ids=selection.unindexed or start > SHALLOW)
        RANKS.put(selection, rank)
    page = _settled(call, page, rank.total)
    start = (page.number - 1) * page.limit
    if start >= rank.total:
        return page, rank.total, []
    if rank.ids is not None:
        return page, rank.total, rank.ids[start : start + page.limit].tolist()
    rows = call.conn.execute(
        f"SELECT {selection.id_column} FROM {selection.source} WHERE {selection.where}"
        f" ORDER BY {selection.order} LIMIT ? OFFSET ?",
        (*selection.params, page.limit, start),
    )
    return page, rank.total, [row[0] for row in rows]


def _build(conn: sqlite3.Connection, selection: Selection, version: tuple[int, int], *, with_ids: bool) -> Rank:
    tail = f"FROM {selection.source} WHERE {selection.where}"
    if not with_ids:
        total = conn.execute(f"SELECT count(*) {tail}", selection.params).fetchone()[0]
        return Rank(version, int(total), None)
    rows = conn.execute(f"SELECT {selection.id_column} {tail} ORDER BY {selection.order}", selection.params)
    ids = array("q", (row[0] for row in rows))
    return Rank(version, len(ids), ids)


def envelope(key: str, items: list[Json], total: int, page: Page) -> Json:
    return {key: items, "totalCount": total, "page": page.number, "limit": page.limit, "sort": page.sort}


def slice_of(call: Call, rows: list[Item], page: Page) -> tuple[Page, list[Item]]:
    """A page of a list that is small enough to be held whole."""
    page = _settled(call, page, len(rows))
    start = (page.number - 1) * page.limit
    return page, rows[start : start + page.limit]
