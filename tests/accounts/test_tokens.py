"""Custody of tokens: asked for, switched over, watched until dead, and never shown (product.md N3, W9, S19-S23)."""

from __future__ import annotations

import io
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from contacts.services import edit_contact
from cyberadmin.accounts import services as accounts
from cyberadmin.accounts import tokens
from cyberadmin.accounts.models import Account, AuditEvent, Credential
from cyberadmin.accounts.standing import expiry, standing
from cyberadmin.sync import clock, custody, proving, sweeper
from cyberadmin.sync.draining import still_moving
from cyberadmin.sync.models import ApiCall, Change
from tests.sandbox_server import SandboxServer
from tests.sync.test_tokens import FORM, edit_many
from tests.world import World, give, make_account, make_user

pytestmark = pytest.mark.django_db(transaction=True)
State, Refusal = Credential.State, Credential.Refusal


def active(world: World) -> Credential:
    return world.account.credentials.get(state=State.ACTIVE)


def ask(world: World) -> Credential:
    """Ask through the API for a new token and have the worker make and prove it."""
    row = custody.ask_for_token(world.editor, world.account, "once a year")
    custody.make(row.pk)
    row.refresh_from_db()
    return row


def made_there(world: World) -> int:
    """How many tokens API calls have made at the vendor."""
    return sum(entry["operation"] == "createToken" for entry in world.effects())


def legacy_world(sandbox: SandboxServer, password: str = "p4ss-w0rd-of-theirs") -> World:
    """A client connected by user name and password."""
    world = World.build(sandbox)
    sandbox.control("PATCH", f"accounts/{world.remote}", username=f"user{world.account.pk}", password=password)
    row = accounts.propose_token(
        world.editor, world.account, password, kind=Credential.Kind.LEGACY, username=f"user{world.account.pk}"
    )
    proving.prove(row.pk)
    return world


# --- asking through the API ---
def test_a_token_is_asked_for_proved_and_switched_to(world: World) -> None:
    old = active(world)
    new = ask(world)
    old.refresh_from_db()
    assert (new.state, new.origin, new.proved_as) == (State.ACTIVE, Credential.Origin.API, world.remote)
    assert (old.state, old.replaced_by, old.is_watched) == (State.RETIRED, new, True)
    assert new.expires_at is not None
    assert new.expires_at > timezone.now() + timedelta(days=3000)
    edit_many(world, 2)
    world.settle()
    assert {change.state for change in world.changes()} == {Change.State.DONE}
    actions = AuditEvent.objects.filter(account=world.account).order_by("id").values_list("action", flat=True)
    assert list(actions) == ["token.asked", "token.made", "token.changed"]
    asked = AuditEvent.objects.get(action="token.asked")
    assert (asked.actor, asked.why) == (world.editor, "once a year")


def test_an_opaque_token_has_the_end_that_the_vendor_says(world: World) -> None:
    world.sandbox.control("PATCH", "settings", token_algorithm="opaque")
    new = ask(world)
    assert new.state == State.ACTIVE
    assert new.expires_at is not None
    assert new.token_id


@pytest.mark.parametrize(
    ("fault", "refusal", "made"),
    [
        ({"action": "status", "code": 403}, Refusal.NOT_MADE, 0),
        ({"action": "status", "code": 503}, Refusal.DOUBTFUL, 0),
        ({"action": "status", "code": 429}, Refusal.UNREACHABLE, 0),
        ({"action": "drop_after"}, Refusal.DOUBTFUL, 1),
        ({"action": "html_200"}, Refusal.DOUBTFUL, 1),
    ],
)
def test_a_token_is_asked_for_once_and_a_doubt_is_told(
    world: World, fault: dict[str, Any], refusal: str, made: int
) -> None:
    old = active(world)
    world.sandbox.faults({**fault, "method": "POST", "path": "/tokens", "times": 1})
    row = ask(world)
    assert (row.state, row.refusal, row.secret) == (State.REFUSED, refusal, "")
    clock.advance(3_600)
    sweeper.accounts_with_work()
    custody.make(row.pk)
    assert made_there(world) == made
    assert active(world) == old
    assert AuditEvent.objects.filter(action="token.not_made", account=world.account).count() == 1


