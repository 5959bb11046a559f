"""From a recorded edit to the vendor: what arrives, how often, in which order, and what each refusal leaves behind."""

from __future__ import annotations

import pytest

from contacts import services as contacts
from contacts.models import Contact, GroupMembership
from cyberadmin.sync.health import differences
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import ApiCall, Change
from groups import services as groups
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

MARIE = "marie.tremblay@example.com"


def only_change(world: World, **filters: object) -> Change:
    found = world.changes(**filters)
    assert len(found) == 1, [str(change) for change in found]
    return found[0]


def test_an_edit_reaches_the_vendor_and_ends_done(world: World) -> None:
    marie = world.mirrored(MARIE, firstname="Marie")
    contacts.edit_contact(world.editor, marie, {"first_name": "Marie-Ève", "country": "ca"}, marie.edit_version)

    waiting = only_change(world)
    assert waiting.state == Change.State.QUEUED
    assert world.contact(MARIE).first_name == "Marie-Ève"
    world.push()

    waiting.refresh_from_db()
    assert waiting.state == Change.State.DONE
    held = world.held_member(MARIE)
    assert (held["firstname"], held["country"]) == ("Marie-Ève", "CA")
    assert world.contact(MARIE).snapshot is None
    assert [(call.method, call.status) for call in ApiCall.objects.order_by("id")] == [("GET", 200), ("PATCH", 200)]


def test_waiting_edits_of_one_contact_are_one_request(world: World) -> None:
    marie = world.mirrored(MARIE)
    for number in range(20):
        contacts.edit_contact(
            world.editor,
            marie,
            {"note": f"version {number}"},
            0,
            shown=None if not number else {"note": f"version {number - 1}"},
        )
    change = only_change(world)
    assert change.edits.count() == 20
    world.push()

    assert [effect["operation"] for effect in world.effects()] == ["editMember"]
    assert world.held_member(MARIE)["note"] == "version 19"


def test_going_back_to_the_old_value_sends_nothing(world: World) -> None:
    marie = world.mirrored(MARIE, firstname="Marie")
    contacts.edit_contact(world.editor, marie, {"first_name": "Anne"}, marie.edit_version)
    marie.refresh_from_db()
    contacts.edit_contact(world.editor, marie, {"first_name": "Marie"}, marie.edit_version)
    world.push()

    assert only_change(world).state == Change.State.SUPERSEDED
    assert world.effects() == []
    assert differences(world.account.pk) == []


def test_a_new_contact_is_created_once_and_joins_its_groups(world: World) -> None:
    news = world.mirrored_group("Infolettre")
    made = contacts.create_contact(
        world.editor,
        world.account,
        {"email": "Luc@Example.com", "first_name": "Luc", "birth_date": "1980-02-29"},
        [news],
    )
    world.settle()

    assert [effect["operation"] for effect in world.effects()] == ["createMember", "addMemberGroups"]
    held = world.held_member("luc@example.com")
    assert held["firstname"] == "Luc"
    made.refresh_from_db()
    assert (made.remote_id, made.snapshot, made.consent_type) == (held["id"], None, "implied")
    assert GroupMembership.objects.get(contact=made).pending == ""


def test_an_unsubscribed_address_is_never_created_again(world: World) -> None:
    world.remote_member(MARIE)
    world.sandbox.control("POST", "unsubscribe", account=world.remote, email=MARIE)
    contacts.create_contact(world.editor, world.account, {"email": MARIE, "first_name": "Marie"})
    world.settle()

    change = only_change(world)
    assert (change.state, change.reason) == (Change.State.FAILED, "protected_there")
    assert world.effects() == []
    assert world.contact(MARIE).state == Contact.State.UNSUBSCRIBED


def test_an_edit_of_somebody_who_unsubscribed_there_is_refused_and_shown(world: World) -> None:
    marie = world.mirrored(MARIE)
    contacts.edit_contact(world.editor, marie, {"first_name": "Marie"}, marie.edit_version)
    world.sandbox.control("POST", "unsubscribe", account=world.remote, email=MARIE)
    world.settle()

    change = only_change(world)
    assert (change.state, change.reason) == (Change.State.FAILED, "protected_there")
    assert world.contact(MARIE).state == Contact.State.UNSUBSCRIBED
    assert world.effects() == []


