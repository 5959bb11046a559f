"""Figures for charts: contacts day by day, opens and clicks month by month, the queue day by day; over some clients."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from campaigns.models import Mailing
from campaigns.results import LEFT
from contacts.consent.terms import add_months
from cyberadmin.accounts.models import Account

from .models import DailyFigure

YEAR, QUEUE_DAYS, MONTHS = timedelta(days=365), timedelta(days=60), 12


@dataclass(frozen=True)
class Day:
    """One day over some clients. `estimated`: of at least one of them it was reckoned, not counted."""

    on: date
    subscribed: int
    estimated: bool
    waiting: int | None
    attention: int | None


@dataclass(frozen=True)
class Month:
    """The mailings that left in one month. Shares are of the e-mails sent; None when none was."""

    first: date
    mailings: int
    sent: int
    opened: int
    clicked: int

    @property
    def opens(self) -> float | None:
        """The share that was opened."""
        return self.opened / self.sent if self.sent else None

    @property
    def clicks(self) -> float | None:
        """The share that was clicked."""
        return self.clicked / self.sent if self.sent else None


def days(accounts: Collection[Account], today: date) -> list[Day]:
    """The last year, oldest first. A client that was not known on a day adds nothing to it."""
    rows = DailyFigure.objects.filter(account__in=[one.pk for one in accounts], on__gt=today - YEAR, on__lte=today)
    summed = rows.values("on").annotate(
        people=Sum("subscribed"),
        reckoned=Max("pk", filter=Q(estimated=True)),
        queue=Sum("waiting"),
        problems=Sum("attention"),
    )
    return [
        Day(row["on"], row["people"], row["reckoned"] is not None, row["queue"], row["problems"])
        for row in summed.order_by("on")
    ]


def queue(of: list[Day], today: date) -> list[Day]:
    """The last days of which the queue was counted."""
    return [day for day in of if day.waiting is not None and day.on > today - QUEUE_DAYS]


def months(accounts: Collection[Account], today: date) -> list[Month]:
    """The last twelve months, this one last, by the vendor's counters; tests are no mailings (product.md 3d-12)."""
    firsts = [add_months(today.replace(day=1), -number) for number in reversed(range(MONTHS))]
    begins = datetime.combine(firsts[0], time.min, timezone.get_current_timezone())
    rows = Mailing.objects.filter(
        account__in=[one.pk for one in accounts], gone_at=None, stage__in=LEFT, send_at__gte=begins, emails_sent__gt=0
    ).exclude(purpose=Mailing.Purpose.TEST)
    summed = {
        row["month"].date(): row
        for row in rows.order_by()
        .values(month=TruncMonth("send_at"))
        .annotate(n=Count("pk"), sent=Sum("emails_sent"), opened=Sum("views"), clicked=Sum("clicks"))
    }
    return [_month(first, summed.get(first)) for first in firsts]


def _month(first: date, row: dict[str, int | None] | None) -> Month:
    if row is None:
        return Month(first, 0, 0, 0, 0)
    return Month(first, row["n"] or 0, row["sent"] or 0, row["opened"] or 0, row["clicked"] or 0)
