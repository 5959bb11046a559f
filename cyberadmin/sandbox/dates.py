"""Dates as the vendor shows and reads them (api/README.md 3): Eastern time, no offset unless one is asked for."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/Toronto")
STYLES = ("ISO8601", "ATOM")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# Outside of these years a zone offset could leave the range of ``datetime``; no contact is concerned.
FIRST_YEAR, LAST_YEAR = 1800, 2200


class DateStyle:
    """Renders UTC milliseconds as text: Eastern ``Y-m-d H:i:s.mmm``, or ISO8601 / ATOM with an offset."""

    def __init__(self, style: str = "", digits: int = 3) -> None:
        self.style = style
        self.digits = digits

    def show(self, ms: int | None) -> str | None:
        return None if ms is None else self.text(ms)

    def text(self, ms: int) -> str:
        seconds, fraction = divmod(ms, 1000)
        moment = datetime.fromtimestamp(seconds, EASTERN)
        if self.style == "ATOM":
            return moment.isoformat()
        if self.style == "ISO8601":
            shown = moment.isoformat()
            return shown[:-3] + shown[-2:]
        shown = moment.isoformat(" ")[:19]
        if self.digits == 3:
            return f"{shown}.{fraction:03d}"
        return f"{shown}.{fraction:03d}000" if self.digits == 6 else shown


def parse_day(text: str) -> date | None:
    """The day written as yyyy-mm-dd, or None when it is not one."""
    if not DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def day_start(day: date) -> int:
    """First millisecond (UTC epoch) of an Eastern day."""
    return int(datetime(day.year, day.month, day.day, tzinfo=EASTERN).timestamp()) * 1000


def day_after(day: date) -> int:
    """First millisecond of the Eastern day that follows: the exclusive end of a ``...To`` filter."""
    return day_start(day + timedelta(days=1))


def day_of(ms: int) -> date:
    return datetime.fromtimestamp(ms / 1000, EASTERN).date()


def months_since(day: date, ms: int) -> int:
    """Whole months from the month of a day to that of a moment; 0 for an earlier one."""
    later = day_of(ms)
    return max((later.year - day.year) * 12 + later.month - day.month, 0)


def add_months(day: date, months: int) -> date:
    """The same day some months later, cut to the length of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def parse_instant(value: str | int | float) -> int:
    """Milliseconds from an epoch in seconds or an ISO text (naive text is Eastern). Raises ValueError."""
    if isinstance(value, (int, float)):
        return int(value * 1000)
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=EASTERN)
    return int(moment.timestamp() * 1000)


def utc_text(ms: int) -> str:
    """ISO text in UTC with milliseconds, for the journal."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
