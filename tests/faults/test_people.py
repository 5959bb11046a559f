"""Faults made by people: at the vendor, here, and at the very moment at which a change is on its way (47, 48, 51, 65 to 67)."""

from __future__ import annotations

from typing import Any

import pytest

from contacts import services as contacts
from contacts.models import Contact
from cyberadmin.sync import clock, push, record, services
from cyberadmin.sync.models import Change
from tests.faults.desk import Desk
from tests.faults.oracle import judge
from tests.faults.quiet import settle
from tests.faults.threads import beside
from tests.faults.verbs import BY_NAME, EMAIL, TITLE, VERBS, Verb
from tests.world import give, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def leaves(desk: Desk, email: str, how: str = "unsubscribe") -> None:
    """The person clicks the link of a mailing, or the mailing bounces."""
    desk.world.sandbox.control("POST", how, account=desk.world.remote, email=email)


# --- 47: reads that lag behind writes ---
@pytest.mark.parametrize("scope", ["all", pytest.param("lists", marks=pytest.mark.long)])
@pytest.mark.parametrize("fault", ["drop_after", "drop_before", "html_200"])
@pytest.mark.parametrize("name", ["contact-create", "group-create", "contact-update", "group-update", "contact-join"])
def test_reads_that_lag_by_90_seconds_double_nothing(desk: Desk, name: str, fault: str, scope: str) -> None:
    verb = BY_NAME[name]
    subject = verb.ready(desk)
    desk.world.sandbox.settings(stale_read_seconds=90, stale_read_scope=scope)
    desk.world.sandbox.advance(200)
    clock.advance(200)
    desk.world.sandbox.faults(verb.rule(fault, times=1))
    verb.ask(desk, subject)
    settle(desk)
    judge(desk)
    assert desk.open() == []


def test_an_address_that_the_vendor_refuses_and_does_not_show_is_not_asked_for_again_and_again(desk: Desk) -> None:
    """A vendor that remembers deleted addresses: it says that one exists, and shows it in no list."""
    desk.world.sandbox.settings(deleted_create="refuse")
    desk.world.remote_member(EMAIL)
    desk.world.sandbox.control("DELETE", "members", account=desk.world.remote, email=EMAIL)
    desk.create_contact(EMAIL, first_name="Noémie")
    before = len(desk.world.sandbox.requests())
    passed = settle(desk)

    judge(desk)
    assert [(change.state, change.reason) for change in desk.open()] == [(Change.State.PARKED, "exists_unseen")]
    assert len(desk.world.sandbox.requests()) - before <= 30
    assert passed > 100, "lists may lag: it must be asked for longer than that"


# --- 48: the same mark made by a person at that moment ---
@pytest.mark.parametrize("fault", ["drop_after", "drop_before"])
@pytest.mark.parametrize("public", [False, True])
def test_a_group_of_the_same_title_made_by_a_person_while_ours_is_in_doubt(
    desk: Desk, fault: str, public: bool
) -> None:
    desk.world.sandbox.faults(BY_NAME["group-create"].rule(fault, times=1))
    desk.create_group(TITLE, public=True)
    desk.world.push()
    made = desk.world.remote_group(TITLE, isPublic=public)
    settle(desk)

    judge(desk)
    if fault == "drop_before" and public:
        # The same in everything that can be compared: it serves as ours.
        assert desk.open() == []
        return
    change = desk.open()[0]
    assert change.state in (Change.State.PARKED, Change.State.CONFLICT)
    assert made["id"] in [one["remote_id"] for one in change.reason_detail["candidates"]]
    services.adopt(desk.world.editor, change, made["id"])
    settle(desk)
    judge(desk)
    assert desk.open() == []


def test_a_contact_made_by_a_person_while_ours_is_in_doubt_is_compared_by_field(desk: Desk) -> None:
    desk.world.sandbox.faults(BY_NAME["contact-create"].rule("drop_before", times=1))
    desk.create_contact(EMAIL, first_name="Noémie", note="ours")
    desk.world.push()
    desk.world.remote_member(EMAIL, firstname="Noémi")
    settle(desk)

    judge(desk)
    change = desk.open()[0]
    assert (change.state, change.reason) == (Change.State.CONFLICT, "existed_there")
    services.resolve(desk.world.editor, change, {"first_name": {"keep": "ours"}})
    settle(desk)
    judge(desk)
    assert desk.open() == []


# --- 65: deleted or left there between our reading and our writing ---
@pytest.mark.parametrize("event", ["unsubscribe", "bounce", "delete"])
@pytest.mark.parametrize(
    "name", ["contact-update", "contact-join", "contact-leave", "contact-unsubscribe", "contact-delete"]
)
def test_the_person_leaves_between_our_reading_and_our_writing(desk: Desk, name: str, event: str) -> None:
    verb = BY_NAME[name]
    subject = verb.ready(desk)
    held = desk.world.sandbox.faults(verb.rule("hold", times=1))[0]
    verb.ask(desk, subject)
    with beside(lambda: push.pump(desk.world.account.pk)):
        desk.world.sandbox.wait_held(held["id"])
        if event == "delete":
            desk.world.sandbox.control("DELETE", "members", account=desk.world.remote, email=EMAIL)
        else:
            leaves(desk, EMAIL, event)
        desk.world.sandbox.release(held["id"])
    settle(desk)
    judge(desk)
    reasons = {change.reason for change in desk.open()}
    if name in ("contact-update", "contact-join", "contact-leave"):
        said = {"unsubscribe": "protected_there", "bounce": "bounced_there", "delete": "gone_there"}
        assert reasons == {said[event]}