def test_a_worker_that_dies_while_it_asks_leaves_a_doubt_and_nobody_asks_again(world: World) -> None:
    row = custody.ask_for_token(world.editor, world.account)
    Credential.objects.filter(pk=row.pk).update(state=State.MAKING, checked_at=clock.now())
    sweeper.accounts_with_work()
    assert Credential.objects.get(pk=row.pk).state == State.MAKING
    clock.advance(200)
    sweeper.accounts_with_work()
    row.refresh_from_db()
    assert (row.state, row.refusal) == (State.REFUSED, Refusal.DOUBTFUL)
    assert made_there(world) == 0
    assert custody.ask_for_token(world.editor, world.account).state == State.ASKED


def test_a_forgotten_request_is_found_by_the_sweep(world: World) -> None:
    row = custody.ask_for_token(world.editor, world.account)
    clock.advance(60)
    sweeper.accounts_with_work()
    row.refresh_from_db()
    assert row.state == State.ACTIVE


def test_only_one_token_is_asked_for_at_a_time_and_only_with_a_working_one(world: World) -> None:
    custody.ask_for_token(world.editor, world.account)
    with pytest.raises(ValidationError, match="being checked already"):
        custody.ask_for_token(world.editor, world.account)
    Account.objects.filter(pk=world.account.pk).update(paused_reason=Account.Paused.TOKEN)
    with pytest.raises(ValidationError, match="no working token"):
        custody.ask_for_token(world.editor, world.account)
    with pytest.raises(PermissionDenied):
        custody.ask_for_token(give(make_user(), world.account, "send"), world.account)


# --- watching the old one ---
def test_the_old_token_is_watched_until_cyberimpact_refuses_it(world: World) -> None:
    old = active(world)
    ask(world)
    custody.watch()
    old.refresh_from_db()
    assert old.is_watched
    assert old.checked_at is not None
    before = len(world.sandbox.requests())
    custody.watch()
    assert len(world.sandbox.requests()) == before

    world.sandbox.control("DELETE", "tokens", account=world.remote, token=world.token)
    clock.advance(3_600)
    custody.watch()
    old.refresh_from_db()
    assert (old.is_watched, old.secret) == (False, "")
    assert old.dead_at is not None
    assert AuditEvent.objects.get(action="token.dead").detail["credential"] == old.fingerprint
    world.account.refresh_from_db()
    assert world.account.paused_reason == ""


def test_an_old_token_left_alive_turns_red(world: World) -> None:
    old = active(world)
    ask(world)
    old.refresh_from_db()
    tones = [standing(old, clock.now() + timedelta(days=days)).tone for days in (0, 2, 8)]
    assert tones == ["warn", "warn", "bad"]
    assert "8 days" in str(standing(old, clock.now() + timedelta(days=8, hours=1)).text)


def test_checking_now_finds_the_death_at_once(world: World) -> None:
    old = active(world)
    ask(world)
    custody.watch()
    world.sandbox.control("DELETE", "tokens", account=world.remote, token=world.token)
    custody.check_now(world.editor, old)
    custody.check_by_id(old.pk)
    old.refresh_from_db()
    assert old.dead_at is not None
    with pytest.raises(ValidationError):
        custody.check_now(world.editor, old)


def test_the_token_in_use_is_proved_daily_and_a_refusal_pauses(world: World) -> None:
    clock.advance(90_000)
    custody.watch()
    proved = active(world).proved_at
    assert proved is not None
    assert clock.now() - proved < timedelta(minutes=1)
    world.sandbox.control("DELETE", "tokens", account=world.remote)
    clock.advance(90_000)
    custody.watch()
    world.account.refresh_from_db()
    assert world.account.paused_reason == Account.Paused.TOKEN


def test_a_renamed_account_is_known_by_the_token_in_use(world: World) -> None:
    world.sandbox.control("PATCH", f"accounts/{world.remote}", name="Renamed there")
    new = ask(world)
    world.account.refresh_from_db()
    assert (new.state, world.account.vendor_name) == (State.ACTIVE, "Renamed there")
    event = AuditEvent.objects.get(action="account.renamed_there")
    assert event.detail == {"before": world.remote, "after": "Renamed there"}


def test_a_name_that_another_client_has_is_never_taken_over(world: World) -> None:
    other = World.build(world.sandbox)
    world.account.vendor_name = "Something else"
    world.account.save()
    proposed = accounts.propose_token(world.editor, world.account, second_token(other))
    proving.prove(proposed.pk)
    proposed.refresh_from_db()
    assert (proposed.refusal, proposed.secret) == (Refusal.OTHER_ACCOUNT, "")
    assert active(world).state == State.ACTIVE


def second_token(world: World) -> str:
    return str(world.sandbox.control("POST", "tokens", account=world.remote)["token"])