def test_unsubscribing_goes_before_a_conflict_that_waits(world: World) -> None:
    marie = world.mirrored(MARIE, firstname="Marie")
    contacts.edit_contact(world.editor, marie, {"first_name": "Anne"}, marie.edit_version)
    world.remote_edit(MARIE, firstname="Ann")
    world.push()
    assert only_change(world).state == Change.State.CONFLICT

    contacts.unsubscribe(world.editor, marie, "Called on the phone")
    world.settle()

    assert [change.state for change in world.changes()] == [Change.State.SUPERSEDED, Change.State.DONE]
    assert [one["email"] for one in world.held()["unsubscribed"]] == [MARIE]
    row = world.contact(MARIE)
    assert (row.state, row.remote_id, row.snapshot) == (Contact.State.UNSUBSCRIBED, None, None)


def test_groups_are_added_and_removed_without_touching_the_others(world: World) -> None:
    marie = world.mirrored(MARIE)
    old, new, kept = (world.mirrored_group(title) for title in ("Old", "New", "Kept"))
    contacts.change_groups(world.editor, marie, [old, kept], [])
    world.settle()
    contacts.change_groups(world.editor, marie, [new], [old])
    world.settle()

    titles = {group["title"] for group in world.held()["groups"] if marie.remote_id in group.get("members", [])}
    held = world.held_member(MARIE)
    titles = titles or {group["title"] for group in world.held()["groups"] if group["id"] in held["groups"]}
    assert titles == {"New", "Kept"}
    assert GroupMembership.objects.filter(contact=marie).exclude(pending="").count() == 0


def test_a_group_change_waits_for_the_group_to_exist(world: World) -> None:
    marie = world.mirrored(MARIE)
    group = groups.create_group(world.editor, world.account, "Bénévoles", False)
    contacts.change_groups(world.editor, marie, [group], [])
    world.sandbox.faults({"action": "status", "code": 503, "method": "GET", "path": "/groups", "times": 1})
    world.push()
    assert [change.state for change in world.changes()] == [Change.State.QUEUED] * 2
    world.settle()

    operations = [effect["operation"] for effect in world.effects()]
    assert operations == ["createGroup", "addMemberGroups"]


def test_a_group_whose_creation_lost_its_answer_is_found_not_made_twice(world: World) -> None:
    world.sandbox.faults({"action": "drop_after", "method": "POST", "path": "/groups", "times": 1})
    group = groups.create_group(world.editor, world.account, "Bénévoles", True)
    world.push()
    assert only_change(world).state == Change.State.UNKNOWN
    world.settle()

    assert only_change(world).state == Change.State.DONE
    assert [one["title"] for one in world.held()["groups"]] == ["Bénévoles"]
    group.refresh_from_db()
    assert group.remote_id == world.held()["groups"][0]["id"]


def test_a_group_whose_creation_never_arrived_is_made_once_after_two_looks(world: World) -> None:
    world.sandbox.faults({"action": "drop_before", "method": "POST", "path": "/groups", "times": 1})
    groups.create_group(world.editor, world.account, "Bénévoles", True)
    world.settle()

    change = only_change(world)
    assert (change.state, change.resends) == (Change.State.DONE, 1)
    assert [effect["operation"] for effect in world.effects()] == ["createGroup"]
    looks = [one for one in world.sandbox.requests() if one["method"] == "GET" and one["path"].startswith("/groups")]
    assert len(looks) >= 4


def test_emptying_a_group_waits_for_those_on_their_way_into_it(world: World) -> None:
    marie = world.mirrored(MARIE)
    group = world.mirrored_group("Essai")
    contacts.change_groups(world.editor, marie, [group], [])
    groups.empty_group(world.editor, group)
    world.settle()

    assert [effect["operation"] for effect in world.effects()] == ["addMemberGroups", "emptyGroup"]
    assert GroupMembership.objects.filter(group=group).count() == 0


def test_deleting_a_contact_ends_as_a_tombstone(world: World) -> None:
    marie = world.mirrored(MARIE)
    contacts.delete_contact(world.editor, marie, "Asked for it")
    world.settle()

    assert world.held()["members"] == []
    marie.refresh_from_db()
    assert marie.gone_at is not None


def test_a_contact_created_and_deleted_before_anything_was_sent_never_reaches_the_vendor(world: World) -> None:
    luc = contacts.create_contact(world.editor, world.account, {"email": "luc@example.com"})
    contacts.delete_contact(world.editor, luc, "Mistake")
    world.settle()

    assert [change.state for change in world.changes()] == [Change.State.SUPERSEDED]
    assert world.effects() == []


