"""The digest by e-mail: off by default, once a day, in the person's language, of the clients they may see, no contact."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import translation

from cyberadmin.accounts.models import Account, AccountAccess, AuditEvent
from cyberadmin.console import digest
from cyberadmin.figures.models import DigestChoice, DigestSent
from cyberadmin.people.models import Profile
from cyberadmin.sync import clock
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Change, PullRun
from tests.world import give, make_account, make_user

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("America/Toronto")
#: A Monday in the week in which the clocks have just been put forward.
MONDAY = date(2026, 3, 9)


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    yield
    clock.reset()


@pytest.fixture(autouse=True)
def _configured(settings: Any) -> None:
    settings.EMAIL_CONFIGURED = True
    settings.DEFAULT_FROM_EMAIL = "console@example.org"
    settings.CONSOLE_URL = "https://console.example.org/admin"


def at(day: date, hour: int = 8, minute: int = 0) -> None:
    """Let it be this time in Toronto."""
    wanted = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)
    clock.advance((wanted - now()).total_seconds())


def reader(account: Account, rhythm: str = "weekly", language: str = "en") -> User:
    user = give(make_user(), account, "manage")
    User.objects.filter(pk=user.pk).update(email=f"{user.username}@example.org")
    Profile.objects.create(user=user, language=language)
    if rhythm:
        DigestChoice.objects.create(user=user, rhythm=rhythm)
    return User.objects.get(pk=user.pk)


def client_in_trouble(name: str) -> Account:
    account = make_account(name)
    PullRun.objects.create(account=account, scope="full", state="complete", started_at=now())
    Change.objects.create(
        account=account,
        kind="contact",
        object_id=1,
        object_label="secret@example.com",
        verb="update",
        state="conflict",
        not_before=now(),
    )
    return account


def test_nobody_gets_one_who_did_not_ask() -> None:
    at(MONDAY)
    reader(client_in_trouble("Gala"), rhythm="")
    reader(client_in_trouble("Expo"), rhythm="never")

    assert digest.send_due() == 0
    assert mail.outbox == []


def test_it_says_what_the_page_says_with_addresses_that_open() -> None:
    at(MONDAY)
    account = client_in_trouble("Gala")
    user = reader(account)

    assert digest.send_due() == 1

    [message] = mail.outbox
    html = message.alternatives[0].content
    assert message.to == [user.email]
    assert message.subject == "cyberadmin · 1 thing needs you"
    for text in (message.body, html):
        assert "Gala" in text
        assert "1 change needs a decision" in text
        assert f"https://console.example.org/admin/c/{account.slug}/sync/change/?show=attention" in text
        assert "https://console.example.org/admin/me/digest/" in text
        assert "secret" not in text
    client = Client()
    client.force_login(user)
    for url in set(re.findall(r"https://console\.example\.org/admin(\S+)", message.body)):
        assert client.get(url).status_code == 200, url


def test_each_person_gets_one_a_day_whatever_breaks(settings: Any) -> None:
    at(MONDAY)
    reader(client_in_trouble("Gala"), rhythm="daily")
    for minute in (0, 10, 20):
        at(MONDAY, 8, minute)
        digest.send_due()
    assert len(mail.outbox) == 1

    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 1
    at(MONDAY + timedelta(days=1))
    assert digest.send_due() == 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert digest.send_due() == 0
    assert list(DigestSent.objects.order_by("on").values_list("outcome", flat=True)) == ["sent", "failed"]


def test_one_that_was_begun_and_broke_off_is_not_sent_again() -> None:
    at(MONDAY)
    user = reader(client_in_trouble("Gala"))
    DigestSent.objects.create(user=user, on=MONDAY, at=now())

    assert digest.send_due() == 0
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("day", "hour", "rhythm", "sent"),
    [
        (0, 6, "weekly", 0), (0, 7, "weekly", 1), (0, 10, "weekly", 1), (0, 11, "weekly", 0), (1, 8, "weekly", 0),
        (0, 8, "daily", 1), (4, 8, "daily", 1), (5, 8, "daily", 0), (6, 8, "weekly", 0),
    ],
)  # fmt: skip
def test_it_comes_on_mornings_in_toronto(day: int, hour: int, rhythm: str, sent: int) -> None:
    at(MONDAY + timedelta(days=day), hour)
    reader(client_in_trouble("Gala"), rhythm=rhythm)

    digest.send_due()

    assert len(mail.outbox) == sent


def test_a_client_that_was_taken_away_is_not_in_it() -> None:
    at(MONDAY)
    kept, lost = client_in_trouble("Kept"), client_in_trouble("Lost")
    user = give(reader(kept), lost, "manage")
    AccountAccess.objects.filter(user=user, account=lost).delete()

    digest.send_due()

    [message] = mail.outbox
    for text in (message.body, str(message.alternatives[0].content)):
        assert "Kept" in text
        assert "Lost" not in text
        assert lost.slug not in text


def test_two_people_get_their_own_clients_alone() -> None:
    at(MONDAY)
    users = {name: reader(client_in_trouble(name)) for name in ("Gala", "Expo")}

    digest.send_due()

    bodies = {message.to[0]: message.body for message in mail.outbox}
    assert "Expo" not in bodies[users["Gala"].email]
    assert "Gala" not in bodies[users["Expo"].email]


def test_who_left_or_has_no_address_or_no_client_gets_none() -> None:
    at(MONDAY)
    account = client_in_trouble("Gala")
    User.objects.filter(pk=reader(account).pk).update(is_active=False)
    User.objects.filter(pk=reader(account).pk).update(email="")
    AccountAccess.objects.filter(user=reader(account)).delete()

    digest.send_due()

    assert mail.outbox == []


def test_a_daily_one_says_nothing_when_nothing_needs_one_and_a_weekly_one_says_so() -> None:
    at(MONDAY)
    account = make_account("Calm")
    PullRun.objects.create(account=account, scope="full", state="complete", started_at=now())
    daily, weekly = reader(account, "daily"), reader(account, "weekly")

    digest.send_due()

    assert [(message.to, message.subject) for message in mail.outbox] == [
        ([weekly.email], "cyberadmin · Nothing needs you")
    ]
    assert DigestSent.objects.get(user=daily).outcome == "nothing"


def test_it_speaks_the_persons_language() -> None:
    at(MONDAY)
    reader(client_in_trouble("Théâtre"), language="fr")
    with translation.override("en"):
        digest.send_due()

    [message] = mail.outbox
    assert message.subject == "cyberadmin · 1 chose vous attend"
    assert "1 modification attend une décision" in message.body
    assert '<html lang="fr">' in str(message.alternatives[0].content)
    assert "Vous avez demandé ce courriel." in message.body


@pytest.mark.parametrize("missing", ["EMAIL_CONFIGURED", "CONSOLE_URL"])
def test_without_a_mail_server_or_the_consoles_address_none_is_sent_and_the_page_says_so(
    settings: Any, missing: str
) -> None:
    setattr(settings, missing, "")
    at(MONDAY)
    user = reader(client_in_trouble("Gala"))
    client = Client()
    client.force_login(user)

    assert digest.send_due() == 0
    assert not DigestSent.objects.exists()
    assert "cannot send it yet" in client.get("/me/digest/").content.decode()


def test_one_asks_for_it_and_stops_it_oneself() -> None:
    user = reader(make_account(), rhythm="")
    client = Client()
    client.force_login(user)
    assert "/me/digest/" in client.get("/me/").content.decode()
    assert "cannot send it yet" not in client.get("/me/digest/").content.decode()

    for rhythm in ("daily", "daily", "never"):
        done = client.post("/me/digest/", {"form_token": str(uuid.uuid4()), "rhythm": rhythm})
        assert done.headers["Location"] == "/me/digest/"
        assert DigestChoice.objects.get(user=user).rhythm == rhythm

    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == [
        "digest.asked",
        "digest.stopped",
    ]
    bad = client.post("/me/digest/", {"form_token": str(uuid.uuid4()), "rhythm": "hourly"})
    assert bad.status_code == 200
    assert DigestChoice.objects.get(user=user).rhythm == "never"


def test_without_an_address_one_is_told_where_to_get_it() -> None:
    user = give(make_user(), make_account(), "read")
    client = Client()
    client.force_login(user)

    refused = client.post("/me/digest/", {"form_token": str(uuid.uuid4()), "rhythm": "weekly"}).content.decode()

    assert "has no e-mail address" in refused
    assert not DigestChoice.objects.filter(user=user).exists()
