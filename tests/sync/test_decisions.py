"""What needs a person: conflicts, refusals, objects gone or made at the vendor meanwhile, and what each decision does."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from contacts import services as contacts
from contacts.models import GroupMembership
from cyberadmin.sync import clock, services
from cyberadmin.sync.health import differences
from cyberadmin.sync.models import Change
from groups import services as groups
from groups.models import Group
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

MARIE = "marie.tremblay@example.com"


def only_change(world: World, **filters: object) -> Change:
    found = world.changes(**filters)
    assert len(found) == 1, [str(change) for change in found]
    return found[0]


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


def test_an_address_that_somebody_else_has_taken_meanwhile_is_not_put_back(world: World) -> None:
    marie = world.mirrored("marie@example.com")
    moved = contacts.edit_contact(world.editor, marie, {"email": "new@example.com"}, marie.edit_version)
    assert moved is not None
    other = contacts.create_contact(world.editor, world.account, {"email": "marie@example.com"})
    with pytest.raises(ValidationError, match="has taken “marie@example.com” meanwhile"):
        services.discard(world.editor, moved)
    moved.refresh_from_db()
    assert (moved.state, world.contact("new@example.com").pk) == (Change.State.QUEUED, marie.pk)
    contacts.delete_contact(world.editor, other)
    services.discard(world.editor, moved)
    assert world.contact("marie@example.com").pk == marie.pk


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
