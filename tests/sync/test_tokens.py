"""A refused token pauses one account and nothing else; a new one must open the same vendor account (engine.md 2.9)."""

from __future__ import annotations

import io

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command

from contacts import services as contacts
from cyberadmin.accounts import services as accounts
from cyberadmin.accounts.models import Account, AuditEvent, Credential
from cyberadmin.api import errors
from cyberadmin.sync import connection, proving
from cyberadmin.sync.models import Change
from tests.world import World, give, make_user

pytestmark = pytest.mark.django_db(transaction=True)

FORM = {"colour": "#0f766e", "language": "fr", "time_zone": "America/Toronto", "host": "sandbox"}


def edit_many(world: World, count: int) -> None:
    for number in range(count):
        email = f"person{number}@example.com"
        contact = world.mirrored(email)
        contacts.edit_contact(world.editor, contact, {"note": str(number)}, contact.edit_version)


def test_a_deleted_token_pauses_the_account_and_touches_nothing_else(world: World) -> None:
    edit_many(world, 30)
    world.sandbox.control("DELETE", "tokens", account=world.remote)
    before = len(world.sandbox.requests())
    world.push()

    world.account.refresh_from_db()
    assert world.account.paused_reason == Account.Paused.TOKEN
    assert len(world.sandbox.requests()) - before <= 3
    assert {change.state for change in world.changes()} == {Change.State.QUEUED}
    assert sum(change.attempts for change in world.changes()) == 0

    world.push()
    assert len(world.sandbox.requests()) - before <= 3


def test_a_new_token_of_the_same_account_resumes_everything_in_order(world: World) -> None:
    edit_many(world, 5)
    world.sandbox.control("DELETE", "tokens", account=world.remote)
    world.push()
    fresh = world.sandbox.control("POST", "tokens", account=world.remote)["token"]
    proving.prove(accounts.propose_token(world.editor, world.account, fresh).pk)
    world.settle()

    world.account.refresh_from_db()
    assert world.account.paused_reason == ""
    assert [effect["email"] for effect in world.effects()] == [f"person{number}@example.com" for number in range(5)]
    states = world.account.credentials.order_by("id").values_list("state", flat=True)
    assert list(states) == [Credential.State.RETIRED, Credential.State.ACTIVE]


def test_a_token_of_another_vendor_account_never_takes_the_queue(world: World) -> None:
    edit_many(world, 2)
    world.sandbox.control("DELETE", "tokens", account=world.remote)
    world.push()
    stranger = world.sandbox.new_account("Somebody else")["token"]
    proposed = accounts.propose_token(world.editor, world.account, stranger)
    proving.prove(proposed.pk)
    world.push()

    proposed.refresh_from_db()
    assert (proposed.state, proposed.refusal) == (Credential.State.REFUSED, Credential.Refusal.OTHER_ACCOUNT)
    world.account.refresh_from_db()
    assert world.account.paused_reason == Account.Paused.TOKEN
    assert [entry for entry in world.sandbox.journal(account="Somebody else") if entry["source"] == "api"] == []


def test_one_refusal_that_a_ping_contradicts_is_a_hiccup(world: World) -> None:
    edit_many(world, 1)
    world.sandbox.faults({"action": "status", "code": 401, "method": "GET", "path": "/members/{key}", "times": 1})
    world.settle()

    world.account.refresh_from_db()
    assert world.account.paused_reason == ""
    assert [change.state for change in world.changes()] == [Change.State.DONE]


def test_connecting_waits_for_a_person_to_compare_the_names(world: World) -> None:
    administrator = make_user(superuser=True)
    token = world.sandbox.new_account("Théâtre du Petit Quai 2")["token"]
    account = accounts.connect(administrator, {"name": "Petit Quai", **FORM}, token)
    assert account.state == Account.State.PROVING
    proving.prove(account.credentials.get().pk)
    account.refresh_from_db()
    assert (account.state, account.vendor_name) == (Account.State.PROVED, "")

    accounts.confirm(administrator, account)
    account.refresh_from_db()
    assert (account.state, account.vendor_name) == (Account.State.CONNECTED, "Théâtre du Petit Quai 2")
    actions = AuditEvent.objects.filter(account=account).order_by("id").values_list("action", flat=True)
    assert list(actions) == ["account.created", "token.proposed", "account.confirmed"]


