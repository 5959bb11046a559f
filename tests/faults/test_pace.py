"""Faults 34 and 35: an account that is asked to slow down, and a vendor in trouble, are left alone as long as they ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from cyberadmin.sync import clock, details, pull, push
from cyberadmin.sync.models import Change, Pace, PullRun
from tests.faults.desk import Desk
from tests.faults.oracle import judge
from tests.faults.quiet import settle
from tests.faults.threads import run_together
from tests.faults.verbs import BY_NAME, VERBS, Verb

pytestmark = pytest.mark.django_db(transaction=True)


def many(desk: Desk, count: int) -> None:
    for number in range(count):
        desk.create_contact(f"person{number}@example.com", note=str(number))


def paths(desk: Desk) -> list[str]:
    """What the vendor was asked for by this account, oldest first."""
    return [one["path"] for one in desk.world.sandbox.requests() if one["account"] == desk.world.remote]


def received(desk: Desk) -> int:
    """How many requests the vendor had from this account."""
    return len(paths(desk))


def http_date(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")


WAITS = {
    "seconds": ("120", 119, 120),
    "date": ("date", 117, 121),
    "garbage": ("soon", 5, 10),
    "absent": (None, 5, 10),
    "a-day": ("86400", 899, 900),
    "negative": ("-5", 5, 10),
    "zero": ("0", 0.9, 1),
    "long-number": ("9" * 40, 5, 10),
}


@pytest.mark.parametrize(("value", "least", "most"), WAITS.values(), ids=WAITS)
def test_429_is_waited_out_without_a_single_request(desk: Desk, value: str | None, least: float, most: float) -> None:
    many(desk, 6)
    headers = {} if value is None else {"Retry-After": http_date(120) if value == "date" else value}
    desk.world.sandbox.faults(
        {"action": "status", "code": 429, "headers": headers, "method": "POST", "path": "/members", "nth": 2}
    )
    desk.world.push()
    pace = Pace.objects.get(account=desk.world.account)
    assert pace.wait_until is not None
    assert least - 1 <= (pace.wait_until - clock.now()).total_seconds() <= most
    before = received(desk)

    clock.advance(max((pace.wait_until - clock.now()).total_seconds() - 0.5, 0))
    if most > 1:
        push.pump(desk.world.account.pk)
        assert received(desk) == before
    settle(desk)
    judge(desk)
    assert desk.open() == []
    assert sum(change.attempts for change in desk.world.changes()) == 0


@pytest.mark.parametrize("verb", VERBS, ids=str)
def test_429_for_each_verb_costs_no_attempt_and_doubles_nothing(desk: Desk, verb: Verb) -> None:
    subject = verb.ready(desk)
    desk.world.sandbox.faults(verb.rule("status", code=429, headers={"Retry-After": "3"}, times=2))
    verb.ask(desk, subject)
    settle(desk)
    judge(desk)
    assert desk.open() == []
    assert desk.world.changes()[-1].attempts == 0


def test_a_429_while_looking_for_a_doubted_create_is_waited_out_too(desk: Desk) -> None:
    limited = {"action": "status", "code": 429, "headers": {"Retry-After": "600"}, "method": "GET", "path": "/groups"}
    desk.world.sandbox.faults(BY_NAME["group-create"].rule("drop_after", times=1), {**limited, "nth": 2})
    desk.create_group("Bénévoles")
    settle(desk)
    judge(desk)
    assert desk.open() == []


@pytest.mark.parametrize("code", [500, 503, 408])
def test_an_error_on_every_third_call_delays_and_loses_nothing(desk: Desk, code: int) -> None:
    group = desk.world.mirrored_group("Infolettre")
    people = [desk.world.mirrored(f"person{number}@example.com") for number in range(8)]
    desk.world.sandbox.faults({"action": "status", "code": code, "every": 3, "account": desk.world.remote})
    for number, contact in enumerate(people):
        desk.edit(contact, note=str(number))
        desk.regroup(contact, [group], [])
    desk.create_group("Bénévoles")
    desk.unsubscribe(people[0])
    settle(desk)
    judge(desk)
    assert desk.open() == []


def test_a_vendor_down_for_an_hour_is_probed_once_per_cool_down_and_gets_everything_afterwards(desk: Desk) -> None:
    many(desk, 20)
    rule = desk.world.sandbox.faults({"action": "status", "code": 503, "account": desk.world.remote})[0]
    cooldowns: list[int] = []
    settle(desk, until=5)
    before = received(desk)
    opened = clock.now()
    while (clock.now() - opened).total_seconds() < 3600:
        pace = Pace.objects.get(account=desk.world.account)
        assert pace.open_until is not None
        cooldowns.append(pace.cooldown_seconds)
        for _ in range(5):
            push.pump(desk.world.account.pk)
        assert received(desk) - before == len(cooldowns) - 1
        clock.advance((pace.open_until - clock.now()).total_seconds() + 0.01)
        push.pump(desk.world.account.pk)
    assert cooldowns[:6] == [60, 120, 240, 480, 900, 900]
    assert {change.state for change in desk.open()} == {Change.State.QUEUED}
    judge_waiting(desk)

    desk.world.sandbox.control("DELETE", f"faults/{rule['id']}")
    settle(desk)
    assert Pace.objects.get(account=desk.world.account).open_until is None
    judge(desk)
    assert desk.open() == []


def judge_waiting(desk: Desk) -> None:
    """While the breaker is open every change says so."""
    assert {change.reason for change in desk.open()} <= {"", "breaker", "vendor_trouble"}


def opened(desk: Desk) -> dict[str, Any]:
    """A breaker whose wait is over while the vendor still refuses everything; the rule that refuses."""
    many(desk, 12)
    rule = desk.world.sandbox.faults({"action": "status", "code": 503, "account": desk.world.remote})[0]
    settle(desk, until=5)
    pace = Pace.objects.get(account=desk.world.account)
    assert pace.open_until is not None
    clock.advance((pace.open_until - clock.now()).total_seconds() + 0.01)
    return rule


def test_pushing_pulling_and_looking_send_one_probe_between_them(desk: Desk) -> None:
    contact, account = desk.world.mirrored("someone@example.com"), desk.world.account.pk
    rule = opened(desk)
    pull.request(desk.world.account, PullRun.Scope.FULL)
    slow = desk.world.sandbox.faults({"action": "delay", "ms": 200, "method": "GET", "path": "/ping"})[0]
    desk.world.sandbox.control("DELETE", f"faults/{rule['id']}")
    before = received(desk)
    pulling, looking = partial(pull.run_due, account), partial(details.read, "contact", account, contact.pk)
    run_together([partial(push.pump, account)] * 2 + [pulling, looking])
    made = paths(desk)[before:]
    assert (made[0], made.count("/ping")) == ("/ping", 1)
    desk.world.sandbox.control("DELETE", f"faults/{slow['id']}")
    settle(desk)
    assert desk.world.pull().state == PullRun.State.COMPLETE
    judge(desk)


@pytest.mark.parametrize("caller", ["push", "pull", "look"])
def test_a_failed_probe_is_all_that_is_sent_and_everybody_waits_twice_as_long(desk: Desk, caller: str) -> None:
    contact, account = desk.world.mirrored("someone@example.com"), desk.world.account.pk
    opened(desk)
    run = pull.request(desk.world.account, PullRun.Scope.FULL)
    callers: dict[str, Callable[[], object]] = {
        "push": partial(push.pump, account),
        "pull": partial(pull.run_due, account),
        "look": partial(details.read, "contact", account, contact.pk),
    }
    before = received(desk)
    callers.pop(caller)()
    for other in callers.values():
        other()
    assert paths(desk)[before:] == ["/ping"]
    pace = Pace.objects.get(account=account)
    assert pace.cooldown_seconds == 120
    run.refresh_from_db()
    assert (run.state, run.reason, run.not_before) == (PullRun.State.QUEUED, "breaker", pace.open_until)


def test_one_broken_account_leaves_another_in_peace(desk: Desk) -> None:
    other = Desk(type(desk.world).build(desk.world.sandbox))
    many(desk, 12)
    many(other, 12)
    desk.world.sandbox.faults({"action": "status", "code": 503, "account": desk.world.remote})
    settle(desk, until=5)
    settle(other)
    assert other.open() == []
    judge(other)
    desk.world.sandbox.clear_faults()
    settle(desk)
    judge(desk)
