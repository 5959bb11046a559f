"""Whose result is whose: the vendor's lists of successes and errors, matched to the rows of the batch.

By address first, letter case aside, then by number. Nothing is ever assumed: a row in neither list, in both, or named
twice has to be looked up, and entries that are nobody's ring an alarm (docs/engine.md, Many at once).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cyberadmin.api.types import BatchResult
from cyberadmin.sync.models import PlannedRow


@dataclass
class Matched:
    """What a result says about the rows of its batch, by primary key."""

    done: list[int] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    #: Rows to look up: in neither list, in both, or named more than once.
    unclear: list[int] = field(default_factory=list)
    #: The vendor's words of errors that name nobody.
    unnamed: list[str] = field(default_factory=list)
    strangers: int = 0
    duplicates: int = 0
    empty: bool = False

    @property
    def anomaly(self) -> str:
        """What is wrong with the result as a whole, as a code of `bulk/reasons.py`; "" = nothing."""
        if self.empty:
            return "result_empty"
        if self.strangers:
            return "result_strangers"
        if self.duplicates:
            return "result_duplicates"
        return "result_partial" if self.unclear or self.unnamed else ""


def plain(result: BatchResult) -> list[list[object]]:
    """A result as JSON, to be kept until the rows know it."""
    return [list(result.successes), [[error.id, error.description] for error in result.errors]]


class _Names:
    """Finds the row of an entry: by address, then by number, which is asked for only when an entry is one."""

    def __init__(self, rows: Sequence[PlannedRow], numbers: Callable[[], dict[str, int]]) -> None:
        self._addresses = {_key(row.label): row.pk for row in rows}
        self._ask = numbers
        self._numbers: dict[str, int] | None = None

    def row(self, entry: object) -> int | None:
        key = _key(entry)
        if key in self._addresses or not key.isdigit():
            return self._addresses.get(key)
        if self._numbers is None:
            self._numbers = self._ask()
        return self._numbers.get(key)


def match(
    stored: Sequence[Sequence[Any]], rows: Iterable[PlannedRow], numbers: Callable[[], dict[str, int]]
) -> Matched:
    """Match a stored result. `numbers`: {number at the vendor as text: row}."""
    listed = list(rows)
    names = _Names(listed, numbers)
    matched = Matched(empty=not stored[0] and not stored[1] and bool(listed))
    words: dict[int, str] = {}
    named = [names.row(entry) for entry in stored[0]]
    for entry, description in stored[1]:
        if entry is None:
            matched.unnamed.append(str(description))
            continue
        pk = names.row(entry)
        named.append(pk)
        if pk is not None:
            words[pk] = str(description)
    matched.strangers = named.count(None)
    times = Counter(named)
    for row in listed:
        matched.duplicates += times[row.pk] > 1
        if times[row.pk] != 1:
            matched.unclear.append(row.pk)
        elif row.pk in words:
            matched.failed[row.pk] = words[row.pk]
        else:
            matched.done.append(row.pk)
    return matched


def _key(entry: object) -> str:
    return str(entry).strip().casefold()