def test_a_vendor_account_is_connected_to_one_client_only(world: World) -> None:
    administrator = make_user(superuser=True)
    with pytest.raises(ValidationError):
        accounts.connect(administrator, {"name": "Twice", **FORM}, world.token)
    second = world.sandbox.control("POST", "tokens", account=world.remote)["token"]
    account = accounts.connect(administrator, {"name": "Twice", **FORM}, second)
    proving.prove(account.credentials.get().pk)

    account.refresh_from_db()
    assert account.state == Account.State.REFUSED
    assert account.credentials.get().refusal == Credential.Refusal.ALREADY_CONNECTED


@pytest.mark.parametrize("token", ["", "   ", "abc def", "abc\ndef", "not-a-token", "a.b", "é.b.c"])
def test_what_is_not_a_token_is_refused_before_anything_is_stored(world: World, token: str) -> None:
    with pytest.raises(ValidationError) as refused:
        accounts.propose_token(world.editor, world.account, token)
    sentence = refused.value.messages[0]
    assert len(sentence) > 20
    assert not token.strip() or token not in sentence
    assert world.account.credentials.count() == 1


def test_a_token_that_was_revoked_is_told_as_such(world: World) -> None:
    administrator = make_user(superuser=True)
    made = world.sandbox.new_account("Revoked")
    world.sandbox.control("DELETE", "tokens", account="Revoked")
    account = accounts.connect(administrator, {"name": "Revoked", **FORM}, made["token"])
    proving.prove(account.credentials.get().pk)
    assert account.credentials.get().refusal == Credential.Refusal.INVALID


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [
        ({"action": "status", "code": 503}, Credential.Refusal.UNREACHABLE),
        ({"action": "drop_before"}, Credential.Refusal.UNREACHABLE),
        ({"action": "html_200"}, Credential.Refusal.UNEXPECTED),
        ({"action": "redirect"}, Credential.Refusal.UNEXPECTED),
        ({"action": "status", "code": 403}, Credential.Refusal.FORBIDDEN),
    ],
)
def test_a_vendor_that_fails_while_a_token_is_proved_is_told_apart(
    world: World, fault: dict[str, object], refusal: str
) -> None:
    administrator = make_user(superuser=True)
    made = world.sandbox.new_account(f"Fault {fault}")
    world.sandbox.faults({**fault, "method": "GET", "path": "/ping"})
    account = accounts.connect(administrator, {"name": "Faulty", **FORM}, made["token"])
    proving.prove(account.credentials.get().pk)
    assert account.credentials.get().refusal == refusal


def test_only_who_may_manage_the_client_may_change_its_token(world: World) -> None:
    colleague = give(make_user(), world.account, "send")
    with pytest.raises(PermissionDenied):
        accounts.propose_token(colleague, world.account, world.token)
    with pytest.raises(PermissionDenied):
        accounts.connect(colleague, {"name": "New", **FORM}, world.token)


def test_the_token_is_in_no_row_in_clear(world: World) -> None:
    edit_many(world, 1)
    world.settle()
    second = world.sandbox.control("POST", "tokens", account=world.remote)["token"]
    proving.prove(accounts.propose_token(world.editor, world.account, second).pk)
    dump = io.StringIO()
    call_command("dumpdata", stdout=dump)
    for token in (world.token, second):
        assert token not in dump.getvalue()
        assert token.split(".")[2] not in dump.getvalue()


def test_the_old_tokens_refusal_does_not_pause_an_account_whose_new_token_is_in_use(world: World) -> None:
    edit_many(world, 1)
    with connection.client_for(world.account, connection.CallLog(world.account.pk)) as old:
        fresh = world.sandbox.control("POST", "tokens", account=world.remote)["token"]
        proving.prove(accounts.propose_token(world.editor, world.account, fresh).pk)
        world.sandbox.control("DELETE", "tokens", account=world.remote, token=world.token)
        with pytest.raises(errors.InvalidToken) as refused:
            old.account.ping()
        assert connection.handle_account_error(world.account, old, refused.value)

    world.account.refresh_from_db()
    assert world.account.paused_reason == ""
    world.settle()
    assert [change.state for change in world.changes()] == [Change.State.DONE]
