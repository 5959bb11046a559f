"""Figures for charts: contacts day by day, opens and clicks month by month, the queue day by day; over some clients."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from campaigns.models import Mailing
from campaigns.results import LEFT
from contacts.consent.terms import add_months
from cyberadmin.accounts.models import Account
from cyberadmin.sync.clock import now

from .models import DailyFigure

YEAR, QUARTER, MONTH, QUEUE_DAYS = (timedelta(days=number) for number in (365, 90, 30, 60))
MONTHS = 12


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
    """The last twelve months, this one last, by the vendor's counters."""
    firsts = [add_months(today.replace(day=1), -number) for number in reversed(range(MONTHS))]
    begins = datetime.combine(firsts[0], time.min, timezone.get_current_timezone())
    rows = _left([one.pk for one in accounts]).filter(send_at__gte=begins)
    summed = {
        row["month"].date(): row
        for row in rows.order_by()
        .values(month=TruncMonth("send_at"))
        .annotate(n=Count("pk"), sent=Sum("emails_sent"), opened=Sum("views"), clicked=Sum("clicks"))
    }
    return [_month(first, summed.get(first)) for first in firsts]


def _month(first: date, row: Mapping[str, Any] | None) -> Month:
    if row is None:
        return Month(first, 0, 0, 0, 0)
    return Month(first, row["n"] or 0, row["sent"] or 0, row["opened"] or 0, row["clicked"] or 0)


@dataclass(frozen=True)
class Summary:
    """One client in a line: contacts now and since the day a month ago (None = not known), shares of the last 90 days."""

    account: Account
    subscribed: int | None
    gained: int | None
    opens: float | None
    clicks: float | None


def summaries(accounts: Collection[Account], today: date) -> list[Summary]:
    """One for each client, in their order; two queries whatever their number."""
    pks = [one.pk for one in accounts]
    lately = DailyFigure.objects.filter(account__in=pks, on__gte=today - MONTH, on__lte=today).order_by("on")
    people: dict[int, list[tuple[date, int]]] = {}
    for pk, on, number in lately.values_list("account", "on", "subscribed"):
        people.setdefault(pk, []).append((on, number))
    left = _left(pks).filter(send_at__gte=now() - QUARTER).values_list("account").order_by()
    sums = left.annotate(sent=Sum("emails_sent"), opened=Sum("views"), clicked=Sum("clicks"))
    mailings = {pk: (sent, opened or 0, clicked or 0) for pk, sent, opened, clicked in sums}
    made = []
    for account in accounts:
        known = people.get(account.pk, [])
        whole_month = bool(known) and known[0][0] == today - MONTH
        sent, opened, clicked = mailings.get(account.pk, (0, 0, 0))
        made.append(
            Summary(
                account,
                subscribed=known[-1][1] if known else None,
                gained=known[-1][1] - known[0][1] if whole_month else None,
                opens=opened / sent if sent else None,
                clicks=clicked / sent if sent else None,
            )
        )
    return made


def _left(pks: Collection[int]) -> QuerySet[Mailing]:
    """The mailings that left and were counted; tests are no mailings (product.md 3d-12)."""
    rows = Mailing.objects.filter(account__in=pks, gone_at=None, stage__in=LEFT, emails_sent__gt=0)
    return rows.exclude(purpose=Mailing.Purpose.TEST)
