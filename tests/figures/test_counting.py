"""One row for each client and day, the year before it reckoned back and marked, and what charts read of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Mailing
from contacts.models import Contact
from cyberadmin.accounts.models import Account
from cyberadmin.figures import counting, reading
from cyberadmin.figures.models import DailyFigure
from cyberadmin.sync import clock
from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Change, PullRun
from tests.world import make_account

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    yield
    clock.reset()


def read_once(name: str = "", **fields: Any) -> Account:
    account = make_account(name, **fields)
    PullRun.objects.create(account=account, scope="full", state="complete", started_at=now())
    return account


def contact(account: Account, joined_days_ago: int | None, **fields: Any) -> Contact:
    number = Contact.objects.count() + 1
    joined = None if joined_days_ago is None else noon(account, joined_days_ago)
    with writing():
        return Contact.objects.create(
            account=account,
            email=f"{number}@example.com",
            email_key=f"{number}@example.com",
            remote_id=number,
            joined_at=joined,
            **fields,
        )


def noon(account: Account, days_ago: int) -> datetime:
    today = now().astimezone(account.zone)
    return (today - days_ago * DAY).replace(hour=12, minute=0)


def known(account: Account) -> dict[int, tuple[int, bool]]:
    """{days ago: (subscribed, estimated)}"""
    today = now().astimezone(account.zone).date()
    rows = DailyFigure.objects.filter(account=account)
    return {(today - row.on).days: (row.subscribed, row.estimated) for row in rows}


def test_counts_a_client_once_a_day() -> None:
    account = read_once()
    contact(account, 1)
    contact(account, None, state="unsubscribed")
    contact(account, None, state="bounced")
    contact(account, None, gone_at=now())
    for state in ("queued", "unknown", "failed", "done"):
        Change.objects.create(
            account=account, kind="contact", object_id=1, verb="update", state=state, not_before=now()
        )

    assert counting.count_due() == 1
    contact(account, 0)
    assert counting.count_due() == 0
    clock.advance(86_400)
    assert counting.count_due() == 1

    first, second = DailyFigure.objects.filter(account=account, estimated=False).order_by("on")
    assert (first.subscribed, first.unsubscribed, first.bounced, first.waiting, first.attention) == (1, 1, 1, 2, 1)
    assert second.subscribed == 2
    assert second.on - first.on == DAY


def test_counts_nothing_of_a_client_that_was_never_read_completely() -> None:
    account = make_account()
    PullRun.objects.create(account=account, scope="full", state="incomplete", started_at=now())
    PullRun.objects.create(account=read_once(state="waiting"), scope="full", state="complete", started_at=now())

    assert counting.count_due() == 0
    assert not DailyFigure.objects.exists()


def test_reckons_back_from_the_dates_of_contacts() -> None:
    account = read_once()
    contact(account, 4)
    contact(account, 2)
    contact(account, 5, state="unsubscribed", unsubscribed_at=noon(account, 3))
    contact(account, 5, state="bounced", bounced_at=noon(account, 1))
    contact(account, 5, gone_at=noon(account, 2))

    counting.count_due()

    # As each day began: five days ago nobody had joined yet.
    assert known(account) == {
        0: (2, False), 1: (3, True), 2: (3, True), 3: (4, True), 4: (3, True), 5: (0, True),
    }  # fmt: skip


def test_reckons_back_a_year_at_most_and_only_once() -> None:
    account = read_once()
    contact(account, 900)

    counting.count_due()
    rows = DailyFigure.objects.filter(account=account)

    assert rows.count() == 366
    assert set(rows.values_list("subscribed", flat=True)) == {1}
    clock.advance(86_400)
    counting.count_due()
    assert rows.count() == 367


def test_a_client_without_dates_has_no_past() -> None:
    account = read_once()
    contact(account, None)

    counting.count_due()

    assert known(account) == {0: (1, False)}


def test_a_day_begins_in_the_clients_own_zone() -> None:
    evening = datetime(2026, 3, 10, 3, 30, tzinfo=UTC)
    clock.advance((evening - timezone.now()).total_seconds())
    west, east = read_once(time_zone="America/Vancouver"), read_once(time_zone="America/Halifax")

    counting.count_due()

    assert DailyFigure.objects.get(account=west).on == date(2026, 3, 9)
    assert DailyFigure.objects.get(account=east).on == date(2026, 3, 10)


def test_charts_add_up_the_clients_asked_for_and_no_other() -> None:
    one, two, other = read_once(), read_once(), read_once()
    today = timezone.localdate()
    for account, number in ((one, 5), (two, 7), (other, 1000)):
        DailyFigure.objects.create(account=account, on=today, subscribed=number, waiting=2, attention=1)
    DailyFigure.objects.create(account=one, on=today - DAY, subscribed=4, estimated=True)
    DailyFigure.objects.create(account=one, on=today - 400 * DAY, subscribed=3)

    days = reading.days([one, two], today)

    assert [(day.on, day.subscribed, day.estimated) for day in days] == [
        (today - DAY, 4, True),
        (today, 12, False),
    ]
    assert [(day.waiting, day.attention) for day in reading.queue(days, today)] == [(4, 2)]


def test_opens_and_clicks_are_added_up_by_month() -> None:
    account, other = read_once(), read_once()
    facts = {"stage": "sent", "emails_sent": 200, "views": 50, "clicks": 10}
    for whose, moment, more in (
        (account, datetime(2026, 3, 10, 12, tzinfo=UTC), {}),
        (account, datetime(2026, 3, 20, 12, tzinfo=UTC), {"views": None}),
        (account, datetime(2026, 3, 21, 12, tzinfo=UTC), {"purpose": "test"}),
        (account, datetime(2026, 3, 22, 12, tzinfo=UTC), {"stage": "scheduled"}),
        (account, datetime(2025, 3, 22, 12, tzinfo=UTC), {}),
        (other, datetime(2026, 3, 22, 12, tzinfo=UTC), {}),
    ):
        with writing():
            Mailing.objects.create(account=whose, subject="x", language="fr_ca", send_at=moment, **(facts | more))

    months = reading.months([account], date(2026, 4, 15))

    assert len(months) == 12
    assert (months[0].first, months[-1].first) == (date(2025, 5, 1), date(2026, 4, 1))
    march = months[-2]
    assert (march.mailings, march.sent, march.opened, march.clicked) == (2, 400, 50, 20)
    assert (march.opens, march.clicks) == (0.125, 0.05)
    assert (months[-1].mailings, months[-1].opens) == (0, None)
