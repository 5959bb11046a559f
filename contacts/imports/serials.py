"""Dates as the numbers that Excel keeps. Plain Python: the child process that reads workbooks uses it too."""

from datetime import date, datetime, timedelta

#: 31 December 2199.
MAX_SERIAL = 109_574


def from_serial(serial: float, since_1904: bool = False) -> datetime | None:
    """The moment that Excel shows for a number; None beyond what it shows, and for its 29 February 1900."""
    if not 0 < serial < MAX_SERIAL or int(serial) == 60 and not since_1904:
        return None
    start = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 31 if serial < 60 else 30)
    return start + timedelta(seconds=round(serial * 86_400))


def as_text(serial: float, since_1904: bool = False) -> str | None:
    """The same as ISO text, without a time when there is none."""
    moment = from_serial(serial, since_1904)
    if moment is None:
        return None
    return moment.date().isoformat() if moment.time() == datetime.min.time() else moment.isoformat(" ")


def day_of(serial: float, since_1904: bool = False) -> date | None:
    """The same as a date."""
    moment = from_serial(serial, since_1904)
    return moment.date() if moment else None
