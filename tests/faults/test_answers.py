"""Faults 36 to 40: answers that are late, lost, cut, garbled or of another shape, for each verb.

One of ten: after any of them an edit is at the vendor once, or is a visible change that says why not.
"""

from __future__ import annotations

import resource
from collections.abc import Iterable
from typing import Any

import pytest

from cyberadmin.sync import services
from cyberadmin.sync.models import Change
from tests.faults.desk import Desk
from tests.faults.oracle import judge
from tests.faults.quiet import settle
from tests.faults.verbs import BY_NAME, VERBS, Verb

pytestmark = pytest.mark.django_db(transaction=True)

#: More than the client accepts of one answer.
TOO_BIG = 80_000_000
#: Patience with a vendor that goes silent, and with one that only answers nonsense on a busy machine.
DEADLINE, PATIENCE = 0.5, 20.0
SILENT = ("apply_then_hang", "hang", "drip")

LOST = {
    "36-apply-then-hang": {"action": "apply_then_hang"},
    "36-never-applied-hang": {"action": "hang"},
    "37-drop-before": {"action": "drop_before"},
    "37-reset-before": {"action": "drop_before", "reset": True},
    "37-drop-after": {"action": "drop_after"},
    "37-reset-after": {"action": "drop_after", "reset": True},
    "37-reset-mid-body": {"action": "reset_mid_body"},
    "38-drip": {"action": "drip", "seconds": 5},
}
GARBLED = {
    "37-empty-reply": {"action": "empty_reply"},
    "39-truncated": {"action": "truncate"},
    "39-html": {"action": "html_200"},
    "39-html-not-applied": {"action": "html_200", "apply": False},
    "39-wrong-type": {"action": "wrong_type"},
    "39-bom": {"action": "bom"},
    "39-latin1": {"action": "latin1"},
    "39-nan": {"action": "nan"},
    "39-nested": {"action": "nested"},
    "39-huge": {"action": "huge", "bytes": TOO_BIG},
    "39-gzip-bomb": {"action": "gzip_bomb", "bytes": TOO_BIG},
    "35-500-applied": {"action": "status", "code": 500, "apply": True},
    "35-502": {"action": "status", "code": 502},
}
MUTATED = {
    f"40-{kind}": {"action": "mutate", "kind": kind}
    for kind in ("unknown_fields", "null_string", "string_int", "id_string", "missing_field", "new_enum")
}
ONCE = {**LOST, **GARBLED, **MUTATED}
LASTING = {name: ONCE[name] for name in ("37-drop-before", "37-drop-after", "39-html", "39-html-not-applied", "35-502")}
READING = [verb for verb in VERBS if verb.read]


def matrix(verbs: Iterable[Verb], faults: dict[str, dict[str, Any]], share: int) -> list[Any]:
    """Each fault with each verb; one of `share`, taken diagonally, runs always, the rest is long."""
    cases = []
    for row, verb in enumerate(verbs):
        for column, (name, fault) in enumerate(faults.items()):
            marks = [] if (row + column) % share == 0 else [pytest.mark.long]
            cases.append(pytest.param(verb, fault, id=f"{verb}-{name}", marks=marks))
    return cases


@pytest.fixture(autouse=True)
def _deadline(settings: Any, request: pytest.FixtureRequest) -> None:
    fault = request.node.callspec.params.get("fault", {}) if hasattr(request.node, "callspec") else {}
    settings.SYNC_DEADLINE_SECONDS = DEADLINE if fault.get("action") in SILENT else PATIENCE


def strike(desk: Desk, verb: Verb, fault: dict[str, Any]) -> Any:
    """Make ready, put the fault in place, ask for the change and let everything settle."""
    subject = verb.ready(desk)
    desk.world.sandbox.faults({**verb.rule(fault["action"]), **fault})
    asked = verb.ask(desk, subject)
    settle(desk)
    return asked


@pytest.mark.parametrize(("verb", "fault"), matrix(VERBS, ONCE, 9))
def test_one_broken_answer_to_the_write(desk: Desk, verb: Verb, fault: dict[str, Any]) -> None:
    strike(desk, verb, {**fault, "times": 1})

    judge(desk)
    if verb.name == "contact-optin":
        assert {change.reason for change in desk.open()} <= {"optin_in_doubt"}
    else:
        assert desk.open() == []


@pytest.mark.parametrize(("verb", "fault"), matrix(READING, ONCE, 9))
def test_one_broken_answer_to_the_read_before_it(desk: Desk, verb: Verb, fault: dict[str, Any]) -> None:
    strike(desk, verb, {**fault, "method": "GET", "path": verb.read, "times": 1})

    judge(desk)
    assert desk.open() == []


@pytest.mark.parametrize("fault", [LOST["37-drop-after"], LOST["37-drop-before"]], ids=["applied", "not-applied"])
@pytest.mark.parametrize("look", ["html_200", "truncate", "drop_before", "mutate", "status"])
@pytest.mark.parametrize("verb", [BY_NAME["group-create"], BY_NAME["template-create"]], ids=str)
def test_a_doubted_create_whose_look_breaks_as_well(desk: Desk, verb: Verb, fault: dict[str, Any], look: str) -> None:
    # The first reading of the list is the fence; the two after it are the looks.
    broken = {"action": look, "method": "GET", "path": verb.read, "kind": "missing_field", "field": "title"}
    desk.world.sandbox.faults({**broken, "nth": 2}, {**broken, "nth": 3})
    strike(desk, verb, {**fault, "times": 1})

    judge(desk)
    assert desk.open() == []


@pytest.mark.parametrize(("verb", "fault"), matrix(VERBS, LASTING, 5))
def test_an_answer_broken_for_ever_stops_visibly_and_is_sent_when_a_person_says_so(
    desk: Desk, verb: Verb, fault: dict[str, Any]
) -> None:
    strike(desk, verb, fault)
    judge(desk)
    desk.world.sandbox.clear_faults()

    for change in desk.open():
        assert change.state == Change.State.PARKED
        decide = services.send_again if change.keyless else services.retry
        if change.reason != "optin_in_doubt":
            decide(desk.world.editor, change)
    settle(desk)
    judge(desk)
    assert {change.reason for change in desk.open()} <= {"optin_in_doubt", "same_mark_there"}


def test_answers_far_too_big_do_not_fill_the_memory(desk: Desk) -> None:
    verb = BY_NAME["contact-update"]
    contact = verb.ready(desk)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    desk.world.sandbox.faults(
        verb.rule("huge", times=1, bytes=2_000_000_000),
        verb.rule("gzip_bomb", times=1, bytes=2_000_000_000),
        {"action": "gzip_bomb", "method": "GET", "path": verb.read, "times": 1, "bytes": 2_000_000_000},
    )
    verb.ask(desk, contact)
    settle(desk)

    judge(desk)
    assert desk.open() == []
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 200
