"""Fault 71: a list with bad rows, killed half-way, given up and imported again, ends as if it had been imported once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contacts.bulk import uploads
from contacts.bulk.uploads import Chosen
from contacts.models import ConsentRecord, Contact, GroupMembership
from cyberadmin.sync import clock
from cyberadmin.sync.bulk import services
from cyberadmin.sync.health import differences
from cyberadmin.sync.models import ChangeSet
from groups.models import Group
from tests.contacts.bulk.bulk_desk import approve_and_apply, colleague, planned, run, upload
from tests.faults.workers import Nursery
from tests.sync.bulk.desk import came_back
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

GIVEN = "2026-06-01"
#: One row in 33 is bad, in one of these ways.
BAD_EVERY = 33
HALF_WAY_SECONDS = 300


def lines(rows: int, client: str) -> str:
    """The list as a file: good rows, and bad ones of every sort among them."""
    text = ["Courriel,Prénom,Date de consentement"]
    for number in range(rows):
        email, given = f"person{number}@{client}.example.com", GIVEN
        if number % BAD_EVERY == 0:
            email, given = (
                (f"no-at-sign.{client}.example.com", GIVEN),
                (f"gone@{client}.example.com", GIVEN),
                (f"person{number + 1}@{client}.example.com", GIVEN),
                (email, "2999-01-01"),
                (email, "2019-01-01"),
            )[number // BAD_EVERY % 5]
        text.append(f"{email},Person {number},{given}")
    return "\n".join(text)


def begin(world: World, client: str) -> Group:
    """One person of the list has left before, and the mirror knows it."""
    world.sandbox.settings(batch_start_seconds=0, batch_run_seconds=0)
    world.remote_member(f"gone@{client}.example.com")
    world.sandbox.control("POST", "unsubscribe", account=world.remote, email=f"gone@{client}.example.com")
    world.pull()
    return world.mirrored_group("Clients")


def plan(world: World, group: Group, text: str) -> ChangeSet:
    file = upload(world, text)
    mapping = {**uploads.mapping_of(file), 2: "consent_on"}
    chosen = Chosen(relation="active-clients", consent_on=None, mapping=mapping, groups=[group])
    made = planned(uploads.choose(world.editor, file, chosen))
    assert made.state == ChangeSet.State.PLANNED, (made.reason, made.reason_detail)
    return made


def kill_half_way(world: World, workers: Nursery, change_set: ChangeSet, size: int) -> None:
    """A worker applies the set and is killed -9 when half of it is done."""
    services.approve(colleague(world), change_set, change_set.fingerprint)
    services.apply(world.editor, change_set)
    world.sandbox.faults({"action": "delay", "ms": 20, "account": world.remote})
    worker = workers.start("apply", {"BULK_BATCH_ROWS": str(size)}, account=world.account.pk, budget=5.0)
    deadline = HALF_WAY_SECONDS / 0.02
    while change_set.progress_done < services.to_do(change_set.counts) // 2:
        assert not worker.ended(0.02), worker.log.read_text()
        deadline -= 1
        assert deadline > 0
        change_set.refresh_from_db()
    worker.kill()
    world.sandbox.clear_faults()
    change_set.refresh_from_db()
    assert change_set.finished_at is None
    clock.advance(400)


def end_state(world: World, client: str) -> dict[str, Any]:
    """What is left of it all: at the vendor, in the mirror, and in the ledger; addresses without the client's name."""

    def short(email: str) -> str:
        return email.replace(f"@{client}.", "@")

    held = world.held()
    people = Contact.objects.filter(account=world.account, gone_at=None)
    shown = people.values_list("email", "first_name", "state", "consent_relation", "consent_on")
    records = ConsentRecord.objects.filter(account=world.account, source=ConsentRecord.Source.IMPORT)
    return {
        "members": {short(one["email"]): one["firstname"] for one in held["members"]},
        "unsubscribed": {short(one["email"]) for one in held["unsubscribed"]},
        "mirror": {short(email): rest for email, *rest in shown},
        "joined": GroupMembership.objects.filter(contact__account=world.account).count(),
        "ledger": sorted(short(email) for email in records.values_list("email_key", flat=True)),
    }


@pytest.mark.parametrize("rows", [600, pytest.param(10_000, marks=pytest.mark.long)])
def test_a_list_killed_half_way_and_imported_again_ends_as_one_imported_once(
    world: World, workers: Nursery, settings: Any, rows: int
) -> None:
    settings.BULK_BATCH_ROWS = rows // 10
    once = World.build(world.sandbox)
    group = begin(once, "once")
    whole = approve_and_apply(once, plan(once, group, lines(rows, "once")), colleague(once))
    assert whole.state == ChangeSet.State.DONE
    once.pull()

    group = begin(world, "twice")
    first = plan(world, group, lines(rows, "twice"))
    assert first.counts == whole.counts
    kill_half_way(world, workers, first, settings.BULK_BATCH_ROWS)
    services.cancel(world.editor, first)
    run(world, first)
    assert first.rows.filter(state="done").count() < services.to_do(first.counts)
    second = plan(world, group, lines(rows, "twice"))
    assert second.counts["same"] == first.rows.filter(state="done").count()
    again = approve_and_apply(world, second, colleague(world))
    assert again.state == ChangeSet.State.DONE
    world.pull()

    assert end_state(world, "twice") == end_state(once, "once")
    good = services.to_do(whole.counts)
    assert good == len(end_state(once, "once")["members"]) == len(end_state(once, "once")["ledger"])
    assert rows - good == len(range(0, rows, BAD_EVERY))
    shown = Contact.objects.filter(account=world.account, consent_on=date.fromisoformat(GIVEN))
    assert shown.count() == good
    assert came_back(world) == []
    assert differences(world.account.pk) == []
