"""Faults 26 to 28, on PostgreSQL: the server cuts connections in the middle of a push; two transactions lock each other out."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from contacts.models import Contact
from cyberadmin.sync import claim, push, record, services, settle
from cyberadmin.sync.connection import CallLog, client_for
from cyberadmin.sync.models import Change
from cyberadmin.sync.registry import get
from cyberadmin.sync.resource import Seen, Sent
from tests.faults.desk import Desk
from tests.faults.oracle import judge
from tests.faults.quiet import settle as settle_all
from tests.faults.threads import run_together
from tests.faults.verbs import EMAIL, TITLE, VERBS, Verb
from tests.faults.workers import Nursery

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture(autouse=True)
def _on_postgres() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL (DATABASE_URL)")


def cut_all_others() -> int:
    """What every client sees when the server is restarted: its connection is gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("verb", VERBS, ids=str)
def test_the_connection_is_cut_while_the_vendor_has_the_request(
    desk: Desk, workers: Nursery, verb: Verb, when: str
) -> None:
    subject = verb.ready(desk)
    verb.ask(desk, subject)
    held = desk.world.sandbox.faults(verb.rule("hold", when=when, times=1))[0]
    worker = workers.start("work", accounts=[desk.world.account.pk], hurry=True)
    desk.world.sandbox.wait_held(held["id"])
    assert cut_all_others() >= 1
    desk.world.sandbox.release(held["id"])
    worker.wait()
    judge(desk)
    assert [change.reason for change in desk.open()] == (["optin_in_doubt"] if verb.name == "contact-optin" else [])


@pytest.mark.parametrize("decision", ["discard", "retry"])
def test_a_person_decides_about_a_change_while_another_edits_its_contact(desk: Desk, decision: str) -> None:
    """Both need the contact and the change: whoever comes second waits, and nobody is thrown out."""
    contact = desk.world.mirrored(EMAIL, note="old")
    desk.edit(contact, note="refused")
    Change.objects.update(state=Change.State.FAILED, reason="rejected")
    change = desk.open()[0]
    holding = threading.Event()

    def edit() -> None:
        with transaction.atomic():
            record.lock(contact)
            holding.set()
            wait_for_a_waiter()
            desk.edit(contact, company="new")

    def decide() -> None:
        holding.wait(10)
        with transaction.atomic():
            getattr(services, decision)(desk.world.editor, change)

    run_together([edit, decide])
    settle_all(desk)
    assert Contact.objects.get(pk=contact.pk).company == "new"


def wait_for_a_waiter(seconds: float = 10.0) -> None:
    """Until some other transaction waits for a lock, as seen from a connection of the caller's own."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
        pause.wait(0.02)


def test_a_push_is_settled_while_somebody_discards_the_edit_behind_it(desk: Desk) -> None:
    contact = desk.world.mirrored(EMAIL, note="old", company="old")
    desk.edit(contact, note="first")
    first = claim.claim(desk.world.account)
    assert first is not None
    contact.refresh_from_db()
    desk.edit(contact, note="second")
    behind = desk.open()[1]
    locked = threading.Event()

    def settling() -> None:
        with transaction.atomic():
            record.lock(contact)
            locked.set()
            wait_for_a_waiter()
            values = {**get("contact").values(contact), "note": "first"}
            settle.done(
                get("contact"), first, contact, Sent(Seen(values, contact.remote_id)), CallLog(desk.world.account.pk)
            )

    def discarding() -> None:
        locked.wait(10)
        services.discard(desk.world.editor, behind)

    run_together([settling, discarding])
    assert [change.state for change in desk.world.changes()] == [Change.State.DONE, Change.State.CANCELLED]
    assert push.pump(desk.world.account.pk) is False


def test_a_group_is_renamed_while_a_push_of_it_is_settled(desk: Desk) -> None:
    group = desk.world.mirrored_group(TITLE)
    desk.edit_group(group, title="First")
    first = claim.claim(desk.world.account)
    assert first is not None
    log = CallLog(desk.world.account.pk, change=first)
    with client_for(desk.world.account, log) as client:
        client.groups.list()
    serialised, locked = threading.Event(), threading.Event()

    def renaming() -> None:
        with transaction.atomic():
            record.serialise(desk.world.account)
            serialised.set()
            locked.wait(10)
            wait_for_a_waiter(1.0)
            desk.edit_group(group, title="Second")

    def settling() -> None:
        serialised.wait(10)
        with transaction.atomic():
            record.lock(group)
            locked.set()
            settle.done(get("group"), first, group, Sent(), log)

    run_together([renaming, settling])
    settle_all(desk)
    assert desk.world.held()["groups"][0]["title"] == "Second"
