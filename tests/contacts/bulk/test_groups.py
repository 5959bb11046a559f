"""Many contacts into groups, out of them, and from one to another."""

from __future__ import annotations

import pytest

from cyberadmin.sync.health import differences
from tests.contacts.bulk.bulk_desk import approve_and_apply, held_groups, picked, plan, results, verdicts
from tests.world import World

pytestmark = pytest.mark.django_db


def test_everybody_picked_joins_a_group_and_keeps_the_others(world: World) -> None:
    zoe, ben = world.mirrored("zoe@example.com"), world.mirrored("ben@example.com")
    world.mirrored_group("Old")
    new = world.mirrored_group("New")
    world.sandbox.control(
        "POST", "groups/members", account=world.remote, id=world.group("Old").remote_id, add=["zoe@example.com"]
    )
    made = plan(world, "join", {**picked(zoe, ben), "join": [new.pk]})
    assert verdicts(made) == {"zoe@example.com": ("update", ""), "ben@example.com": ("update", "")}
    assert made.forecast["automation_mails"] == 2
    assert world.effects() == []

    done = approve_and_apply(world, made)

    assert done.state == "done"
    assert results(done) == {"zoe@example.com": "done", "ben@example.com": "done"}
    assert held_groups(world, "zoe@example.com") == {"Old", "New"}
    assert held_groups(world, "ben@example.com") == {"New"}
    assert differences(world.account.pk) == []
