"""From a recorded edit to the vendor: what arrives, how often, in which order, and what each refusal leaves behind."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from contacts import services as contacts
from contacts.models import Contact, GroupMembership
from cyberadmin.sync import clock, services
from cyberadmin.sync.health import differences
from cyberadmin.sync.models import ApiCall, Change
from groups import services as groups
from groups.models import Group
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


def test_the_same_field_changed_on_both_sides_is_a_conflict_decided_by_field(world: World) -> None:
    marie = world.mirrored(MARIE, firstname="Marie", lastname="Roy", company="Ancienne")
    contacts.edit_contact(
        world.editor, marie, {"first_name": "Anne", "last_name": "Roi", "note": "ici"}, marie.edit_version
    )
    world.remote_edit(MARIE, firstname="Ann", lastname="Royer", company="Nouvelle")
    world.push()

    change = only_change(world)
    assert (change.state, change.reason) == (Change.State.CONFLICT, "both_changed")
    assert change.fields["first_name"] == {"base": "Marie", "want": "Anne", "theirs": "Ann"}
    assert "theirs" not in change.fields["note"]
    assert world.contact(MARIE).company == "Nouvelle"
    assert world.effects() == []

    services.resolve(world.editor, change, {"first_name": {"keep": "ours"}, "last_name": {"keep": "theirs"}})
    world.settle()

    held = world.held_member(MARIE)
    assert (held["firstname"], held["lastname"], held["note"]) == ("Anne", "Royer", "ici")
    row = world.contact(MARIE)
    assert (row.first_name, row.last_name, row.snapshot) == ("Anne", "Royer", None)


def test_an_edit_made_while_the_one_before_is_on_its_way_is_no_conflict(world: World) -> None:
    marie = world.mirrored(MARIE, firstname="Marie")
    contacts.edit_contact(world.editor, marie, {"first_name": "Anne"}, marie.edit_version)
    Change.objects.update(state=Change.State.SENDING, claims=1, lease_until=clock.now())
    marie.refresh_from_db()
    contacts.edit_contact(world.editor, marie, {"first_name": "Annie"}, marie.edit_version)
    assert len(world.changes()) == 2
    world.settle()

    assert [change.state for change in world.changes()] == [Change.State.DONE] * 2
    assert [effect["operation"] for effect in world.effects()] == ["editMember"] * 2
    assert world.held_member(MARIE)["firstname"] == "Annie"


def test_a_value_of_ours_that_arrived_unanswered_is_no_conflict_with_the_next_edit(world: World) -> None:
    marie = world.mirrored(MARIE, firstname="Marie")
    contacts.edit_contact(world.editor, marie, {"first_name": "Anne"}, marie.edit_version)
    world.sandbox.faults({"action": "drop_after", "method": "PATCH", "path": "/members/{key}", "times": 1})
    world.push()
    assert only_change(world).reason == "no_answer"
    marie.refresh_from_db()
    contacts.edit_contact(world.editor, marie, {"first_name": "Annie"}, marie.edit_version)
    world.settle()

    assert only_change(world).state == Change.State.DONE
    assert world.held_member(MARIE)["firstname"] == "Annie"


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


def test_a_group_of_the_same_title_made_there_is_offered_for_adoption(world: World) -> None:
    made = world.remote_group("Bénévoles")
    group = groups.create_group(world.editor, world.account, "bénévoles", True)
    world.push()
    change = only_change(world)
    assert (change.state, change.reason) == (Change.State.CONFLICT, "same_mark_there")

    services.adopt(world.editor, change, made["id"])
    world.settle()
    group.refresh_from_db()
    assert group.remote_id == made["id"]
    assert [(one["title"], one["isPublic"]) for one in world.held()["groups"]] == [("bénévoles", True)]


def test_a_refused_deletion_of_a_group_is_kept_with_the_vendors_words(world: World) -> None:
    group = world.mirrored_group("Utilisé")
    refusal = {"message": "This group is used by an API integration."}
    world.sandbox.faults({"action": "status", "code": 422, "method": "DELETE", "path": "/groups/{id}", "body": refusal})
    groups.delete_group(world.editor, group)
    world.settle()

    change = only_change(world)
    assert (change.state, change.reason) == (Change.State.FAILED, "rejected")
    assert change.reason_detail["words"] == refusal["message"]
    services.discard(world.editor, change)
    assert Group.objects.get(pk=group.pk).deleted_at is None
    assert differences(world.account.pk) == []


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


def test_a_contact_deleted_there_waits_for_a_person(world: World) -> None:
    marie = world.mirrored(MARIE, firstname="Marie")
    contacts.edit_contact(world.editor, marie, {"first_name": "Anne"}, marie.edit_version)
    world.sandbox.control("DELETE", "members", account=world.remote, email=MARIE)
    world.push()
    change = only_change(world)
    assert (change.state, change.reason) == (Change.State.CONFLICT, "gone_there")

    services.recreate(world.editor, change)
    world.settle()
    assert world.held_member(MARIE)["firstname"] == "Anne"
    marie.refresh_from_db()
    assert marie.remote_id == world.held_member(MARIE)["id"]


def test_letting_go_of_a_contact_deleted_there_leaves_a_tombstone(world: World) -> None:
    marie = world.mirrored(MARIE)
    contacts.edit_contact(world.editor, marie, {"first_name": "Anne"}, marie.edit_version)
    world.sandbox.control("DELETE", "members", account=world.remote, email=MARIE)
    world.push()
    services.let_go(world.editor, only_change(world))

    marie.refresh_from_db()
    assert marie.gone_at is not None
    assert differences(world.account.pk) == []


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


def test_discarding_a_waiting_edit_shows_the_vendors_value_again(world: World) -> None:
    marie = world.mirrored(MARIE, firstname="Marie")
    contacts.edit_contact(world.editor, marie, {"first_name": "Anne"}, marie.edit_version)
    services.discard(world.editor, only_change(world))
    world.settle()

    row = world.contact(MARIE)
    assert (row.first_name, row.snapshot) == ("Marie", None)
    assert world.effects() == []


def test_rights_taken_away_between_saving_and_sending_stop_the_change(world: World) -> None:
    marie = world.mirrored(MARIE)
    contacts.edit_contact(world.editor, marie, {"first_name": "Anne"}, marie.edit_version)
    world.account.accesses.all().delete()
    world.settle()

    change = only_change(world)
    assert (change.state, change.reason) == (Change.State.PARKED, "rights_lost")
    assert world.effects() == []


def test_deciding_a_conflict_does_not_undo_what_was_typed_since(world: World) -> None:
    marie = world.mirrored(MARIE, firstname="Marie")
    contacts.edit_contact(world.editor, marie, {"first_name": "Anne"}, marie.edit_version)
    world.remote_edit(MARIE, firstname="Ann")
    world.push()
    marie.refresh_from_db()
    contacts.edit_contact(world.editor, marie, {"first_name": "Annie"}, marie.edit_version)
    services.resolve(world.editor, world.changes()[0], {"first_name": {"keep": "theirs"}})
    assert world.contact(MARIE).first_name == "Annie"
    world.settle()

    assert [change.state for change in world.changes()] == [Change.State.SUPERSEDED, Change.State.DONE]
    assert world.held_member(MARIE)["firstname"] == "Annie"


def test_what_follows_a_refused_creation_waits_for_its_repair(world: World) -> None:
    news = world.mirrored_group("News")
    refusal = {"action": "status", "code": 422, "method": "POST", "path": "/members", "times": 1}
    world.sandbox.faults(refusal)
    luc = contacts.create_contact(world.editor, world.account, {"email": "luc@example.com"}, [news])
    world.push()
    world.push()
    assert [change.state for change in world.changes()] == [Change.State.FAILED, Change.State.QUEUED]

    services.retry(world.editor, world.changes()[0])
    world.settle()
    assert [change.state for change in world.changes()] == [Change.State.DONE] * 2
    luc.refresh_from_db()
    assert world.held_member("luc@example.com")["id"] == luc.remote_id


def test_deleting_somebody_on_the_way_into_a_group_leaves_nothing_pending(world: World) -> None:
    marie = world.mirrored(MARIE)
    contacts.change_groups(world.editor, marie, [world.mirrored_group("News")], [])
    contacts.delete_contact(world.editor, marie, "Asked for it")
    assert differences(world.account.pk) == []
    world.settle()
    assert [effect["operation"] for effect in world.effects()] == ["deleteMember"]


def test_somebody_added_again_is_in_no_group(world: World) -> None:
    marie = world.mirrored(MARIE)
    contacts.change_groups(world.editor, marie, [world.mirrored_group("News")], [])
    world.settle()
    contacts.edit_contact(world.editor, marie, {"first_name": "Anne"}, marie.edit_version)
    world.sandbox.control("DELETE", "members", account=world.remote, email=MARIE)
    world.push()
    services.recreate(world.editor, world.changes()[-1])
    world.settle()
    assert GroupMembership.objects.count() == 0
    assert world.held_member(MARIE)["firstname"] == "Anne"


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


def test_a_value_typed_in_a_conflict_is_checked_like_in_a_form(world: World) -> None:
    marie = world.mirrored(MARIE, birthdate="1980-01-01")
    contacts.edit_contact(world.editor, marie, {"birth_date": "1981-01-01"}, marie.edit_version)
    world.remote_edit(MARIE, birthdate="1982-01-01")
    world.push()
    change = only_change(world)
    with pytest.raises(ValidationError):
        services.resolve(world.editor, change, {"birth_date": {"keep": "value", "value": "next year"}})
    change.refresh_from_db()
    assert change.state == Change.State.CONFLICT

    services.resolve(world.editor, change, {"birth_date": {"keep": "value", "value": "1983-01-01"}})
    world.settle()
    assert world.held_member(MARIE)["birthdate"] == "1983-01-01"
