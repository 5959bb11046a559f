"""Days as people and programs write them, in French and English. 03/04/2025 is never guessed (product.md 3d rule 4).

A column proves its own order when one of its days is past the 12th and none contradicts; otherwise a person says it.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from .serials import MAX_SERIAL, day_of
from .words import MONTHS, plain

EARLIEST = date(1900, 1, 1)
#: A plain number below this is no date: 1975 is a year, and Excel's number for 1927.
_FIRST_SERIAL = 10_000
#: Longer than any day with its time.
_LONGEST = 60
_TIME = re.compile(r"(?<=\d)(?:[T ,]+|\s+(?:a|à|at)\s+)\d{1,2}\s*[:hH]\s*\d{0,2}(?::\d{2})?.*$")
_ISO = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})")
_NUMBERS = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})")
_SHORT_YEAR = re.compile(r"\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2}")
_COMPACT = re.compile(r"(?:19|20|21)\d{6}")
_SERIAL = re.compile(r"\d{5,6}(?:\.\d+)?")
_WEEKDAYS = frozenset(
    "lundi mardi mercredi jeudi vendredi samedi dimanche monday tuesday wednesday thursday friday saturday sunday "
    "lun mar mer jeu ven sam dim mon tue wed thu fri sat sun le the of de".split()
)
_ORDINAL = re.compile(r"^(\d{1,2})(?:er|re|e|st|nd|rd|th)$")


class Bad(Exception):
    """A cell that cannot be taken; `code` and `detail` as in problems.Problem."""

    def __init__(self, code: str, **detail: Any) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


@dataclass
class Evidence:
    """What the days of one column say about their order."""

    day_first: int = 0
    month_first: int = 0
    unclear: int = 0

    def take(self, text: str) -> None:
        """Look at one cell."""
        found = _NUMBERS.fullmatch(_without_time(text))
        if not found:
            return
        first, second = int(found[1]), int(found[2])
        if first > 12 >= second:
            self.day_first += 1
        elif second > 12 >= first:
            self.month_first += 1
        elif first != second:
            self.unclear += 1

    @property
    def order(self) -> str:
        """ "day", "month", or "" when nothing proves one or both are proved."""
        if bool(self.day_first) == bool(self.month_first):
            return ""
        return "day" if self.day_first else "month"

    @property
    def must_ask(self) -> bool:
        """Whether some day cannot be read without a person's word."""
        return self.unclear > 0 and not self.order


def day(text: str, order: str = "") -> date:
    """The day a cell names, times left out. `order` "day" or "month" first, "" = unknown. Raises Bad."""
    if len(text) > _LONGEST:
        raise Bad("date_unknown")
    bare = _without_time(text)
    if found := _ISO.fullmatch(bare):
        return _made(int(found[1]), int(found[2]), int(found[3]))
    if found := _NUMBERS.fullmatch(bare):
        return _ordered(int(found[1]), int(found[2]), int(found[3]), order)
    if _COMPACT.fullmatch(bare):
        return _made(int(bare[:4]), int(bare[4:6]), int(bare[6:]))
    if _SERIAL.fullmatch(bare) and _FIRST_SERIAL <= float(bare) < MAX_SERIAL:
        return day_of(float(bare)) or EARLIEST
    if _SHORT_YEAR.fullmatch(bare):
        raise Bad("date_short_year")
    return _in_words(bare)


def _without_time(text: str) -> str:
    return _TIME.sub("", text[:_LONGEST]).strip().rstrip(".,")


def _ordered(first: int, second: int, year: int, order: str) -> date:
    if first > 12 and second > 12:
        raise Bad("date_impossible")
    if first == second:
        return _made(year, first, second)
    proved = "day" if first > 12 else "month" if second > 12 else ""
    if proved and order and proved != order:
        raise Bad("date_other_order")
    order = proved or order
    if not order:
        raise Bad("date_ambiguous")
    return _made(year, second, first) if order == "day" else _made(year, first, second)


def _in_words(text: str) -> date:
    words = [word for word in plain(text).split() if word not in _WEEKDAYS or word == "mar" and _is_march(text)]
    months = [word for word in words if word in MONTHS]
    numbers = [int(found[1]) if (found := _ORDINAL.match(word)) else word for word in words if word not in MONTHS]
    values = [int(number) if isinstance(number, str) and number.isdecimal() else number for number in numbers]
    if len(months) != 1 or not all(isinstance(value, int) for value in values):
        raise Bad("date_unknown")
    years = [value for value in values if isinstance(value, int) and value > 999]
    days = [value for value in values if isinstance(value, int) and value <= 31]
    if len(years) == 1 and not days and len(values) == 1:
        raise Bad("date_no_day")
    if len(values) == 2 and len(days) == 2:
        raise Bad("date_short_year")
    if len(values) != 2 or len(years) != 1 or len(days) != 1:
        raise Bad("date_unknown")
    return _made(years[0], MONTHS[months[0]], days[0])


def _is_march(text: str) -> bool:
    """Whether "mar" stands for March (English) here: no other month is named."""
    return not any(word in MONTHS and word != "mar" for word in plain(text).split())


def _made(year: int, month: int, number: int) -> date:
    try:
        made = date(year, month, number)
    except ValueError:
        raise Bad("date_impossible") from None
    if made < EARLIEST or year > 2199:
        raise Bad("date_impossible")
    return made
