"""Faults 1 to 8: the worker (or the page) is killed with SIGKILL at each named point of a push, for each verb.

A second process then goes on from what the first left in the database.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cyberadmin.sync.models import Change
from tests.faults.desk import Desk
from tests.faults.oracle import judge
from tests.faults.verbs import BY_NAME, EMAIL, VERBS, Verb
from tests.faults.workers import Nursery

pytestmark = pytest.mark.django_db(transaction=True)

#: C6 is no place in our code: it is between the vendor's applying and our reading (see the test of its own).
POINTS = ["C3", "C4", "C5", "C7", "C8"]
ALWAYS = {"contact-create", "contact-update", "group-create", "template-create"}
CASES = [
    pytest.param(point, verb, id=f"{point}-{verb}", marks=[] if verb.name in ALWAYS else [pytest.mark.long])
    for point in POINTS
    for verb in VERBS
    if point != "C4" or verb.keyless
]


def goes_on(desk: Desk, workers: Nursery) -> None:
    """Another worker comes, finds what lost its worker, and works until nothing moves."""
    workers.start("work", accounts=[desk.world.account.pk], ahead=1_000.0, hurry=True).wait()


@pytest.mark.parametrize(("point", "verb"), CASES)
def test_the_worker_is_killed_at_a_point(desk: Desk, workers: Nursery, point: str, verb: Verb, tmp_path: Path) -> None:
    subject = verb.ready(desk)
    verb.ask(desk, subject)
    marker = tmp_path / "crashed"
    crash = {"CYBERADMIN_CRASH_AT": point, "CYBERADMIN_CRASH_ONCE": str(marker)}
    workers.start("work", crash, accounts=[desk.world.account.pk]).wait()
    assert marker.exists(), "it was not killed"
    left = desk.open()
    assert [change.state for change in left] == [Change.State.SENDING]
    goes_on(desk, workers)

    judge(desk, kills=1)
    doubted = verb.name == "contact-optin" and point in ("C5", "C7", "C8")
    assert [change.reason for change in desk.open()] == (["optin_in_doubt"] if doubted else [])
    if verb.keyless and verb.read:
        assert Change.objects.get(pk=left[0].pk).resends == (1 if point == "C5" else 0)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "verb",
    [pytest.param(verb, marks=[] if verb.name in ALWAYS else [pytest.mark.long], id=str(verb)) for verb in VERBS],
)
def test_the_worker_is_killed_while_the_vendor_has_the_request(
    desk: Desk, workers: Nursery, verb: Verb, when: str
) -> None:
    """C5 and C6: the bytes have left; the vendor applies them before the worker is killed, or only afterwards."""
    subject = verb.ready(desk)
    verb.ask(desk, subject)
    held = desk.world.sandbox.faults(verb.rule("hold", when=when, times=1))[0]
    worker = workers.start("work", accounts=[desk.world.account.pk])
    desk.world.sandbox.wait_held(held["id"])
    worker.kill()
    desk.world.sandbox.release(held["id"])
    goes_on(desk, workers)

    judge(desk, kills=1)
    assert [change.reason for change in desk.open()] == (["optin_in_doubt"] if verb.name == "contact-optin" else [])


@pytest.mark.parametrize("looks", [0, 1])
@pytest.mark.parametrize("verb", [BY_NAME["group-create"], BY_NAME["template-create"]], ids=str)
def test_the_worker_is_killed_while_it_looks_for_a_doubted_creation(
    desk: Desk, workers: Nursery, verb: Verb, looks: int
) -> None:
    desk.world.sandbox.faults(verb.rule("drop_before", times=1))
    # The list is read for the fence, then for each look.
    held = desk.world.sandbox.faults({"action": "hold", "method": "GET", "path": verb.read, "nth": 2 + looks})[0]
    verb.ask(desk, None)
    worker = workers.start("work", accounts=[desk.world.account.pk], hurry=True)
    desk.world.sandbox.wait_held(held["id"])
    worker.kill()
    desk.world.sandbox.release(held["id"])
    workers.start("work", accounts=[desk.world.account.pk], ahead=3_000.0, hurry=True).wait()
    judge(desk, kills=1)
    assert desk.open() == []


def test_an_edit_whose_page_was_killed_before_its_commit_is_not_saved_at_all(desk: Desk, workers: Nursery) -> None:
    contact = desk.world.mirrored(EMAIL, note="old")
    saver = workers.start("save", contact=contact.pk, actor=desk.world.editor.pk, note="new", die="before")
    saver.wait()
    goes_on(desk, workers)
    judge(desk, kills=1)
    assert desk.world.changes() == []
    assert desk.world.held_member(EMAIL)["note"] == "old"


def test_an_edit_whose_page_was_killed_before_it_rang_is_found_by_the_sweep(desk: Desk, workers: Nursery) -> None:
    contact = desk.world.mirrored(EMAIL, note="old")
    workers.start("save", contact=contact.pk, actor=desk.world.editor.pk, note="new", die="after").wait()
    desk.wish(contact).values["note"] = "new"
    assert [change.state for change in desk.open()] == [Change.State.QUEUED]
    goes_on(desk, workers)
    judge(desk, kills=1)
    assert desk.open() == []
