"""Addresses that bounced, known here or only there: never called deleted while the vendor holds them, never taken back."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from contacts import services as contacts
from contacts.bulk import uploads
from contacts.bulk.uploads import Chosen
from contacts.models import ConsentRecord, Contact
from cyberadmin.sync.bulk.reasons import ROWS
from cyberadmin.sync.models import Change, PlannedRow
from cyberadmin.sync.reasons import REASONS
from tests.contacts.bulk.bulk_desk import approve_and_apply, matching, picked, plan, planned, upload, verdicts
from tests.sync.bulk.desk import came_back
from tests.world import World

pytestmark = pytest.mark.django_db

LISE = "lise@example.com"
HABITS = ["404", "200"]


def bounces(world: World, email: str = LISE, *, dated: bool = True) -> None:
    """The last mailing to the address came back, and the mirror does not know it yet."""
    world.sandbox.control("POST", "bounce", account=world.remote, email=email, dated=dated)


def bounced_there(world: World) -> set[str]:
    """The addresses that the vendor lists as bounced."""
    return {one["email"] for one in world.held()["bounced"]}


def only_change(world: World) -> Change:
    """The account's one change."""
    (change,) = world.changes()
    return change


@pytest.fixture
def lise(world: World) -> Contact:
    """Somebody whose address bounced, as the mirror knows."""
    world.mirrored(LISE)
    bounces(world)
    world.pull()
    return world.contact(LISE)


# --- known here ---
@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_page_offers_to_delete_an_address_that_bounced(world: World, lise: Contact, language: str) -> None:
    browser = Client(headers={"accept-language": language})
    browser.force_login(world.editor)
    base = f"/c/{world.account.slug}/contacts"
    words = {"en": "cannot delete such an address", "fr": "ne peut pas supprimer une telle adresse"}[language]
    deletion = f"{base}/contact/{lise.pk}/delete/"
    lists = [f"{base}/consentrecord/left/?state=bounced", reverse("admin:contacts_consentrecord_clients_left")]
    for path in (*lists, f"{base}/contact/{lise.pk}/"):
        page = browser.get(path).content.decode()
        assert LISE in page
        assert deletion not in page
        assert (words in page) == (path in lists)
    page = browser.get(deletion).content.decode()
    assert words in page
    assert "<form" not in page.split("<main")[1].split("</main")[0]


def test_an_address_that_bounced_is_not_deleted_by_anything(world: World, lise: Contact) -> None:
    with pytest.raises(ValidationError) as refused:
        contacts.delete_contact(world.editor, lise)
    assert "delete it in Cyberimpact" in refused.value.messages[0]
    made = plan(world, "delete", picked(lise))
    assert verdicts(made) == {LISE: ("refused", "bounced_stays")}
    assert world.effects() == []
    assert world.contact(LISE).deleted_at is None


def test_what_is_offered_for_an_address_that_bounced_works(world: World, lise: Contact) -> None:
    contacts.unsubscribe(world.editor, lise, "Asked by phone")
    world.settle()
    assert only_change(world).state == Change.State.DONE
    assert bounced_there(world) == set()
    world.pull()
    assert world.contact(LISE).state == Contact.State.UNSUBSCRIBED


def test_an_address_deleted_there_by_hand_goes_from_here_with_the_next_pull(world: World, lise: Contact) -> None:
    world.remote_member("ben@example.com")
    bounces(world, "ben@example.com")
    world.sandbox.control("DELETE", "members", account=world.remote, email=LISE)
    world.pull()
    lise.refresh_from_db()
    assert lise.gone_at is not None


