"""The calendar of mailings over one's clients: a month of days, and the same as a list; holidays of Quebec are marked.

Weeks begin on Sunday, as on calendars here. A mailing stands on the day, and at the time, of its own client.
"""

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from campaigns.models import Mailing
from campaigns.preflight.holidays import holidays
from contacts.consent.terms import add_months
from cyberadmin.accounts.models import Account
from cyberadmin.accounts.my_clients import MyClientsPage
from cyberadmin.accounts.scoping import place

#: More mailings than this are not drawn for one month; the page says so.
MOST = 1_000
_MONTH = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Entry:
    """One mailing: its client, when it leaves in that client's time, and its page."""

    mailing: Mailing
    account: Account
    leaves: datetime
    url: str

    @property
    def is_over(self) -> bool:
        """Whether it has left, or was stopped."""
        return self.mailing.stage not in (Mailing.Stage.NEW, Mailing.Stage.SCHEDULED)


@dataclass
class Day:
    """One day of the calendar. `is_inside`: it belongs to the month that is shown."""

    on: date
    is_inside: bool
    is_today: bool
    holiday: Any
    entries: list[Entry] = field(default_factory=list)


def month_of(text: str, today: date) -> date:
    """The first day of the month that an address names; this month when it names none."""
    return date.fromisoformat(f"{text}-01") if _MONTH.fullmatch(text) else today.replace(day=1)


def weeks(first: date, today: date) -> list[list[Day]]:
    """The weeks of a month, from Sunday to Saturday, with the days of its neighbours that fill them."""
    rows = calendar.Calendar(calendar.SUNDAY).monthdatescalendar(first.year, first.month)
    free = holidays(first.year - 1) | holidays(first.year) | holidays(first.year + 1)
    return [[Day(day, day.month == first.month, day == today, free.get(day)) for day in row] for row in rows]


def fill(rows: list[list[Day]], accounts: Sequence[Account], root: str) -> bool:
    """Put the mailings of these clients on their days; whether there are more than are drawn. One query."""
    days = {day.on: day for row in rows for day in row}
    of_pk = {account.pk: account for account in accounts}
    # A day of any client lies within a day of the same day in UTC.
    begins = datetime.combine(min(days), time.min, ZoneInfo("UTC")) - timedelta(days=1)
    found = Mailing.objects.filter(
        account__in=of_pk,
        gone_at=None,
        deleted_at=None,
        send_at__gte=begins,
        send_at__lt=begins + timedelta(days=len(days) + 2),
    ).exclude(purpose=Mailing.Purpose.TEST)
    listed = list(
        found.only("account", "subject", "language", "send_at", "stage").order_by("send_at", "pk")[: MOST + 1]
    )
    for mailing in listed[:MOST]:
        account = of_pk[mailing.account_id]
        if mailing.send_at is None:
            continue
        leaves = timezone.localtime(mailing.send_at, account.zone)
        if leaves.date() in days:
            url = place(root, "admin:campaigns_mailing_change", mailing.pk, account=account)
            days[leaves.date()].entries.append(Entry(mailing, account, leaves, url))
    return len(listed) > MOST


class CalendarPage(MyClientsPage):
    """One month; `?month=2026-11`, `?client=` a short name, `?view=list`. On a phone it is always the list."""

    template_name = "console/calendar.html"
    title = gettext_lazy("Calendar of mailings")

    def get(self, request: HttpRequest) -> HttpResponse:
        accounts, today = self.accounts(), timezone.localdate()
        first = month_of(request.GET.get("month", ""), today)
        chosen = [one for one in accounts if one.slug == request.GET.get("client", "")]
        rows = weeks(first, today)
        root = (request.META.get("SCRIPT_NAME") or "").rstrip("/") + "/"
        more = fill(rows, chosen or accounts, root)
        inside = [day for row in rows for day in row if day.is_inside]
        return self.render(
            first=first,
            weeks=rows,
            days=[day for day in inside if day.entries or day.holiday],
            shown={entry.account.pk: entry.account for day in inside for entry in day.entries}.values(),
            total=sum(len(day.entries) for day in inside),
            more=more,
            accounts=accounts,
            client=chosen[0] if chosen else None,
            as_list=request.GET.get("view") == "list",
            before=add_months(first, -1),
            after=add_months(first, 1),
            this_month=today.replace(day=1),
        )
