"""Bulk changes in tests: lists typed here, plans made and applied now, and what the vendor holds afterwards."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.contrib.auth.models import User

from contacts.bulk import uploads
from contacts.models import Contact
from cyberadmin.sync import clock
from cyberadmin.sync.bulk import applying, planning, services
from cyberadmin.sync.models import Batch, ChangeSet, PlannedRow
from tests.world import World, from_sweep, give, make_user


def picked(*people: Contact) -> dict[str, Any]:
    """A selection of these contacts."""
    return {"selection": {"picked": [person.pk for person in people]}}


def matching(**filters: str) -> dict[str, Any]:
    """A selection of all that match."""
    return {"selection": {"filters": filters}}


def colleague(world: World, role: str = "manage") -> User:
    """A second person who works on this client."""
    return give(make_user(), world.account, role)


def plan(world: World, kind: str, parameters: dict[str, Any], why: str = "because") -> ChangeSet:
    """The plan of a bulk change."""
    change_set = services.start(world.editor, world.account, kind, parameters, why)
    return planned(change_set)


def planned(change_set: ChangeSet) -> ChangeSet:
    """Have a worker make the plan; its totals add up."""
    planning.plan(change_set.pk)
    change_set.refresh_from_db()
    if change_set.state == ChangeSet.State.PLANNED:
        counts = dict(change_set.counts)
        assert counts.pop("rows") == sum(counts.values()) == change_set.rows.count()
    return change_set


def approve_and_apply(world: World, change_set: ChangeSet, actor: User | None = None) -> ChangeSet:
    """Approve the plan as it is and have it sent to its end."""
    actor = actor or world.editor
    services.approve(actor, change_set, change_set.fingerprint)
    services.apply(actor, change_set)
    return run(world, change_set)


def run(world: World, change_set: ChangeSet, rounds: int = 60) -> ChangeSet:
    """Let workers follow it to its end, or to where it stops for a person."""
    for _ in range(rounds):
        change_set.refresh_from_db()
        stopped = change_set.state == ChangeSet.State.PAUSED and not _on_its_way(change_set)
        if change_set.finished_at is not None or stopped:
            break
        applying.work(change_set.account_id, budget=0.2)
        from_sweep(change_set.account_id)
        world.sandbox.advance(20)
        clock.advance(20)
    change_set.refresh_from_db()
    return change_set


def _on_its_way(change_set: ChangeSet) -> bool:
    return Batch.objects.filter(change_set=change_set, state__in=Batch.UNSETTLED).exists()


def verdicts(change_set: ChangeSet) -> dict[str, tuple[str, str]]:
    """{address: (verdict, reason)} of a plan."""
    return {row.label: (row.verdict, row.reason) for row in change_set.rows.all()}


def results(change_set: ChangeSet) -> dict[str, str]:
    """{address: result} of the rows that send something."""
    return {row.label: row.state for row in change_set.rows.filter(verdict__in=PlannedRow.TO_DO)}


def held_groups(world: World, email: str) -> set[str]:
    """The titles of the groups that the vendor has a person in."""
    held = world.held()
    titles = {group["id"]: group["title"] for group in held["groups"]}
    return {titles[number] for number in world.held_member(email)["groups"]}


def upload(world: World, text: str | bytes, name: str = "list.csv") -> Any:
    """A list that the editor uploads."""
    data = text.encode() if isinstance(text, str) else text
    return uploads.receive(world.editor, world.account, name, BytesIO(data))
