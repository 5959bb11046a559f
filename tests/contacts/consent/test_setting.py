"""Setting the consent of a contact: what must be said, what the vendor makes of it, and what stays written down."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from contacts import services
from contacts.consent import setting, terms
from contacts.consent.ledger import Facts
from contacts.models import ConsentRecord, Contact, ProofFile
from cyberadmin.sync import clock, details
from cyberadmin.sync import services as engine
from cyberadmin.sync.models import Change
from tests.world import World, give, make_account, make_user

pytestmark = pytest.mark.django_db

EXPRESS = Facts(
    "express-consent", date(2026, 5, 4), "Box ticked: “Yes, send me news”", how="Web form", place="Home page"
)
CLIENT = Facts("active-clients", date(2026, 3, 1), "Invoice 118")


def records(email: str = "marie@example.com") -> list[tuple[str, str]]:
    """What the ledger says of an address, oldest first."""
    rows = ConsentRecord.objects.filter(email_key=email).order_by("pk")
    return [(row.source, row.relation) for row in rows]


def changed(facts: Facts, **values: Any) -> Facts:
    return Facts(**{**facts.__dict__, **values})


def test_a_consent_reaches_the_vendor_and_is_read_back(world: World) -> None:
    marie = world.mirrored("marie@example.com")
    change = setting.set_consent(world.editor, marie, CLIENT, "Told by the client")
    world.push()
    change.refresh_from_db()
    marie.refresh_from_db()
    assert (change.state, change.verb) == ("done", "consent")
    held = world.held_member("marie@example.com")["consent"]
    assert (held["relationType"], held["consentDate"][:10], held["consentProof"]) == (
        "active-clients",
        "2026-03-01",
        "Invoice 118",
    )
    assert (marie.consent_relation, marie.consent_on) == ("active-clients", date(2026, 3, 1))
    assert (marie.consent_expires_on, marie.consent_type) == (date(2028, 3, 1), "implied")
    assert marie.consent_read_at is not None
    assert records() == [("set", "active-clients"), ("seen", "active-clients")]
    stated = ConsentRecord.objects.filter(source="set").get()
    assert (stated.actor, stated.change, stated.words) == (world.editor, change, "Told by the client")
    world.settle()


def test_a_refusal_is_explained_and_kept_and_changes_nothing(world: World) -> None:
    marie = world.mirrored("marie@example.com")
    setting.set_consent(world.editor, marie, EXPRESS)
    world.push()
    refused = setting.set_consent(world.editor, marie, CLIENT)
    world.push()
    refused.refresh_from_db()
    marie.refresh_from_db()
    assert (refused.state, refused.reason) == ("failed", "consent_refused")
    assert refused.reason_detail["words"] == "This consent cannot be overridden."
    assert marie.consent_relation == "express-consent"
    kept = ConsentRecord.objects.filter(source="refused").get()
    assert (kept.words, kept.change) == ("This consent cannot be overridden.", refused)
    assert kept.email_key == "marie@example.com"


def test_a_consent_that_the_vendor_takes_but_does_not_keep_is_a_refusal(world: World) -> None:
    world.sandbox.settings(consent_override="keep_silently")
    marie = world.mirrored("marie@example.com")
    setting.set_consent(world.editor, marie, EXPRESS)
    world.push()
    change = setting.set_consent(world.editor, marie, CLIENT)
    world.push()
    change.refresh_from_db()
    marie.refresh_from_db()
    assert (change.state, change.reason) == ("failed", "consent_kept")
    assert marie.consent_relation == "express-consent"
    kept = ConsentRecord.objects.filter(source="refused").get()
    assert "express-consent" in kept.words


def test_reads_that_lag_behind_the_write_make_no_refusal(world: World) -> None:
    marie = world.mirrored("marie@example.com")
    world.sandbox.faults({"action": "stale_reads", "seconds": 90})
    change = setting.set_consent(world.editor, marie, EXPRESS)
    world.push()
    change.refresh_from_db()
    marie.refresh_from_db()
    assert (change.state, marie.consent_relation) == ("done", "express-consent")


def test_a_later_statement_replaces_one_that_waits(world: World) -> None:
    marie = world.mirrored("marie@example.com")
    first = setting.set_consent(world.editor, marie, CLIENT)
    second = setting.set_consent(world.editor, marie, changed(CLIENT, proof="Invoice 120"))
    first.refresh_from_db()
    assert (first.state, first.reason) == ("superseded", "consent_since")
    world.push()
    second.refresh_from_db()
    assert second.state == "done"
    assert world.held_member("marie@example.com")["consent"]["consentProof"] == "Invoice 120"
    assert [effect["kind"] for effect in world.effects()] == ["consent"]


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        (Facts(), "relation"),
        (Facts("friends"), "relation"),
        (changed(CLIENT, given_on=date(1926, 3, 1)), "given_on"),
        (changed(CLIENT, proof="x" * 256), "proof"),
        (changed(CLIENT, proof="a\x00b"), "proof"),
        (changed(EXPRESS, given_on=None), "given_on"),
        (changed(EXPRESS, how=""), "how"),
        (changed(EXPRESS, place=""), "place"),
        (changed(EXPRESS, proof=""), "proof"),
        (changed(EXPRESS, relation="contest-participants", proof=""), "proof"),
        (changed(EXPRESS, relation="purchased-list"), "relation"),
    ],
)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_is_missing_gets_a_sentence_and_nothing_is_written(facts: Facts, field: str, language: str) -> None:
    account = make_account()
    editor = give(make_user(), account, "edit")
    marie = services.create_contact(editor, account, {"email": "marie@example.com"})
    with pytest.raises(ValidationError) as refused:
        setting.set_consent(editor, marie, facts)
    assert refused.value.message_dict[field][0].endswith(".")
    assert records() == []
    assert Change.objects.filter(verb="consent").count() == 0


def test_a_day_to_come_is_refused_and_today_in_the_clients_zone_is_not() -> None:
    account = make_account()
    editor = give(make_user(), account, "edit")
    marie = services.create_contact(editor, account, {"email": "marie@example.com"})
    today = terms.today(account)
    with pytest.raises(ValidationError):
        setting.set_consent(editor, marie, changed(CLIENT, given_on=today + timedelta(days=1)))
    setting.set_consent(editor, marie, changed(CLIENT, given_on=today))


def test_a_file_is_proof_enough_and_must_be_the_clients_own(world: World) -> None:
    marie = world.mirrored("marie@example.com")
    values = {"stored_name": "0" * 32, "original_name": "sheet.pdf", "media_type": "application/pdf", "size": 1}
    own = ProofFile.objects.create(account=world.account, **values)
    foreign = ProofFile.objects.create(account=make_account(), **values)
    with pytest.raises(PermissionDenied):
        setting.set_consent(world.editor, marie, changed(EXPRESS, proof="", proof_file_id=foreign.pk))
    setting.set_consent(world.editor, marie, changed(EXPRESS, proof="", proof_file_id=own.pk))
    world.push()
    assert world.held_member("marie@example.com")["consent"]["consentProof"] == "File kept by the agency: sheet.pdf"
    assert ConsentRecord.objects.filter(source="set").get().proof_file == own


def test_who_left_is_given_no_consent(world: World) -> None:
    marie = world.mirrored("marie@example.com")
    services.unsubscribe(world.editor, marie, "By telephone")
    with pytest.raises(ValidationError):
        setting.set_consent(world.editor, marie, EXPRESS)


def test_who_left_there_meanwhile_is_given_no_consent_either(world: World) -> None:
    marie = world.mirrored("marie@example.com")
    change = setting.set_consent(world.editor, marie, EXPRESS)
    world.sandbox.control("POST", "unsubscribe", account=world.remote, email="marie@example.com")
    world.push()
    change.refresh_from_db()
    marie.refresh_from_db()
    assert (change.state, change.reason) == ("failed", "protected_there")
    assert marie.state == Contact.State.UNSUBSCRIBED
    assert records()[-1][0] == "unsubscribed"


@pytest.mark.parametrize("role", ["read", None])
def test_without_the_right_nothing_happens(role: str | None) -> None:
    account = make_account()
    editor = give(make_user(), account, "edit")
    marie = services.create_contact(editor, account, {"email": "marie@example.com"})
    user = make_user()
    if role:
        give(user, account, role)
    with pytest.raises(PermissionDenied):
        setting.set_consent(user, marie, CLIENT)
    assert records() == []


def test_a_purchased_list_takes_somebody_who_manages_the_client(world: World) -> None:
    marie = world.mirrored("marie@example.com")
    setting.set_consent(world.editor, marie, changed(EXPRESS, relation="purchased-list"))
    world.push()
    assert world.held_member("marie@example.com")["consent"]["relationType"] == "purchased-list"


def test_reading_a_contact_writes_down_what_moved_there_and_only_that(world: World) -> None:
    marie = world.mirrored("marie@example.com")
    for _time in range(2):
        details.read("contact", world.account.pk, marie.pk)
    assert [source for source, _relation in records()] == ["seen"]
    world.remote_edit("marie@example.com", relationType="partners", consentDate="2026-01-05")
    clock.advance(600)
    details.read("contact", world.account.pk, marie.pk)
    assert records()[-1] == ("seen", "partners")


def test_discarding_leaves_what_the_vendor_holds_and_what_was_said(world: World) -> None:
    marie = world.mirrored("marie@example.com")
    change = setting.set_consent(world.editor, marie, CLIENT)
    engine.discard(world.editor, change)
    marie.refresh_from_db()
    assert (marie.consent_relation, marie.snapshot) == ("", None)
    assert records() == [("set", "active-clients")]
    world.settle()
