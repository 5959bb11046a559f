"""Many contacts into groups, out of them, and from one to another."""

from __future__ import annotations

import pytest

from contacts.bulk.groups import memberships
from contacts.models import Contact
from cyberadmin.sync.bulk import services
from cyberadmin.sync.health import differences
from groups.models import Group
from tests.contacts.bulk.bulk_desk import (
    approve_and_apply,
    held_groups,
    matching,
    picked,
    plan,
    planned,
    results,
    verdicts,
)
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(world: World) -> tuple[Contact, Contact]:
    """Two people, of whom the first is in the group “Old”."""
    zoe, ben = world.mirrored("zoe@example.com", lastname="Roy"), world.mirrored("ben@example.com", lastname="Roy")
    world.remote_group("Old", ["zoe@example.com"])
    world.pull()
    return zoe, ben


def group(world: World, title: str) -> Group:
    """A group that both sides have."""
    return world.mirrored_group(title)


def test_everybody_picked_joins_a_group_and_keeps_the_others(world: World, people: tuple[Contact, Contact]) -> None:
    new = group(world, "New")
    made = plan(world, "join", {**picked(*people), "join": [new.pk]})
    assert verdicts(made) == {"zoe@example.com": ("update", ""), "ben@example.com": ("update", "")}
    assert made.forecast["automation_mails"] == 2
    assert world.effects() == []

    done = approve_and_apply(world, made)

    assert done.state == "done"
    assert results(done) == {"zoe@example.com": "done", "ben@example.com": "done"}
    assert held_groups(world, "zoe@example.com") == {"Old", "New"}
    assert held_groups(world, "ben@example.com") == {"New"}
    assert differences(world.account.pk) == []


def test_a_move_leaves_alone_who_is_not_in_the_first_group(world: World, people: tuple[Contact, Contact]) -> None:
    new = group(world, "New")
    old = world.group("Old")
    made = plan(world, "move", {**matching(q="roy"), "leave": [old.pk], "join": [new.pk]})
    assert verdicts(made) == {"zoe@example.com": ("update", ""), "ben@example.com": ("same", "not_in_group")}

    done = approve_and_apply(world, made)

    assert held_groups(world, "zoe@example.com") == {"New"}
    assert held_groups(world, "ben@example.com") == set()

    back = planned(services.take_back(world.editor, done, "too early"))
    approve_and_apply(world, back)
    assert held_groups(world, "zoe@example.com") == {"Old"}
    assert differences(world.account.pk) == []


def test_leaving_the_last_group_is_foreseen(world: World, people: tuple[Contact, Contact]) -> None:
    old = world.group("Old")
    made = plan(world, "leave", {**matching(), "leave": [old.pk]})
    assert made.forecast["orphans"] == 1
    assert made.counts == {"rows": 2, "update": 1, "same": 1}
    approve_and_apply(world, made)
    assert held_groups(world, "zoe@example.com") == set()


def test_another_clients_group_or_contact_never_enters_a_plan(world: World, people: tuple[Contact, Contact]) -> None:
    other = World.build(world.sandbox)
    stranger, theirs = other.mirrored("stranger@example.com"), other.mirrored_group("Theirs")
    refused = plan(world, "join", {**picked(*people), "join": [theirs.pk]})
    assert (refused.state, refused.reason, refused.rows.count()) == ("failed", "group_gone", 0)
    mine = group(world, "New")
    made = plan(world, "join", {**picked(people[0], stranger), "join": [mine.pk]})
    assert set(verdicts(made)) == {"zoe@example.com"}


@pytest.mark.parametrize("kind", ["join", "leave", "move"])
def test_a_group_deleted_at_the_vendor_after_the_plan_outdates_it(
    world: World, people: tuple[Contact, Contact], kind: str
) -> None:
    new, old = group(world, "New"), world.group("Old")
    parameters = {
        "join": {"join": [new.pk]},
        "leave": {"leave": [old.pk]},
        "move": {"join": [new.pk], "leave": [old.pk]},
    }
    gone = old if kind == "leave" else new
    made = plan(world, kind, {**picked(*people), **parameters[kind]})
    world.sandbox.control("DELETE", "groups", account=world.remote, id=gone.remote_id)
    done = approve_and_apply(world, made)
    assert (done.state, done.reason, done.reason_detail) == ("outdated", "group_gone", {"title": gone.title})
    assert set(results(done).values()) == {"waiting"}
    assert (world.effects(), world.changes()) == ([], [])


def test_a_filter_means_whom_it_fits_when_the_plan_is_made(world: World, people: tuple[Contact, Contact]) -> None:
    new = group(world, "New")
    made = services.draft(
        world.editor, world.account, "join", {**matching(group=str(world.group("Old").pk)), "join": [new.pk]}
    )
    world.sandbox.control(
        "POST", "groups/members", account=world.remote, id=world.group("Old").remote_id, add=["ben@example.com"]
    )
    world.pull()
    services.plan(world.editor, made)
    assert set(verdicts(planned(made))) == {"zoe@example.com", "ben@example.com"}
    assert memberships(people, [new.pk]) == {}
