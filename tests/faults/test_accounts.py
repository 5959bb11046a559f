"""Faults 41 and 44 to 46: a redirect, a token revoked under a long queue, another client's token, a hiccup."""

from __future__ import annotations

import pytest

from cyberadmin.accounts import services as accounts
from cyberadmin.accounts.models import Account, AuditEvent, Credential
from cyberadmin.sync import proving, push, services
from cyberadmin.sync.models import Change
from tests.faults.desk import Desk
from tests.faults.oracle import judge
from tests.faults.quiet import settle
from tests.faults.threads import beside
from tests.faults.verbs import VERBS, Verb

pytestmark = pytest.mark.django_db(transaction=True)


def queue(desk: Desk, count: int) -> None:
    for number in range(count):
        desk.create_contact(f"person{number:05}@example.com", note=str(number))


def paste(desk: Desk, token: str) -> Credential:
    """Staff paste a token and a worker proves it."""
    proposed = accounts.propose_token(desk.world.editor, desk.world.account, token)
    proving.prove(proposed.pk)
    proposed.refresh_from_db()
    return proposed


@pytest.mark.parametrize("code", [302, *(pytest.param(code, marks=pytest.mark.long) for code in (301, 307, 308))])
@pytest.mark.parametrize("verb", VERBS, ids=str)
def test_a_redirect_is_not_followed_and_pauses_the_account(desk: Desk, verb: Verb, code: int) -> None:
    stranger = desk.world.sandbox.new_account(f"Elsewhere {verb} {code}")
    subject = verb.ready(desk)
    target = f"{desk.world.sandbox.base_url}/ping"
    rule = desk.world.sandbox.faults(verb.rule("redirect", code=code, location=target))[0]
    before = len(desk.world.sandbox.requests())
    verb.ask(desk, subject)
    settle(desk, until=600)

    desk.world.account.refresh_from_db()
    assert desk.world.account.paused_reason == Account.Paused.REDIRECT
    assert "/ping" not in [one["path"] for one in desk.world.sandbox.requests()[before:]]
    judge(desk)
    desk.world.sandbox.control("DELETE", f"faults/{rule['id']}")
    services.resume(desk.world.editor, desk.world.account)
    desk.world.account.refresh_from_db()
    settle(desk)
    judge(desk)
    assert desk.open() == []
    assert desk.world.sandbox.state(stranger["name"])["members"] == []


@pytest.mark.parametrize("count", [60, pytest.param(1_000, marks=pytest.mark.long)])
def test_a_token_revoked_in_the_middle_of_a_long_queue(desk: Desk, count: int) -> None:
    queue(desk, count)
    desk.world.sandbox.faults(
        {"action": "revoke", "method": "POST", "path": "/members", "account": desk.world.remote, "nth": count // 2}
    )
    settle(desk, until=3_600)
    desk.world.account.refresh_from_db()
    assert desk.world.account.paused_reason == Account.Paused.TOKEN
    refused = [one for one in desk.world.sandbox.requests() if one["status"] == 401]
    assert len(refused) <= 3
    waiting = desk.open()
    assert len(waiting) == count - count // 2 + 1
    assert {change.state for change in waiting} == {Change.State.QUEUED}
    assert sum(change.attempts for change in waiting) == 0
    assert sum(1 for change in waiting if change.reason) <= 2
    judge(desk)

    fresh = desk.world.sandbox.control("POST", "tokens", account=desk.world.remote)["token"]
    assert paste(desk, fresh).state == Credential.State.ACTIVE
    settle(desk)
    judge(desk)
    assert desk.open() == []
    assert [one["email"] for one in desk.world.effects()] == [
        f"person{number:05}@example.com" for number in range(count)
    ]


def test_the_token_of_another_client_never_takes_the_queue(desk: Desk) -> None:
    queue(desk, 5)
    desk.world.sandbox.control("DELETE", "tokens", account=desk.world.remote)
    settle(desk, until=60)
    stranger = desk.world.sandbox.new_account("Somebody else entirely")
    assert paste(desk, stranger["token"]).refusal == Credential.Refusal.OTHER_ACCOUNT
    settle(desk, until=60)
    assert desk.world.sandbox.state("Somebody else entirely")["members"] == []
    judge(desk)

    fresh = desk.world.sandbox.control("POST", "tokens", account=desk.world.remote)["token"]
    paste(desk, fresh)
    settle(desk)
    judge(desk)
    assert desk.open() == []
    refusals = AuditEvent.objects.filter(account=desk.world.account, action="token.refused")
    assert refusals.count() == 1


@pytest.mark.parametrize("code", [401, 403])
@pytest.mark.parametrize("verb", VERBS, ids=str)
def test_one_refusal_that_a_ping_contradicts(desk: Desk, verb: Verb, code: int) -> None:
    subject = verb.ready(desk)
    desk.world.sandbox.faults(verb.rule("status", code=code, times=1))
    verb.ask(desk, subject)
    settle(desk)

    judge(desk)
    desk.world.account.refresh_from_db()
    assert desk.world.account.is_working
    assert [change.reason for change in desk.open()] == ([] if code == 401 else ["forbidden"])


def test_a_refusal_for_ever_that_a_ping_contradicts_stops_and_says_so(desk: Desk) -> None:
    """A token may be good for some operations only: asking for the others again and again helps nobody."""
    contact = desk.world.mirrored("marie@example.com")
    desk.world.sandbox.faults({"action": "status", "code": 401, "method": "PATCH", "path": "/members/{key}"})
    desk.edit(contact, note="new")
    settle(desk)

    judge(desk)
    assert [(change.state, change.reason) for change in desk.open()] == [(Change.State.FAILED, "forbidden")]


def test_an_account_paused_by_a_person_stops_at_the_change_on_its_way(desk: Desk) -> None:
    """The pause counts at once, also for a worker that began before it."""
    queue(desk, 10)
    held = desk.world.sandbox.faults(
        {"action": "hold", "method": "POST", "path": "/members", "account": desk.world.remote, "nth": 3}
    )[0]
    with beside(lambda: push.pump(desk.world.account.pk)):
        desk.world.sandbox.wait_held(held["id"])
        services.pause(desk.world.editor, desk.world.account, "The client asked us to wait")
        desk.world.sandbox.release(held["id"])
    assert len(desk.world.effects()) == 3
    desk.world.account.refresh_from_db()
    judge(desk)
    services.resume(desk.world.editor, desk.world.account)
    desk.world.account.refresh_from_db()
    settle(desk)
    judge(desk)
    assert desk.open() == []
