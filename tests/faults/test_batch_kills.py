"""A worker killed -9 at seeded random instants while it applies: no row skipped, none sent twice in effect, totals equal."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from cyberadmin.sync import clock
from cyberadmin.sync import services as outbox
from cyberadmin.sync.bulk import services
from cyberadmin.sync.models import Change, ChangeSet
from tests.faults.oracle import TALLY, Verdict
from tests.faults.workers import Nursery
from tests.sync.bulk.desk import BulkDesk, People, people
from tests.world import World, from_sweep

pytestmark = pytest.mark.django_db(transaction=True)

CAMPAIGNS = [pytest.param(1, 5), *(pytest.param(seed, 20, marks=pytest.mark.long) for seed in range(2, 8))]
KNOWN = 24


def begin(bulk: BulkDesk) -> dict[str, ChangeSet]:
    """One set of each way in which rows travel, all being applied at once for one client."""
    for prefix in ("update", "unsubscribe", "delete"):
        for email, _name in people(KNOWN, prefix):
            bulk.world.mirrored(email)
    wishes: dict[str, People] = {verb: people(KNOWN, verb) for verb in ("update", "unsubscribe", "delete")}
    wishes["add"] = people(5 * KNOWN, "add")
    return {verb: bulk.approve(bulk.plan(verb, rows)) for verb, rows in wishes.items()}


def resume_stopped(bulk: BulkDesk, sets: dict[str, ChangeSet]) -> set[str]:
    """A person looks at what stopped after many crashes, and lets it go on; whose changes were among it."""
    for change_set in sets.values():
        change_set.refresh_from_db()
        if change_set.state == ChangeSet.State.PAUSED:
            assert change_set.reason == "apply_crashed"
            services.resume(bulk.world.editor, change_set)
    parked = list(Change.objects.filter(account=bulk.world.account, state=Change.State.PARKED))
    for change in parked:
        assert change.reason in ("crashed", "look_crashed")
        outbox.retry(bulk.world.editor, change)
    return {change.object_label for change in parked}


@pytest.mark.parametrize(("seed", "kills"), CAMPAIGNS)
def test_killed_again_and_again_while_applying(world: World, workers: Nursery, seed: int, kills: int) -> None:
    draw, bulk = random.Random(seed), BulkDesk(world)
    sandbox = world.sandbox
    sandbox.settings(batch_start_seconds=0, batch_run_seconds=0)
    sets = begin(bulk)
    sandbox.faults({"action": "delay", "ms": 5, "account": world.remote})
    by_hand: set[str] = set()
    for number in range(kills):
        # Step by step, or in slices, in which a poll is on its way while the batch before is written down.
        times = {"ahead": 400.0 * number, "budget": draw.choice((0.0, 5.0))}
        worker = workers.start("apply", {"BULK_BATCH_ROWS": "6"}, account=world.account.pk, **times)
        worker.ended(draw.uniform(0.0, 0.6))
        worker.kill()
        by_hand |= resume_stopped(bulk, sets)
    sandbox.clear_faults()
    clock.advance(400.0 * kills)
    for change_set in sets.values():
        bulk.follow(change_set, 2_000)
    while stopped := resume_stopped(bulk, sets):
        by_hand |= stopped
        from_sweep(world.account.pk)

    for verb, change_set in sets.items():
        # What was left to a person says so in its row, and arrived all the same.
        unfinished = {email: end for email, end in bulk.results(change_set).items() if end != ("done", "")}
        assert set(unfinished.values()) <= {("failed", "in_outbox")}, verb
        assert unfinished.keys() <= by_hand, verb
        bulk.check(change_set)
    names = {
        email: name for verb in ("add", "update") for email, name in people(5 * KNOWN if verb == "add" else KNOWN, verb)
    }
    assert bulk.held() == names
    assert {one["email"] for one in world.held()["unsubscribed"]} == {
        email for email, _ in people(KNOWN, "unsubscribe")
    }
    assert Change.objects.filter(account=world.account).count() == KNOWN
    assert doubled(world) == {}
    TALLY.add(Verdict(), kills)


def doubled(world: World) -> dict[tuple[str, str], int]:
    """Effects that happened to somebody more than once, by the vendor's journal."""
    moves = Counter(
        (str(one["email"]), f"{one['before']} → {one['after']}")
        for one in world.sandbox.journal(account=world.remote)
        if one["source"] in ("api", "batch") and one["before"] != one["after"]
    )
    return {key: count for key, count in moves.items() if count > 1}
