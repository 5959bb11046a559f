"""Fields, unsubscription, deletion, consent and requests for consent, for many contacts at once."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from contacts import services as contacts
from contacts.bulk import words
from contacts.bulk.kinds import KINDS
from contacts.bulk.selection import MOST_PICKED, Selection
from contacts.models import ConsentRecord, Contact
from cyberadmin.sync.bulk import kinds, services
from cyberadmin.sync.health import differences
from tests.contacts.bulk.bulk_desk import (
    approve_and_apply,
    colleague,
    matching,
    picked,
    plan,
    planned,
    results,
    verdicts,
)
from tests.world import World

pytestmark = pytest.mark.django_db
EXPRESS = {
    "relation": "express-consent",
    "given_on": "2026-05-04",
    "how": "ticked",
    "place": "web site",
    "proof": "I agree",
}


@pytest.fixture
def people(world: World) -> list[Contact]:
    """Two who are subscribed and one who left."""
    two = [world.mirrored("ben@example.com", company="Quai"), world.mirrored("zoe@example.com")]
    world.remote_member("left@example.com")
    world.sandbox.control("POST", "unsubscribe", account=world.remote, email="left@example.com")
    world.pull()
    return [*two, world.contact("left@example.com")]


def gone(world: World) -> set[str]:
    """The addresses that the vendor lists as unsubscribed."""
    return {member["email"] for member in world.held()["unsubscribed"]}


def there(world: World) -> set[str]:
    """The addresses of the vendor's subscribed members."""
    return {member["email"] for member in world.held()["members"]}


def test_one_field_of_many_is_set_and_restored(world: World, people: list[Contact]) -> None:
    made = plan(world, "set_field", {**matching(), "field": "company", "value": " Rive "})
    assert verdicts(made) == {
        "ben@example.com": ("update", ""),
        "zoe@example.com": ("update", ""),
        "left@example.com": ("refused", "unsubscribed"),
    }
    done = approve_and_apply(world, made)
    assert world.held_member("ben@example.com")["company"] == "Rive"
    zoe = world.contact("zoe@example.com")
    contacts.edit_contact(world.editor, zoe, {"company": "Own"}, zoe.edit_version)
    world.settle()

    back = planned(services.take_back(world.editor, done, "typo"))

    assert verdicts(back)["zoe@example.com"] == ("refused", "touched_since")
    approve_and_apply(world, back)
    assert world.held_member("ben@example.com")["company"] == "Quai"
    assert world.held_member("zoe@example.com")["company"] == "Own"
    assert differences(world.account.pk) == []


@pytest.mark.parametrize(("field", "value"), [("country", "ZZ"), ("custom:77", "x")])
def test_a_value_that_a_field_cannot_take_makes_no_plan(
    world: World, people: list[Contact], field: str, value: str
) -> None:
    made = plan(world, "set_field", {**matching(), "field": field, "value": value})
    assert (made.state, made.reason, made.rows.count()) == ("failed", "field_refused", 0)


def test_many_are_unsubscribed_for_good(world: World, people: list[Contact]) -> None:
    made = plan(world, "unsubscribe", matching(), "asked by phone")
    assert made.forecast["contacts_change"] == -2
    assert verdicts(made)["left@example.com"] == ("same", "unsubscribed_already")
    done = approve_and_apply(world, made)
    assert set(results(done).values()) == {"done"}
    assert gone(world) == {"ben@example.com", "zoe@example.com", "left@example.com"}
    assert world.contact("zoe@example.com").state == "unsubscribed"
    assert ConsentRecord.objects.filter(account=world.account, source="unsubscribed", change_set=done).count() == 2
    with pytest.raises(ValidationError):
        services.take_back(world.editor, done, "oops")
    world.pull()
    assert world.contact("zoe@example.com").state == "unsubscribed"
    assert differences(world.account.pk) == []


