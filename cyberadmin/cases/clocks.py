"""How long there is to answer: 10 business days for an unsubscription (product.md 3a, L8), 30 days under Law 25 (3b, L11).

Business days leave out weekends and Quebec's holidays. The day of receipt does not count.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from campaigns.preflight.holidays import SATURDAY, holiday
from cyberadmin.sync.clock import now

from .models import Case

BUSINESS_DAYS = 10
LAW_25_DAYS = 30
#: Red from so many days before the end: of business days for an unsubscription, of days under Law 25.
RED = 5
AMBER = 10


@dataclass(frozen=True)
class Clock:
    """Where a case stands in time. `left`: days until `due_on`, of business where `business`; negative when it is over."""

    due_on: date
    left: int
    business: bool

    @property
    def is_over(self) -> bool:
        """Whether the last day has passed."""
        return self.left < 0

    @property
    def tone(self) -> str:
        """bad when red, warn when it comes near, else info."""
        if self.left <= RED:
            return "bad"
        return "warn" if self.left <= AMBER and not self.business else "info"

    @property
    def late_by(self) -> int:
        """How many days too late it is, 0 when it is not."""
        return max(0, -self.left)


def today() -> date:
    """The day at the agency."""
    return timezone.localdate(now())


def is_business_day(day: date) -> bool:
    """Whether it is neither a weekend nor a holiday in Quebec."""
    return day.weekday() < SATURDAY and holiday(day) is None


def due_on(kind: str, received: date) -> date:
    """The last day to answer a request received on that day."""
    if kind != Case.Kind.UNSUBSCRIBE:
        return received + timedelta(days=LAW_25_DAYS)
    day, left = received, BUSINESS_DAYS
    while left:
        day += timedelta(days=1)
        left -= is_business_day(day)
    return day


def clock(case: Case, day: date | None = None) -> Clock:
    """The clock of a case on that day, today unless given."""
    day = day or today()
    business = case.kind == Case.Kind.UNSUBSCRIBE
    if not business:
        return Clock(case.due_on, (case.due_on - day).days, False)
    return Clock(case.due_on, _business_days(day, case.due_on), True)


def red_until(kind: str, day: date) -> date:
    """The latest `due_on` of this kind whose clock is red on that day."""
    if kind != Case.Kind.UNSUBSCRIBE:
        return day + timedelta(days=RED)
    last, left = day, RED
    while left or not is_business_day(last + timedelta(days=1)):
        last += timedelta(days=1)
        left -= is_business_day(last) and left > 0
    return last


def _business_days(start: date, end: date) -> int:
    """Business days after `start` up to `end`; negative when `end` lies before."""
    sign = 1 if end >= start else -1
    early, late = sorted((start, end))
    days = (early + timedelta(days=number) for number in range(1, (late - early).days + 1))
    count = sum(is_business_day(day) for day in days)
    # A weekend after the last day is too late already.
    return sign * count if sign > 0 else -max(count, 1)