def test_an_opt_in_in_doubt_is_never_sent_again_by_itself(world: World) -> None:
    marie = world.mirrored(MARIE)
    world.sandbox.faults({"action": "drop_after", "method": "POST", "path": "/members/optins"})
    contacts.request_optin(world.editor, marie, "Asked at the counter")
    world.settle()

    change = only_change(world)
    assert (change.state, change.reason) == (Change.State.PARKED, "optin_in_doubt")
    assert [effect["operation"] for effect in world.effects()] == ["optinMember"]


def test_a_value_that_the_vendor_refuses_is_failed_with_its_words_and_repaired_by_the_next_edit(world: World) -> None:
    marie = world.mirrored(MARIE)
    refusal = {"message": "Validation failed", "errors": {"postalCode": ["Not a postal code"]}}
    world.sandbox.faults(
        {"action": "status", "code": 422, "method": "PATCH", "path": "/members/{key}", "body": refusal, "times": 1}
    )
    contacts.edit_contact(world.editor, marie, {"postal_code": "?"}, marie.edit_version)
    world.settle()
    change = only_change(world)
    assert (change.state, change.reason) == (Change.State.FAILED, "rejected")
    assert change.reason_detail["fields"] == {"postalCode": ["Not a postal code"]}

    marie.refresh_from_db()
    contacts.edit_contact(world.editor, marie, {"postal_code": "J4K 2T5"}, marie.edit_version)
    world.settle()
    assert only_change(world).state == Change.State.DONE
    assert world.held_member(MARIE)["postalCode"] == "J4K 2T5"


def test_deleting_somebody_on_the_way_into_a_group_leaves_nothing_pending(world: World) -> None:
    marie = world.mirrored(MARIE)
    contacts.change_groups(world.editor, marie, [world.mirrored_group("News")], [])
    contacts.delete_contact(world.editor, marie, "Asked for it")
    assert differences(world.account.pk) == []
    world.settle()
    assert [effect["operation"] for effect in world.effects()] == ["deleteMember"]


def test_a_429_is_told_as_such_and_not_counted_as_a_try(world: World) -> None:
    marie = world.mirrored(MARIE)
    contacts.edit_contact(world.editor, marie, {"first_name": "Anne"}, marie.edit_version)
    world.sandbox.faults({"action": "status", "code": 429, "method": "PATCH", "path": "/members/{key}", "times": 1})
    world.push()
    change = only_change(world)
    assert (change.state, change.reason, change.attempts) == (Change.State.QUEUED, "rate_limited", 0)
    before = len(world.sandbox.requests())
    world.push()
    assert len(world.sandbox.requests()) == before
    world.settle()
    assert only_change(world).state == Change.State.DONE


def test_what_no_column_can_hold_is_cut_the_same_way_wherever_it_is_read(world: World) -> None:
    marie = world.mirrored(MARIE)
    long_name = "É" * 3_000
    world.remote_edit(MARIE, lastname=long_name, note="a\x00b", language="en_ca")
    world.pull()
    marie.refresh_from_db()
    assert (marie.last_name, marie.note) == (long_name[:200], "ab")
    contacts.edit_contact(world.editor, marie, {"company": "Érablière", "last_name": "Roy"}, marie.edit_version)
    world.settle()

    assert only_change(world).state == Change.State.DONE
    assert world.held_member(MARIE)["lastname"] == "Roy"
    assert world.contact(MARIE).last_name == "Roy"


def test_an_error_while_settling_stops_that_change_and_no_other(world: World) -> None:
    taken = world.mirrored("first@example.com")
    luc = world.mirrored("luc@example.com")
    # The vendor will give the new contact the number of another row here: that cannot be written down.
    with writing():
        Contact.objects.filter(pk=taken.pk).update(remote_id=luc.remote_id + 1)
    contacts.create_contact(world.editor, world.account, {"email": MARIE})
    contacts.edit_contact(world.editor, luc, {"first_name": "Luc"}, luc.edit_version)

    world.push()

    stopped, done = world.changes()
    assert (stopped.verb, stopped.state, stopped.reason) == (Change.Verb.CREATE, Change.State.QUEUED, "program_error")
    assert (stopped.attempts, stopped.claim_token) == (1, None)
    assert done.state == Change.State.DONE