# --- known only there ---
@pytest.mark.parametrize("habit", HABITS)
@pytest.mark.parametrize("dated", [True, False])
def test_a_deletion_that_meets_a_bounce_claims_nothing(world: World, habit: str, dated: bool) -> None:
    row = world.mirrored(LISE)
    bounces(world, dated=dated)
    world.sandbox.settings(departed_member_delete=habit)
    contacts.delete_contact(world.editor, row)
    world.settle()
    change, row = only_change(world), Contact.objects.get(pk=row.pk)
    if habit == "200":
        assert (change.state, row.gone_at is None, bounced_there(world)) == (Change.State.DONE, False, set())
        return
    assert (change.state, change.reason) == (Change.State.FAILED, "bounced_there")
    assert "only in Cyberimpact" in str(REASONS[change.reason].next)
    assert (row.state, row.deleted_at, row.gone_at) == (Contact.State.BOUNCED, None, None)
    assert ConsentRecord.objects.filter(account=world.account, source="bounced").count() == 1
    world.pull()
    assert world.contact(LISE).pk == row.pk


@pytest.mark.parametrize("habit", HABITS)
def test_many_are_deleted_and_who_bounced_meanwhile_is_told_of(world: World, habit: str) -> None:
    world.mirrored("ben@example.com")
    world.mirrored(LISE)
    made = plan(world, "delete", matching(), "end of mandate")
    bounces(world)
    world.sandbox.settings(departed_member_delete=habit)
    done = approve_and_apply(world, made)
    rows = {row.label: (row.state, row.result) for row in done.rows.all()}
    assert rows["ben@example.com"] == ("done", "")
    assert rows[LISE] == (("done", "") if habit == "200" else ("failed", "bounced"))
    assert "Mail to this address came back" in str(ROWS["bounced"])
    world.pull()
    alive = Contact.objects.filter(account=world.account, gone_at=None)
    assert [one.state for one in alive] == ([] if habit == "200" else [Contact.State.BOUNCED])


@pytest.mark.parametrize("choice", ["refuse", "accept"])
@pytest.mark.parametrize("reading", HABITS)
@pytest.mark.parametrize("dated", [True, False])
def test_an_address_that_bounced_there_is_not_made_again_here(
    world: World, choice: str, reading: str, dated: bool
) -> None:
    world.remote_member(LISE)
    bounces(world, dated=dated)
    world.sandbox.settings(bounced_create=choice, departed_member_get=reading)
    contacts.create_contact(world.editor, world.account, {"email": LISE.upper(), "first_name": "Lise"})
    world.settle()
    change = only_change(world)
    assert (change.state, change.reason) == (Change.State.FAILED, "bounced_there")
    assert world.effects() == []
    assert world.contact(LISE).state == Contact.State.BOUNCED


@pytest.mark.parametrize("dated", [True, False])
def test_nobody_moves_to_an_address_that_bounced_there(world: World, dated: bool) -> None:
    ben = world.mirrored("ben@example.com")
    world.remote_member(LISE)
    bounces(world, dated=dated)
    contacts.edit_contact(world.editor, ben, {"email": LISE}, ben.edit_version)
    world.settle()
    change = only_change(world)
    assert (change.state, change.reason) == (Change.State.FAILED, "bounced_there")
    assert world.effects() == []
    assert world.contact(LISE).state == Contact.State.SUBSCRIBED


@pytest.mark.parametrize("choice", ["error", "revive", "skip"])
@pytest.mark.parametrize("dated", [True, False])
def test_an_import_takes_nobody_back_who_bounced_there(world: World, choice: str, dated: bool) -> None:
    world.pull()
    world.remote_member(LISE)
    bounces(world, dated=dated)
    world.sandbox.settings(add_members_bounced=choice, batch_start_seconds=0, batch_run_seconds=0)
    file = upload(world, f"Courriel,Prénom\n{LISE},Lise\nben@example.com,Ben\n")
    chosen = Chosen(relation="active-clients", consent_on=date(2026, 6, 1), mapping=uploads.mapping_of(file))
    made = planned(uploads.choose(world.editor, file, chosen))
    assert verdicts(made)[LISE] == ("create", "")
    done = approve_and_apply(world, made)
    results = {row.label: (row.state, row.result) for row in done.rows.filter(verdict__in=PlannedRow.TO_DO)}
    assert results == {LISE: ("failed", "bounced"), "ben@example.com": ("done", "")}
    assert came_back(world) == []
    assert bounced_there(world) == {LISE}
