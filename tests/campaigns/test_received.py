"""Did my cousin get it? What one person received, from the vendor on demand, with the consent at that date (W18)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns import received, sending
from campaigns.models import Mailing, PersonMailing, PersonReading
from contacts.models import Contact
from cyberadmin.sync import clock
from cyberadmin.sync.mirror import writing
from tests.campaigns.desk import CampaignDesk
from tests.campaigns.pages_desk import PagesDesk, words
from tests.campaigns.test_pages_results import EVIL, listed, sent
from tests.campaigns.test_pages_results import desk as pages
from tests.world import give, make_account, make_user

__all__ = ["pages"]
pytestmark = pytest.mark.django_db


def leave(desk: CampaignDesk) -> tuple[Mailing, Contact]:
    """A mailing that left and was opened by one person."""
    (mailing,) = desk.scheduled(ahead=timedelta(days=2))
    desk.world.settle()
    desk.world.sandbox.advance(timedelta(days=4).total_seconds())
    clock.advance(timedelta(days=4).total_seconds())
    mailing.refresh_from_db()
    email = "personne0@example.com"
    desk.world.sandbox.control(
        "POST", f"mailings/{mailing.remote_id}/outcome", account=desk.world.remote, kind="open", email=email
    )
    return mailing, desk.world.contact(email)


# --- reading ---
def test_a_person_is_read_on_demand_and_kept(desk: CampaignDesk) -> None:
    mailing, contact = leave(desk)
    assert received.received(contact).rows == []
    received.read(contact.account_id, contact.pk)
    found = received.received(contact)
    (row,) = found.rows
    assert (row.mailing, row.subject, row.opened) == (mailing, mailing.subject, True)
    assert row.opened_at is not None
    assert (row.clicked, row.end) == (None, "")
    assert found.is_fresh
    assert found.reading is not None
    assert found.reading.is_whole

    # The same again is the same; a failure keeps what was read.
    received.read(contact.account_id, contact.pk)
    assert PersonMailing.objects.count() == 1
    desk.world.sandbox.faults({"action": "status", "code": 500, "path": "/members/{key}/mailings"})
    received.read(contact.account_id, contact.pk)
    found = received.received(contact)
    assert len(found.rows) == 1
    assert found.reading is not None
    assert found.reading.error == "ServerError"
    clock.advance(600)
    assert not received.received(contact).is_fresh


def test_a_mailing_that_the_mirror_does_not_have_is_told_all_the_same(desk: CampaignDesk) -> None:
    mailing, contact = leave(desk)
    with writing():
        Mailing.objects.filter(pk=mailing.pk).delete()
    received.read(contact.account_id, contact.pk)
    (row,) = received.received(contact).rows
    assert (row.mailing, row.subject, row.remote_id) == (None, mailing.subject, mailing.remote_id)


def test_who_left_is_not_asked_for_and_keeps_what_was_read(desk: CampaignDesk) -> None:
    _mailing, contact = leave(desk)
    received.read(contact.account_id, contact.pk)
    with writing():
        Contact.objects.filter(pk=contact.pk).update(remote_id=None, state="unsubscribed")
    contact.refresh_from_db()
    calls = len(desk.world.sandbox.journal(account=desk.world.remote))
    clock.advance(600)
    received.read(contact.account_id, contact.pk)
    assert len(desk.world.sandbox.journal(account=desk.world.remote)) == calls
    assert len(received.received(contact).rows) == 1
    assert not received.can_be_read(contact)


def test_a_stranger_is_never_read_for_another_client(desk: CampaignDesk) -> None:
    _mailing, contact = leave(desk)
    received.read(make_account().pk, contact.pk)
    assert not PersonReading.objects.exists()


def test_a_test_mailing_is_told_too(desk: CampaignDesk) -> None:
    made = sending.send_test(desk.writer, desk.written().editions.get(), desk.one)
    desk.world.push()
    desk.world.sandbox.advance(timedelta(days=1).total_seconds())
    contact = desk.world.contact("personne0@example.com")
    received.read(contact.account_id, contact.pk)
    assert [row.mailing for row in received.received(contact).rows] == [made]


# --- consent then ---
@pytest.mark.parametrize(
    ("values", "tone"),
    [
        ({}, "quiet"),
        ({"consent_type": "express", "consent_on": date(2026, 1, 5)}, "good"),
        ({"consent_type": "implied", "consent_on": date(2026, 1, 5), "consent_expires_on": date(2026, 6, 10)}, "good"),
        ({"consent_type": "implied", "consent_on": date(2024, 1, 5), "consent_expires_on": date(2026, 6, 9)}, "bad"),
        ({"consent_type": "express", "consent_on": date(2026, 6, 11)}, "quiet"),
        ({"consent_type": "express", "consent_on": date(2026, 1, 5), "unsubscribed_at": "2026-03-01T12:00:00Z"}, "bad"),
    ],
)
def test_the_consent_on_file_is_held_against_the_date(values: dict[str, Any], tone: str) -> None:
    left = values.get("unsubscribed_at")
    moment = timezone.datetime(2026, 6, 10, 14, tzinfo=timezone.get_fixed_timezone(0))
    contact = Contact(account=make_account(), email="a@example.com", **{**values, "unsubscribed_at": None})
    if left:
        contact.unsubscribed_at = timezone.datetime.fromisoformat(left)
    assert received.consent_then(contact, moment).tone == tone
    assert received.consent_then(contact, None).tone == "quiet"


# --- pages ---
def person(pages: PagesDesk, **values: Any) -> Contact:
    with writing():
        return Contact.objects.create(
            account=pages.account, email="Zoe@example.com", email_key="zoe@example.com", remote_id=1, **values
        )


def told(contact: Contact, mailing: Mailing, **values: Any) -> None:
    now = timezone.now()
    reading, _made = PersonReading.objects.get_or_create(contact=contact, defaults={"tried_at": now, "read_at": now})
    row = {"subject": mailing.subject, "language": "fr_ca", "sent_at": now, "opened": False, **values}
    PersonMailing.objects.create(reading=reading, mailing=mailing, remote_id=mailing.remote_id, **row)


def test_both_sources_are_one_table(pages: PagesDesk) -> None:
    contact = person(pages, consent_type="express", consent_on=date(2020, 1, 5), consent_read_at=timezone.now())
    first, second, third = sent(pages, EVIL), sent(pages, "Deux"), sent(pages, "Trois")
    told(contact, first)
    told(contact, second, opened=True)
    listed(first, "clicked", ("other@example.com", "X"))
    listed(first, "soft-bounced", ("zoe@example.com", "Z"))
    listed(third, "clicked", ("zoe@example.com", "Z"))
    response = pages.get("mailing/received/", email="ZOE@example.com")
    rows = {row.mailing: row for row, *_rest in response.context["rows"]}
    assert {one: (row.opened, row.clicked, row.end) for one, row in rows.items()} == {
        first: (False, False, "soft-bounced"),
        second: (True, None, ""),
        third: (None, True, ""),
    }
    assert EVIL not in response.content.decode()
    assert words(response).count("2020") >= 3
    assert pages.get("mailing/received/", email="nobody@example.com").context["contact"] is None


def test_the_contacts_page_has_them_and_waits_for_fresh_ones(pages: PagesDesk) -> None:
    contact = person(pages)
    for number in range(7):
        told(contact, sent(pages, f"Envoi {number}"), sent_at=timezone.now() - timedelta(days=number))
    PersonReading.objects.update(tried_at=timezone.now() - timedelta(hours=1))
    page = pages.client.get(f"/c/{pages.account.slug}/contacts/contact/{contact.pk}/")
    text = words(page)
    assert "Envoi 0" in text
    assert "Envoi 4" in text
    assert "Envoi 5" not in text
    assert "data-renew" in page.content.decode()
    status = pages.get("mailing/received/status/", contact=contact.pk, part="table").json()
    assert status["final"] is False
    assert "Envoi 6" in status["html"]
    PersonReading.objects.update(tried_at=timezone.now())
    assert pages.get("mailing/received/status/", contact=contact.pk).json()["final"] is True
    # Just read: nobody asks again; a paused client cannot be asked at all.
    path = f"/c/{pages.account.slug}/contacts/contact/{contact.pk}/"
    assert "data-renew" not in pages.client.get(path).content.decode()
    PersonReading.objects.update(tried_at=timezone.now() - timedelta(hours=1))
    type(pages.account).objects.update(paused_reason="person")
    assert "data-renew" not in pages.client.get(path).content.decode()
    elsewhere = make_account()
    stranger = PagesDesk(elsewhere, give(make_user(), elsewhere, "read"))
    for person_there, wanted in ((stranger, contact.pk), (pages, "x" * 30), (pages, 10**16)):
        answer = person_there.get("mailing/received/status/", contact=wanted)
        assert answer.json() == {"html": "", "final": False}