# --- forgetting ---
def test_what_is_in_use_or_still_needed_is_not_forgotten(world: World) -> None:
    old = active(world)
    with pytest.raises(ValidationError, match="in use"):
        custody.forget(world.editor, old, "why")
    edit_many(world, 3)
    ask(world)
    old.refresh_from_db()
    assert still_moving(old) == 3
    with pytest.raises(ValidationError, match="3 changes"):
        custody.forget(world.editor, old, "why")
    world.settle()
    custody.forget(world.editor, old, "deleted by the client")
    old.refresh_from_db()
    assert (old.secret, old.is_watched) == ("", False)
    assert AuditEvent.objects.get(action="token.forgotten").why == "deleted by the client"


def test_edits_made_after_the_switch_do_not_hold_the_old_token_back(world: World) -> None:
    old = active(world)
    ask(world)
    edit_many(world, 2)
    old.refresh_from_db()
    assert still_moving(old) == 0


# --- the older method ---
def test_a_password_is_amber_and_turns_into_a_token_by_one_button(sandbox: SandboxServer) -> None:
    world = legacy_world(sandbox)
    password = active(world)
    assert (password.kind, password.last_four, standing(password, clock.now()).tone) == ("legacy", "", "warn")
    assert expiry(password, clock.now()).tone == "warn"
    edit_many(world, 1)
    world.settle()
    token = ask(world)
    password.refresh_from_db()
    assert (token.kind, token.state) == (Credential.Kind.TOKEN, State.ACTIVE)
    assert (password.state, password.secret, password.is_watched) == (State.RETIRED, "", False)
    assert password.forgotten_at is not None
    edit_many_more = Change.objects.filter(account=world.account).exclude(state=Change.State.DONE)
    assert not edit_many_more.exists()


def test_a_changed_password_is_told_as_such_and_a_new_one_resumes(sandbox: SandboxServer) -> None:
    world = legacy_world(sandbox)
    edit_many(world, 2)
    sandbox.control("PATCH", f"accounts/{world.remote}", password="another one")
    world.push()
    world.account.refresh_from_db()
    assert world.account.paused_reason == Account.Paused.LOGIN
    assert "user or the password was changed" in world.account.get_paused_reason_display()
    username = active(world).username
    wrong = accounts.propose_token(
        world.editor, world.account, "still wrong", kind=Credential.Kind.LEGACY, username=username
    )
    proving.prove(wrong.pk)
    wrong.refresh_from_db()
    assert (wrong.refusal, wrong.secret) == (Refusal.LOGIN, "")
    right = accounts.propose_token(
        world.editor, world.account, "another one", kind=Credential.Kind.LEGACY, username=username
    )
    proving.prove(right.pk)
    world.settle()
    world.account.refresh_from_db()
    assert world.account.paused_reason == ""


@pytest.mark.parametrize(("username", "password"), [("", "x"), ("with:colon", "x"), ("someone", "")])
def test_what_is_no_login_is_refused(world: World, username: str, password: str) -> None:
    with pytest.raises(ValidationError):
        accounts.propose_token(world.editor, world.account, password, kind="legacy", username=username)
    assert world.account.credentials.count() == 1


# --- hosts ---
def test_another_host_forgets_every_secret(world: World, settings: Any) -> None:
    administrator = make_user(superuser=True)
    settings.CYBERIMPACT_HOSTS = ["api.cyberimpact.com"]
    ask(world)
    edit_many(world, 1)
    accounts.change_host(administrator, world.account, "api.cyberimpact.com", "moved")
    assert set(world.account.credentials.values_list("secret", flat=True)) == {""}
    before = len(world.sandbox.requests())
    world.account.refresh_from_db()
    world.push()
    custody.watch()
    assert len(world.sandbox.requests()) == before
    assert world.account.needs_secret
    assert AuditEvent.objects.get(action="account.host").why == "moved"
    with pytest.raises(PermissionDenied):
        accounts.change_host(world.editor, world.account, "sandbox", "no")
    with pytest.raises(ValidationError):
        accounts.change_host(administrator, world.account, "evil.example", "no")

    accounts.change_host(administrator, world.account, "sandbox", "back")
    proving.prove(accounts.propose_token(world.editor, world.account, second_token(world)).pk)
    world.settle()
    assert {change.state for change in world.changes()} == {Change.State.DONE}


