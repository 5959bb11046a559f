"""Faults 18 and 19: several workers reach for the same change, and sweeps overlap."""

from __future__ import annotations

import random
from collections import Counter, defaultdict

import pytest

from cyberadmin.sync import claim, clock, sweeper, tasks
from cyberadmin.sync.models import Change
from tests.faults.desk import Desk
from tests.faults.load import Load
from tests.faults.oracle import judge
from tests.faults.quiet import settle
from tests.faults.test_kills import SHORT
from tests.faults.threads import run_together
from tests.faults.workers import Nursery

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("rounds", [40, pytest.param(1_000, marks=pytest.mark.long)])
def test_two_workers_claim_the_same_change_and_one_gets_it(desk: Desk, rounds: int) -> None:
    desk.create_contact("one@example.com")
    account = desk.world.account
    wins: Counter[int] = Counter()

    for _ in range(rounds):
        Change.objects.update(state=Change.State.QUEUED, claims=0, claim_token=None, lease_until=None)
        got = run_together([lambda: claim.claim(account)] * 2)
        winners = [place for place, change in enumerate(got) if change is not None]
        assert len(winners) == 1
        wins[winners[0]] += 1
    assert sum(wins.values()) == rounds


def test_many_workers_drain_a_queue_once_and_in_order(desk: Desk) -> None:
    """Claims only: each change is taken once, and never while an older one of its object is not done."""
    contacts = [desk.create_contact(f"person{number}@example.com") for number in range(12)]
    settle(desk)
    group = desk.world.mirrored_group("Infolettre")
    for contact in contacts:
        desk.edit(contact, note="first")
        desk.regroup(contact, [group], [])
        desk.ask_consent(contact)
        desk.edit(contact, note="second")
    account = desk.world.account
    taken: list[int] = []

    def drain() -> None:
        misses = 0
        while misses < 50:
            change = claim.claim(account)
            if change is None:
                misses += 1
                continue
            taken.append(change.pk)
            claim.release(change, Change.State.DONE)

    run_together([drain] * 4)
    assert len(taken) == len(set(taken))
    assert desk.open() == []
    stories = defaultdict(list)
    keys = dict(Change.objects.values_list("pk", "object_id"))
    for pk in taken:
        stories[keys[pk]].append(pk)
    assert all(story == sorted(story) for story in stories.values())


def test_two_sweeps_take_back_an_expired_lease_once(desk: Desk) -> None:
    desk.create_contact("one@example.com")
    assert claim.claim(desk.world.account) is not None
    clock.advance(1_000)
    assert sorted(run_together([claim.reap] * 4)) == [0, 0, 0, 1]
    assert [change.claims for change in desk.open()] == [1]
    settle(desk)
    judge(desk)
    assert desk.open() == []


def test_two_beats_ring_twice_for_the_same_work(desk: Desk) -> None:
    desk.create_contact("one@example.com")
    run_together([tasks.sweep] * 3)
    found = run_together([sweeper.accounts_with_work] * 3)
    assert found == [[desk.world.account.pk]] * 3
    run_together([lambda: tasks.wake(desk.world.account.pk)] * 3)
    settle(desk)
    judge(desk)
    assert desk.open() == []


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long), pytest.param(2, marks=pytest.mark.long)])
def test_three_workers_sweep_the_same_accounts_all_the_time(desk: Desk, workers: Nursery, seed: int) -> None:
    load = Load(desk, random.Random(seed))
    load.begin()
    desk.world.sandbox.faults({"action": "delay", "ms": 4, "account": desk.world.remote})
    crowd = [
        workers.start("work", {**SHORT, "SYNC_LEASE_SECONDS": "30"}, accounts=[desk.world.account.pk], until_idle=False)
        for _ in range(3)
    ]
    for _ in range(10):
        load.press(5)
    last = workers.start("work", {**SHORT, "SYNC_LEASE_SECONDS": "30"}, accounts=[desk.world.account.pk])
    last.wait()
    for worker in crowd:
        worker.kill()
    judge(desk)
    assert {change.reason for change in desk.open()} <= {"optin_in_doubt", ""}
