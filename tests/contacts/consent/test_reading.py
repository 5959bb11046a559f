"""Reading consents in the background: in which order, how fast, and what it gives way to."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from contacts.consent import radar, reading, setting, terms
from contacts.consent.ledger import Facts
from contacts.models import ConsentReading, ConsentRecord
from cyberadmin.accounts.models import Account
from cyberadmin.sync import clock, pull
from tests.world import World

pytestmark = pytest.mark.django_db


def people(world: World, number: int) -> None:
    for one in range(number):
        world.remote_member(
            f"p{one}@example.com",
            consentType="implied",
            relationType="partners",
            consentDate="2026-01-05 00:00:00.000",
            consentExpiration="2028-01-05 00:00:00.000",
            consentProof="Fair",
        )
    world.pull()


def asked(world: World) -> int:
    """Requests for a consent that the vendor got."""
    return sum("/consent" in one["path"] for one in world.sandbox.requests() if one["method"] == "GET")


def test_everybody_is_read_once_and_written_down(world: World) -> None:
    people(world, 23)
    before = asked(world)
    assert reading.run(30) == 23
    assert asked(world) - before == 23
    contact = world.contact("p22@example.com")
    assert (contact.consent_relation, contact.consent_proof) == ("partners", "Fair")
    assert (contact.consent_on, contact.consent_expires_on) == (date(2026, 1, 5), date(2028, 1, 5))
    assert ConsentRecord.objects.filter(source="seen", relation="partners").count() == 23
    tally = radar.tallies([world.account], terms.today(world.account))[0]
    assert (tally.unread, tally.total) == (0, 23)
    assert ConsentReading.objects.get().read == 23
    assert reading.run(30) == 0


def test_what_ends_soon_is_read_again_every_week_and_the_rest_every_month(world: World) -> None:
    people(world, 2)
    soon = terms.today(world.account) + timedelta(days=30)
    world.remote_edit("p1@example.com", consentExpiration=f"{soon} 00:00:00.000")
    reading.run(30)
    clock.advance(8 * 24 * 3600)
    assert [contact.email for contact in reading.due(world.account, 10)] == ["p1@example.com"]
    assert reading.run(30) == 1
    clock.advance(31 * 24 * 3600)
    assert len(reading.due(world.account, 10)) >= 1
    assert reading.run(30) == 2


def test_what_was_set_is_read_back_a_little_later(world: World) -> None:
    people(world, 1)
    reading.run(30)
    setting.set_consent(
        world.editor, world.contact("p0@example.com"), Facts("active-clients", date(2026, 3, 1), "Invoice")
    )
    world.push()
    assert reading.due(world.account, 10) == []
    clock.advance(180)
    assert reading.run(30) == 1
    assert reading.due(world.account, 10) == []


def test_it_gives_way_to_edits_and_pulls(world: World) -> None:
    people(world, 3)
    setting.set_consent(
        world.editor, world.contact("p0@example.com"), Facts("active-clients", date(2026, 3, 1), "Invoice")
    )
    assert reading.run(30) == 0
    world.push()
    run = pull.request(world.account, "incremental")
    assert reading.run(30) == 0
    pull.run_due(world.account.pk)
    run.refresh_from_db()
    assert run.finished_at is not None
    assert reading.run(30) == 2


def test_two_workers_never_read_one_client_at_once(world: World) -> None:
    people(world, 1)
    ConsentReading.objects.create(account=world.account, lease_until=clock.now() + timedelta(minutes=1))
    assert reading.run(30) == 0
    clock.advance(120)
    assert reading.run(30) == 1


def test_a_paused_client_and_a_refused_token_stop_it(world: World) -> None:
    people(world, 3)
    Account.objects.update(paused_reason="person")
    assert reading.run(30) == 0
    Account.objects.update(paused_reason="")
    world.sandbox.control("DELETE", "tokens", account=world.remote)
    assert reading.run(30) == 0
    world.account.refresh_from_db()
    assert world.account.paused_reason == "token"


def test_somebody_who_left_meanwhile_holds_nothing_up(world: World) -> None:
    people(world, 2)
    world.sandbox.control("POST", "unsubscribe", account=world.remote, email="p0@example.com")
    assert reading.run(30) == 2
    assert reading.due(world.account, 10) == []
    assert ConsentRecord.objects.filter(source="seen", email_key="p0@example.com").count() == 0


def test_no_time_means_no_reading(world: World) -> None:
    people(world, 1)
    assert reading.run(0) == 0


def test_a_type_that_moved_in_the_list_is_read_again_first(world: World) -> None:
    people(world, 2)
    reading.run(30)
    world.remote_edit("p1@example.com", consentType="express")
    world.pull()
    assert [contact.email for contact in reading.due(world.account, 10)] == ["p1@example.com"]
    moved = ConsentRecord.objects.filter(email_key="p1@example.com").order_by("pk")
    assert [(row.source, row.consent_type) for row in moved] == [("seen", "implied"), ("seen", "express")]