def test_a_secret_is_sent_to_no_other_host_than_its_account_had_when_it_was_read(world: World, settings: Any) -> None:
    """A worker that read the account before its host was changed finds nothing to send."""
    stale = Account.objects.get(pk=world.account.pk)
    settings.CYBERIMPACT_HOSTS = ["api.cyberimpact.com"]
    accounts.change_host(make_user(superuser=True), world.account, "api.cyberimpact.com", "moved")
    with transaction.atomic():
        tokens.activate(tokens_row(world.account))
    before = len(world.sandbox.requests())
    row = custody.connection.in_use(stale)
    assert row is not None
    assert row.account.host == "api.cyberimpact.com"
    assert len(world.sandbox.requests()) == before


def tokens_row(account: Account) -> Credential:
    row = Credential(account=account)
    row.save()
    tokens.fill(row, tokens.Secret("a.b.c"))
    return row


# --- last used ---
def test_the_last_use_is_noted_without_a_write_for_every_call(world: World, django_assert_max_num_queries: Any) -> None:
    edit_many(world, 3)
    world.push()
    first = active(world).last_used_at
    assert first is not None
    edit_more(world)
    world.push()
    assert active(world).last_used_at == first
    clock.advance(700)
    edit_more(world)
    world.push()
    later = active(world).last_used_at
    assert later is not None
    assert later > first


def edit_more(world: World) -> None:
    contact = world.mirrored(f"more{Change.objects.count()}@example.com")
    edit(world, contact)


def edit(world: World, contact: Any) -> None:
    edit_contact(world.editor, contact, {"note": "more"}, contact.edit_version)


# --- expiry ---
@pytest.mark.parametrize(
    ("days", "tone", "words"),
    [(None, "quiet", "unknown"), (3650, "quiet", ""), (300, "warn", ""), (59, "bad", "days"), (-1, "bad", "expired")],
)
def test_the_end_is_warned_of_and_an_unknown_one_is_called_unknown(days: int | None, tone: str, words: str) -> None:
    moment = timezone.now()
    ends = None if days is None else moment + timedelta(days=days, hours=1)
    row = Credential(account=make_account(), expires_at=ends)
    found = expiry(row, moment)
    assert found.tone == tone
    assert words in str(found.text)


@pytest.mark.parametrize("token", ["a.e30.c", "a.####.c", "a.bnVsbA.c", "a.eyJleHAiOiJ4In0.c", "a.eyJleHAiOjFlOTl9.c"])
def test_claims_that_cannot_be_read_are_unknown(token: str) -> None:
    assert tokens.read_claims(token)["expires_at"] is None


# --- retries by a person ---
def test_a_refusal_by_an_absent_vendor_is_checked_again_with_the_same_secret(sandbox: SandboxServer) -> None:
    administrator = make_user(superuser=True)
    made = sandbox.new_account("Checked again")
    sandbox.faults({"action": "status", "code": 503, "method": "GET", "path": "/ping", "times": 1})
    account = accounts.connect(administrator, {"name": "Checked again", **FORM}, made["token"])
    row = account.credentials.get()
    proving.prove(row.pk)
    row.refresh_from_db()
    assert row.may_be_checked_again
    accounts.prove_again(administrator, row)
    proving.prove(row.pk)
    account.refresh_from_db()
    assert account.state == Account.State.PROVED
    with pytest.raises(ValidationError):
        accounts.prove_again(administrator, row)


# --- canary ---
def test_no_secret_is_in_a_row_a_log_or_a_message(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture, sent_tasks: list[Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    password = "canary-p4ssw0rd-canary"
    world = legacy_world(sandbox, password)
    edit_many(world, 1)
    world.settle()
    token = ask(world)
    secret = token.reveal()
    world.settle()
    custody.watch()
    calls = "".join(f"{call.request}{call.response}{call.path}" for call in ApiCall.objects.all())
    dump = io.StringIO()
    call_command("dumpdata", "accounts", "sync", stdout=dump)
    events = "".join(str(event.detail) for event in AuditEvent.objects.all())
    seen = "".join((dump.getvalue(), calls, events, caplog.text, repr(sent_tasks), repr(token), str(token)))
    for canary in (password, secret, secret.split(".")[2], world.token, world.token.split(".")[2]):
        assert canary not in seen
    assert all(isinstance(arg, int) for _task, args in sent_tasks for arg in args)


@pytest.fixture
def sent_tasks(settings: Any) -> Any:
    """What is sent to the broker, as (name, arguments)."""
    from celery.signals import before_task_publish  # noqa: PLC0415

    seen: list[Any] = []

    def note(sender: str, body: Any, **kwargs: Any) -> None:
        seen.append((sender, body[0]))

    before_task_publish.connect(note, weak=False)
    yield seen
    before_task_publish.disconnect(note)
