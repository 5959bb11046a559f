"""Fault 30 under a list: the disk fills while it is planned and while it is applied, and when there is room again it goes on.

The limit is the database's own: SQLite refuses to grow, with the very error of a full disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date

import pytest
from django.db import OperationalError, connection

from contacts.bulk import uploads
from contacts.bulk.uploads import Chosen
from cyberadmin.sync.bulk import planning, reasons
from cyberadmin.sync.models import ChangeSet
from tests.contacts.bulk.bulk_desk import upload
from tests.sync.bulk.desk import BulkDesk, people
from tests.world import World

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="a server's disk cannot be filled from a test"),
]


@pytest.fixture
def bulk(world: World) -> BulkDesk:
    world.sandbox.settings(batch_start_seconds=0, batch_run_seconds=0)
    return BulkDesk(world)


def pragma(text: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {text}")
        return int(cursor.fetchone()[0])


@contextmanager
def full_disk(spare: int = 0) -> Iterator[None]:
    """No page but these can be added to the database, as on a full disk."""
    most = pragma("max_page_count")
    with connection.cursor() as cursor:
        # What was deleted before would be used first.
        cursor.execute("VACUUM")
    pragma(f"max_page_count = {pragma('page_count') + spare}")
    try:
        yield
    finally:
        pragma(f"max_page_count = {most}")


def test_a_plan_for_which_there_is_no_room_is_said_and_made_when_there_is(bulk: BulkDesk) -> None:
    file = upload(bulk.world, "Courriel\n" + "".join(f"{email}\n" for email, _name in people(4_000)))
    chosen = Chosen(relation="active-clients", consent_on=date(2026, 6, 1), mapping=uploads.mapping_of(file))
    started = uploads.choose(bulk.world.editor, file, chosen)
    with full_disk(spare=30):
        stopped = planning.plan(started.pk)
        assert stopped is not None
        assert (stopped.state, stopped.reason) == (ChangeSet.State.PLANNING, "disk_full")
        # By now not even the lease may find room.
        with suppress(OperationalError):
            planning.plan(started.pk)
    said = reasons.explain(stopped)
    assert "disk of this server is full" in said.what_happened
    assert "by itself once there is room" in said.next_step
    made = planning.plan(started.pk)
    assert made is not None
    assert made.counts == {"rows": 4_000, "create": 4_000}
    assert made.rows.count() == 4_000
    assert bulk.world.effects() == []


def work(bulk: BulkDesk) -> None:
    """A worker's turn; one that cannot write down anything dies with the database's error."""
    with suppress(OperationalError):
        bulk.step()


@pytest.mark.parametrize("spare", [0, 3])
@pytest.mark.parametrize("steps_before", [0, 1, 2])
def test_a_list_applied_on_a_full_disk_loses_and_doubles_nothing(
    bulk: BulkDesk, settings: object, steps_before: int, spare: int
) -> None:
    settings.BULK_BATCH_ROWS = 200  # type: ignore[attr-defined]
    made = bulk.approve(bulk.plan("add", people(600)))
    for _ in range(steps_before):
        bulk.step()
        bulk.pass_time(1)
    with full_disk(spare):
        for _ in range(6):
            work(bulk)
            bulk.pass_time(1)
        made.refresh_from_db()
        assert made.state == ChangeSet.State.APPLYING
        assert made.finished_at is None
    work(bulk)
    made.refresh_from_db()
    assert made.reason not in reasons.OF_DATABASE
    done = bulk.follow(made)
    assert (done.state, done.rows.filter(state="done").count()) == (ChangeSet.State.DONE, 600)
    journal = bulk.world.sandbox.journal(account=bulk.world.remote)
    added = [one["email"] for one in journal if one["source"] == "batch" and one["before"] == "absent"]
    assert sorted(added) == sorted(email for email, _name in people(600))
    bulk.check(done)
