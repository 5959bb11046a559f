"""Quebec's statutory holidays, computed (Act respecting labour standards, s. 60; National Holiday Act)."""

from datetime import date, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MONDAY, SATURDAY, SUNDAY = 0, 5, 6


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous computus)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    leap, off = divmod(century, 4)
    shift = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - leap - shift + 15) % 30
    weekday = (32 + 2 * off + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def holidays(year: int) -> dict[date, Promise]:
    """The holidays of a year, by day. Canada Day moves to Monday when July 1 is a Sunday."""
    sunday = easter(year)
    canada = date(year, 7, 1)
    return {
        date(year, 1, 1): _("New Year's Day"),
        sunday - timedelta(days=2): _("Good Friday"),
        sunday + timedelta(days=1): _("Easter Monday"),
        _monday(date(year, 5, 18)): _("National Patriots' Day"),
        date(year, 6, 24): _("Quebec's National Holiday"),
        canada + timedelta(days=1) if canada.weekday() == SUNDAY else canada: _("Canada Day"),
        _monday(date(year, 9, 1)): _("Labour Day"),
        _monday(date(year, 10, 8)): _("Thanksgiving"),
        date(year, 12, 25): _("Christmas Day"),
    }


def holiday(day: date) -> Promise | None:
    """The holiday on that day, or None."""
    return holidays(day.year).get(day)


def is_bridge(day: date) -> bool:
    """Whether it is a working day between a holiday and a weekend (or another holiday), when many people are away."""
    if _is_off(day):
        return False
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    return _is_off(before) and _is_off(after)


def _is_off(day: date) -> bool:
    return day.weekday() in (SATURDAY, SUNDAY) or holiday(day) is not None


def _monday(earliest: date) -> date:
    """The first Monday on or after that day."""
    return earliest + timedelta(days=(MONDAY - earliest.weekday()) % 7)
