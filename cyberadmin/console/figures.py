"""Charts over time: contacts, opens and clicks, the queue; of one client, or of all one's clients together."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts.models import Account
from cyberadmin.accounts.my_clients import MyClientsPage
from cyberadmin.accounts.scoping import ScopedPage, address
from cyberadmin.charts import columns, curves
from cyberadmin.figures import reading
from cyberadmin.figures.reading import Day
from cyberadmin.sync.clock import now


class ClientFiguresPage(ScopedPage):
    """The charts of the client in the address."""

    template_name = "console/figures.html"
    title = gettext_lazy("Figures")

    def get(self, request: HttpRequest) -> HttpResponse:
        today = now().astimezone(self.account.zone).date()
        return self.render(**charts([self.account], today))


class MyFiguresPage(MyClientsPage):
    """The charts over all one's clients, and what each of them adds."""

    template_name = "console/figures.html"
    title = gettext_lazy("Figures")

    def get(self, request: HttpRequest) -> HttpResponse:
        accounts, today = self.accounts(), timezone.localdate()
        rows = [
            (one, address(request, "admin:account_figures", account=one.account), share(one.opens), share(one.clicks))
            for one in reading.summaries(accounts, today)
        ]
        return self.render(rows=rows, **charts(accounts, today))


def charts(accounts: Sequence[Account], today: date) -> dict[str, Any]:
    """The context of the charts: contacts, opens, clicks and queue, each with its table; from two queries."""
    days, months = reading.days(accounts, today), reading.months(accounts, today)
    queue = reading.queue(days, today)
    return {
        "contacts": curves([day.on for day in days], *_estimated_and_counted(days)),
        "contact_rows": _monthly(days),
        "estimated": any(day.estimated for day in days),
        "latest": days[-1] if days else None,
        "opens": columns({month.first: (month.opens or 0.0) * 100 for month in months}, figure),
        "clicks": columns({month.first: (month.clicks or 0.0) * 100 for month in months}, figure),
        "months": [(month, share(month.opens), share(month.clicks)) for month in months],
        "has_mailings": any(month.sent for month in months),
        "queue": curves([day.on for day in queue], [day.waiting for day in queue], [day.attention for day in queue]),
        "queue_rows": queue[::-1],
    }


def figure(value: float) -> str:
    """How many in a hundred, short enough for the head of a column."""
    return str(number_format(value, 1 if value < 10 else 0))


def share(value: float | None) -> str:
    """A share as people read it; a dash for none."""
    return "–" if value is None else _("%(number)s %%") % {"number": figure(value * 100)}


def _estimated_and_counted(days: list[Day]) -> tuple[list[int | None], list[int | None]]:
    """Two series: what was reckoned, up to the first day that was counted; and what was counted."""
    counted: list[int | None] = [None if day.estimated else day.subscribed for day in days]
    reckoned: list[int | None] = [day.subscribed if day.estimated else None for day in days]
    for place, (before, day) in enumerate(zip(days, days[1:], strict=False), 1):
        if before.estimated and not day.estimated:
            reckoned[place] = day.subscribed
    return reckoned, counted


def _monthly(days: list[Day]) -> list[Day]:
    """The first known day of each month and the latest one, newest first: what a table tells of a year."""
    chosen: dict[date, Day] = {}
    for day in days:
        chosen.setdefault(day.on.replace(day=1), day)
    rows = list(chosen.values())
    if days and rows[-1] != days[-1]:
        rows.append(days[-1])
    return rows[::-1]