def test_many_are_deleted_but_nobody_who_unsubscribed(world: World, people: list[Contact]) -> None:
    made = plan(world, "delete", matching(), "end of mandate")
    assert verdicts(made)["left@example.com"] == ("refused", "unsubscribed_kept")
    done = approve_and_apply(world, made)
    assert set(results(done).values()) == {"done"}
    assert there(world) == set()
    assert gone(world) == {"left@example.com"}
    assert set(Contact.objects.filter(account=world.account, gone_at=None).values_list("email", flat=True)) == {
        "left@example.com"
    }
    assert differences(world.account.pk) == []


def test_express_consent_for_many_is_set_after_a_second_look(world: World, people: list[Contact]) -> None:
    made = plan(world, "consent", {**matching(), **EXPRESS})
    assert made.forecast["expiries"] == {"": 2}
    with pytest.raises(ValidationError):
        services.approve(world.editor, made, made.fingerprint)
    done = approve_and_apply(world, made, colleague(world))
    assert set(results(done).values()) == {"done"}
    assert world.held_member("zoe@example.com")["consentType"] == "express"
    again = plan(world, "consent", {**matching(), **EXPRESS, "relation": "active-clients"})
    assert verdicts(again)["zoe@example.com"] == ("refused", "express_stays")


def test_a_request_for_consent_is_sent_once_in_a_day_and_only_on_a_basis(world: World, people: list[Contact]) -> None:
    nobody = plan(world, "optin", {**matching(), "basis": "implied"})
    assert verdicts(nobody)["zoe@example.com"] == ("refused", "no_implied")
    made = plan(world, "optin", {**matching(), "basis": "asked"}, "they signed up at the fair")
    assert made.forecast["optin_mails"] == 2
    done = approve_and_apply(world, made)
    assert set(results(done).values()) == {"done"}
    sent = [entry for entry in world.effects() if entry["kind"] == "optin"]
    assert len(sent) == 2
    again = plan(world, "optin", {**matching(), "basis": "asked"})
    assert again.counts == {"rows": 3, "refused": 3}


def test_asking_many_takes_the_right_to_send(world: World, people: list[Contact]) -> None:
    editor = colleague(world, "edit")
    with pytest.raises(PermissionDenied):
        services.start(editor, world.account, "optin", {**matching(), "basis": "asked"})


def test_a_contact_edited_after_the_plan_is_left_alone(world: World, people: list[Contact]) -> None:
    made = plan(world, "unsubscribe", picked(*people[:2]))
    zoe = world.contact("zoe@example.com")
    contacts.edit_contact(world.editor, zoe, {"company": "New"}, zoe.edit_version)
    world.settle()
    done = approve_and_apply(world, made)
    assert results(done) == {"ben@example.com": "done", "zoe@example.com": "cancelled"}
    assert "zoe@example.com" in there(world)


def test_an_unknown_filter_never_means_everybody(world: World) -> None:
    with pytest.raises(ValidationError):
        Selection(filters={"colour": "red"}).check()
    with pytest.raises(ValidationError):
        Selection(picked=tuple(range(MOST_PICKED + 1))).check()
    with pytest.raises(KeyError):
        Selection(filters={"colour": "red"}).rows(world.account)


def test_every_kind_is_known_to_the_engine_and_has_a_name() -> None:
    assert {kind.kind for kind in KINDS} == {
        "import", "join", "leave", "move", "set_field", "unsubscribe", "delete", "consent", "optin", "take_back"
    }  # fmt: skip
    assert all(str(kinds.get(kind.kind).label) for kind in KINDS)


def test_the_plan_says_in_words_whom_a_filter_means(world: World) -> None:
    group = world.mirrored_group("Clients")
    filters = {"q": "roy", "group": str(group.pk), "language": "none", "state": "bounced", "standing": "soon"}
    assert words.chosen(world.account.pk, Selection(filters=filters)) == (
        "all contacts that match: search “roy” · group “Clients” · Language: not known · State: bounced · "
        "Consent today: expires within 60 days"
    )
    assert words.chosen(world.account.pk, Selection()) == "all contacts"
