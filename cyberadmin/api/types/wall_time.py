"""Moments as the vendor takes them: wall time without offset (api/README.md 3)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


class SkippedTime(ValueError):
    """The time does not exist where it was said: the clocks jumped over it."""


class DoubledTime(ValueError):
    """The time exists twice in the zone, and the wire cannot say which of the two is meant."""


def wall_time(moment: datetime, zone: ZoneInfo) -> str:
    """`moment` as `yyyy-mm-dd HH:MM:SS` in `zone`, such that reading it there gives the same moment back.

    Raises `SkippedTime`, `DoubledTime`, or ValueError for a datetime without zone or with a fraction of a second.
    """
    if moment.utcoffset() is None:
        raise ValueError("a moment needs a time zone")
    if moment.microsecond:
        raise ValueError("the vendor takes whole seconds")
    try:
        instant = moment.astimezone(UTC)
        # Arithmetic on a skipped time would silently move it by an hour.
        if instant.astimezone(moment.tzinfo).replace(tzinfo=None) != moment.replace(tzinfo=None):
            raise SkippedTime(f"{_text(moment)} does not exist in {moment.tzinfo}")
        local = instant.astimezone(zone)
    except OverflowError:
        raise ValueError("no calendar holds this moment") from None
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        raise DoubledTime(f"{_text(local)} exists twice in {zone}")
    return _text(local)


def _text(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ")
