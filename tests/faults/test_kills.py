"""Faults 13, 16 and 17: workers killed at seeded random instants under load, frozen past their lease, or killed by a change."""

from __future__ import annotations

import random
import signal

import pytest

from cyberadmin.sync import services
from cyberadmin.sync.models import Change
from tests.faults.desk import Desk
from tests.faults.load import Load
from tests.faults.oracle import judge
from tests.faults.verbs import BY_NAME, EMAIL, VERBS, Verb
from tests.faults.workers import Nursery, poll

pytestmark = pytest.mark.django_db(transaction=True)

KILLS = 10
SEEDS = [pytest.param(seed, marks=[] if seed < 2 else [pytest.mark.long]) for seed in range(22)]
PAIR_SEEDS = [pytest.param(seed, marks=[] if seed < 1 else [pytest.mark.long]) for seed in range(6)]
#: What may wait for a person afterwards: requests for consent in doubt, what was in hand each time a worker was killed (or
#: behind that), and an edit that a dead worker still held while its person was unsubscribed.
LEFT = {"optin_in_doubt", "crashed", "look_crashed", "", "protected"}
#: For workers that run beside each other on the real clock.
SHORT = {
    "SYNC_DEADLINE_SECONDS": "2",
    "SYNC_LEASE_SECONDS": "3",
    "SYNC_SETTLE_SECONDS": "2",
    "SYNC_SECOND_LOOK_SECONDS": "1",
    "SYNC_BACKOFF_SECONDS": "0.1",
}


def unsteady(desk: Desk, seed: int) -> None:
    """Every request takes a little while; with odd seeds some answers or requests are lost as well."""
    lost = [{"action": "drop_after", "every": 11}, {"action": "drop_before", "every": 13}] if seed % 2 else []
    slow = [{"action": "delay", "ms": 6}]
    desk.world.sandbox.faults(*[{**rule, "account": desk.world.remote} for rule in lost + slow])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_worker_is_killed_again_and_again_under_load(desk: Desk, workers: Nursery, seed: int) -> None:
    draw = random.Random(seed)
    load = Load(desk, draw)
    load.begin()
    unsteady(desk, seed)
    ahead = 0.0
    for _ in range(KILLS):
        load.press(draw.randrange(3, 9))
        worker = workers.start("work", accounts=[desk.world.account.pk], ahead=ahead, until_idle=False)
        worker.ended(draw.uniform(0.0, 0.15))
        worker.kill()
        ahead += 400.0
    desk.world.sandbox.clear_faults()
    workers.start("work", accounts=[desk.world.account.pk], ahead=ahead, hurry=True).wait()

    judge(desk, kills=KILLS)
    assert {change.reason for change in desk.open()} <= LEFT


@pytest.mark.parametrize("seed", PAIR_SEEDS)
def test_two_workers_at_once_are_killed_again_and_again(desk: Desk, workers: Nursery, seed: int) -> None:
    draw = random.Random(1_000 + seed)
    load = Load(desk, draw)
    load.begin()
    unsteady(desk, seed)
    rounds = 5
    for _ in range(rounds):
        load.press(8)
        pair = [workers.start("work", SHORT, accounts=[desk.world.account.pk], until_idle=False) for _ in range(2)]
        pair[0].ended(draw.uniform(0.0, 0.25))
        for worker in draw.sample(pair, 2):
            worker.kill()
    desk.world.sandbox.clear_faults()
    for worker in [workers.start("work", SHORT, accounts=[desk.world.account.pk]) for _ in range(2)]:
        worker.wait()
    judge(desk, kills=2 * rounds)
    assert {change.reason for change in desk.open()} <= LEFT


@pytest.mark.parametrize(
    "verb",
    [
        pytest.param(
            verb, id=str(verb), marks=[] if verb.name in ("contact-update", "group-create") else [pytest.mark.long]
        )
        for verb in VERBS
    ],
)
def test_a_worker_frozen_past_its_lease_sends_and_writes_nothing_when_it_wakes(
    desk: Desk, workers: Nursery, verb: Verb
) -> None:
    subject = verb.ready(desk)
    verb.ask(desk, subject)
    frozen = workers.start(
        "work",
        {**SHORT, "CYBERADMIN_CRASH_AT": "C3", "CYBERADMIN_CRASH_SIGNAL": "STOP"},
        accounts=[desk.world.account.pk],
    )
    poll(frozen.is_stopped)
    assert [change.state for change in desk.open()] == [Change.State.SENDING]
    workers.start("work", SHORT, accounts=[desk.world.account.pk]).wait()
    judge(desk)
    assert desk.open() == []
    before = len(desk.world.sandbox.requests())
    written = list(Change.objects.order_by("pk").values())

    frozen.send(signal.SIGCONT)
    frozen.wait()
    assert desk.world.sandbox.requests()[before:] == []
    assert list(Change.objects.order_by("pk").values()) == written
    judge(desk)


@pytest.mark.parametrize("verb", [BY_NAME["contact-update"], BY_NAME["contact-join"]], ids=str)
def test_a_change_that_kills_every_worker_is_stopped_and_the_others_go_on(
    desk: Desk, workers: Nursery, verb: Verb
) -> None:
    subject = verb.ready(desk)
    verb.ask(desk, subject)
    for turn in range(3):
        poisoned = {"CYBERADMIN_CRASH_AT": "C5"}
        workers.start("work", poisoned, accounts=[desk.world.account.pk], ahead=400.0 * turn).wait()
    desk.create_contact("other@example.com")
    workers.start("work", accounts=[desk.world.account.pk], ahead=4_000.0, hurry=True).wait()

    judge(desk, kills=3)
    stopped = desk.open()
    assert [(change.state, change.reason) for change in stopped] == [(Change.State.PARKED, "crashed")]
    services.retry(desk.world.editor, stopped[0])
    workers.start("work", accounts=[desk.world.account.pk], ahead=5_000.0, hurry=True).wait()
    judge(desk)
    assert desk.open() == []


def test_a_look_that_kills_every_worker_is_stopped_and_a_person_looks(desk: Desk, workers: Nursery) -> None:
    verb = BY_NAME["group-create"]
    desk.world.sandbox.faults(verb.rule("drop_after", times=1))
    verb.ask(desk, None)
    desk.world.push()
    assert [change.state for change in desk.open()] == [Change.State.UNKNOWN]
    for turn in range(1, 4):
        poisoned = {"CYBERADMIN_CRASH_AT": "C3"}
        workers.start("work", poisoned, accounts=[desk.world.account.pk], ahead=400.0 * turn).wait()
    contact = desk.world.mirrored(EMAIL)
    desk.edit(contact, note="goes on")
    workers.start("work", accounts=[desk.world.account.pk], ahead=4_000.0, hurry=True).wait()

    judge(desk, kills=3)
    stopped = desk.open()
    assert [(change.state, change.reason) for change in stopped] == [(Change.State.PARKED, "look_crashed")]
    services.send_again(desk.world.editor, stopped[0])
    workers.start("work", accounts=[desk.world.account.pk], ahead=5_000.0, hurry=True).wait()
    judge(desk)
    asked = desk.open()[0]
    assert (asked.state, asked.reason) == (Change.State.CONFLICT, "same_mark_there")
    services.adopt(desk.world.editor, asked, asked.reason_detail["candidates"][0]["remote_id"])
    workers.start("work", accounts=[desk.world.account.pk], ahead=6_000.0, hurry=True).wait()
    judge(desk)
    assert desk.open() == []