def test_a_group_deleted_there_between_our_reading_and_our_writing(desk: Desk) -> None:
    verb = BY_NAME["group-update"]
    group = verb.ready(desk)
    held = desk.world.sandbox.faults(verb.rule("hold", times=1))[0]
    verb.ask(desk, group)
    with beside(lambda: push.pump(desk.world.account.pk)):
        desk.world.sandbox.wait_held(held["id"])
        desk.world.sandbox.control("DELETE", "groups", account=desk.world.remote, id=group.remote_id)
        desk.world.sandbox.release(held["id"])
    settle(desk)
    judge(desk)
    assert [change.reason for change in desk.open()] == ["gone_there"]


# --- 66: two people, one contact ---
def test_two_people_edit_one_contact_and_the_second_sees_both_values(desk: Desk) -> None:
    contact = desk.world.mirrored(EMAIL, firstname="Noémie")
    colleague = give(make_user(), desk.world.account, "edit")
    version = contact.edit_version
    desk.edit(contact, first_name="Noëlle")
    with pytest.raises(record.StaleEdit) as stale:
        contacts.edit_contact(colleague, contact, {"first_name": "Nora"}, version, shown={"first_name": "Noémie"})
    assert stale.value.theirs == {"first_name": {"before": "Noémie", "mine": "Nora", "now": "Noëlle"}}
    contacts.edit_contact(colleague, contact, {"last_name": "Gagnon"}, version, shown={"last_name": ""})
    desk.wish(contact).values["last_name"] = "Gagnon"
    settle(desk)
    judge(desk)
    assert desk.open() == []


@pytest.mark.parametrize("state", ["waiting", "sending"])
def test_one_deletes_while_another_edits(desk: Desk, state: str) -> None:
    contact = desk.world.mirrored(EMAIL, firstname="Noémie")
    held = desk.world.sandbox.faults(BY_NAME["contact-update"].rule("hold", times=1))[0]
    desk.edit(contact, first_name="Noëlle")
    if state == "waiting":
        desk.delete_contact(contact)
    else:
        with beside(lambda: push.pump(desk.world.account.pk)):
            desk.world.sandbox.wait_held(held["id"])
            desk.delete_contact(contact)
            desk.world.sandbox.release(held["id"])
    settle(desk)
    judge(desk)
    assert desk.open() == []


# --- 67 and 51: never back ---
VENDOR_HABITS = [
    {},
    {"unsubscribed_create": "accept", "bounced_create": "accept", "deleted_create": "accept"},
    {"departed_member_get": "200", "departed_member_delete": "200"},
    {"existing_member_status": 422},
    {"existing_member_status": 400, "unsubscribe_unknown": "422"},
]


@pytest.mark.parametrize(
    "habits",
    [pytest.param(habits, marks=[] if at < 2 else [pytest.mark.long]) for at, habits in enumerate(VENDOR_HABITS)],
    ids=str,
)
@pytest.mark.parametrize("how", ["unsubscribe", "bounce"])
@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb.name.startswith("contact")], ids=str)
def test_somebody_who_left_there_while_a_change_waits_here_never_comes_back(
    desk: Desk, verb: Verb, how: str, habits: dict[str, Any]
) -> None:
    subject = verb.ready(desk)
    if subject is None:
        desk.world.remote_member(EMAIL)
    desk.world.sandbox.settings(**habits)
    verb.ask(desk, subject)
    leaves(desk, EMAIL, how)
    settle(desk)

    judge(desk)
    asked = [one for one in desk.world.effects() if one["operation"] == "optinMember"]
    assert how == "bounce" or asked == [], "who said no is not asked either"
    if how == "unsubscribe" and verb.name not in ("contact-unsubscribe",):
        assert Contact.objects.get(account=desk.world.account).state == Contact.State.UNSUBSCRIBED


@pytest.mark.parametrize("fault", ["apply_then_hang", "drop_after", "drop_before", "html_200", "truncate"])
def test_a_request_for_consent_in_doubt_is_never_sent_again_by_the_machine(
    desk: Desk, fault: str, settings: Any
) -> None:
    settings.SYNC_DEADLINE_SECONDS = 0.5
    contact = desk.world.mirrored(EMAIL)
    desk.world.sandbox.faults(BY_NAME["contact-optin"].rule(fault))
    desk.ask_consent(contact)
    settle(desk)
    judge(desk)
    change = desk.open()[0]
    assert (change.state, change.reason) == (Change.State.PARKED, "optin_in_doubt")
    calls = change.calls.filter(method="POST", path="/members/optins")
    assert calls.count() == 1

    desk.world.sandbox.clear_faults()
    services.send_again(desk.world.editor, change)
    desk.wish(contact).optins = 2
    settle(desk)
    asked = [one for one in desk.world.effects() if one["operation"] == "optinMember"]
    assert len(asked) == (1 if fault == "drop_before" else 2)
    assert desk.open() == []
