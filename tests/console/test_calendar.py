"""The calendar and the charts over all one's clients: right days, right links, nothing of anybody else's client."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Mailing
from cyberadmin.accounts.models import Account
from cyberadmin.console.mailing_calendar import month_of, weeks
from cyberadmin.figures.models import DailyFigure
from cyberadmin.sync.mirror import writing
from tests.world import give, make_account, make_user

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)


def mailing(account: Account, send_at: datetime, subject: str, **fields: Any) -> Mailing:
    with writing():
        return Mailing.objects.create(
            account=account, subject=subject, language="fr_ca", send_at=send_at, **({"stage": "scheduled"} | fields)
        )


def log_in(user: User, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    return client


def on_days(visitor: Client, **query: str) -> dict[date, list[str]]:
    context = visitor.get("/calendar/", query).context
    return {
        day.on: [entry.mailing.subject for entry in day.entries]
        for week in context["weeks"]
        for day in week
        if day.entries
    }


def test_a_mailing_stands_on_the_day_of_its_client() -> None:
    east, west = make_account(time_zone="America/Halifax"), make_account(time_zone="America/Vancouver")
    user = give(give(make_user(), east, "read"), west, "read")
    night = datetime(2026, 11, 11, 4, 30, tzinfo=UTC)
    mailing(east, night, "in Halifax")
    mailing(west, night, "in Vancouver")

    assert on_days(log_in(user), month="2026-11") == {
        date(2026, 11, 10): ["in Vancouver"],
        date(2026, 11, 11): ["in Halifax"],
    }


def test_tests_and_what_is_gone_are_not_on_it() -> None:
    account = make_account()
    user = give(make_user(), account, "read")
    noon = datetime(2026, 11, 11, 17, tzinfo=UTC)
    mailing(account, noon, "test", purpose="test")
    mailing(account, noon, "gone", gone_at=noon)
    mailing(account, noon, "deleted", deleted_at=noon)
    mailing(account, noon - timedelta(days=90), "long ago", stage="sent")
    mailing(account, noon, "real", stage="sent")

    assert on_days(log_in(user), month="2026-11") == {date(2026, 11, 11): ["real"]}


def test_each_mailing_opens_in_its_client() -> None:
    account = make_account()
    client = log_in(give(make_user(), account, "read"))
    made = mailing(account, datetime(2026, 11, 11, 17, tzinfo=UTC), "Gala")

    text = client.get("/calendar/", {"month": "2026-11"}).content.decode()

    url = f"/c/{account.slug}/campaigns/mailing/{made.pk}/"
    assert text.count(f'href="{url}"') == 2
    assert client.get(url).status_code == 200


def test_nobody_sees_a_mailing_a_client_or_a_number_of_somebody_elses() -> None:
    mine, theirs = make_account("Mine"), make_account("Theirs")
    noon = datetime(2026, 11, 11, 17, tzinfo=UTC)
    mailing(mine, noon, "My gala")
    mailing(theirs, noon, "Their gala", emails_sent=5, views=5, stage="sent")
    for account, number in ((mine, 11), (theirs, 987_654)):
        DailyFigure.objects.create(account=account, on=timezone.localdate(), subscribed=number, waiting=0, attention=0)
    client = log_in(give(make_user(), mine, "read"))

    for query in ({"month": "2026-11"}, {"month": "2026-11", "client": theirs.slug}):
        text = client.get("/calendar/", query).content.decode()
        assert "My gala" in text
        assert "Their" not in text
        assert theirs.slug not in text.replace(f"client={theirs.slug}", "")
    figures = client.get("/my-figures/").content.decode()
    assert "Theirs" not in figures
    assert "987" not in figures
    assert client.get("/my-figures/").context["latest"].subscribed == 11
    assert client.get(f"/c/{theirs.slug}/figures/").status_code == 404
    assert client.get(f"/c/{mine.slug}/calendar/").status_code == 404


def test_it_narrows_to_one_client() -> None:
    one, two = make_account("One"), make_account("Two")
    user = give(give(make_user(), one, "read"), two, "read")
    noon = datetime(2026, 11, 11, 17, tzinfo=UTC)
    mailing(one, noon, "first")
    mailing(two, noon, "second")

    assert on_days(log_in(user), month="2026-11", client=two.slug) == {noon.date(): ["second"]}


def test_the_month_begins_on_sunday_and_knows_quebecs_holidays() -> None:
    rows = weeks(date(2026, 6, 1), TODAY)

    assert rows[0][0].on == date(2026, 5, 31)
    assert all(row[0].on.weekday() == 6 for row in rows)
    assert {day.on: str(day.holiday) for row in rows for day in row if day.holiday} == {
        date(2026, 6, 24): "Quebec's National Holiday",
        date(2026, 7, 1): "Canada Day",
    }


@pytest.mark.parametrize("text", ["", "2026-13", "x" * 10_000, "2026-11-02", "0000-01", "9999-12", "'"])
def test_an_address_without_a_good_month_means_this_one(text: str) -> None:
    assert month_of(text, TODAY) == date(2026, 11, 1)
    client = log_in(give(make_user(), make_account(), "read"))
    assert client.get("/calendar/", {"month": text}).status_code == 200


def test_the_first_and_the_last_month_there_are_open() -> None:
    client = log_in(give(make_user(), make_account(), "read"))

    for month in ("1900-01", "2099-12"):
        assert client.get("/calendar/", {"month": month}).status_code == 200


def test_it_takes_no_query_per_client() -> None:
    user = make_user()
    client = log_in(user)
    counted = []
    for number in (3, 37):
        for _each in range(number):
            account = make_account()
            give(user, account, "read")
            mailing(account, timezone.now(), "Gala", emails_sent=9)
            DailyFigure.objects.create(account=account, on=timezone.localdate(), subscribed=1, waiting=0, attention=0)
        for path in ("/calendar/", "/my-figures/"):
            with CaptureQueriesContext(connection) as caught:
                client.get(path)
            counted.append(len(caught))

    assert counted[:2] == counted[2:]


def test_they_speak_french() -> None:
    account = make_account()
    client = log_in(give(make_user(), account, "read"), "fr")
    mailing(account, datetime(2026, 6, 11, 18, 30, tzinfo=UTC), "Gala")

    text = client.get("/calendar/", {"month": "2026-06"}).content.decode()

    assert "14\u00a0h\u00a030" in text or "14 h 30" in text
    assert "Juin 2026" in text
    assert "Fête nationale" in text
    assert "Contacts abonnés" in client.get("/my-figures/").content.decode()
