"""What still waits for the groups of a mailing: single changes, imports and bulk changes, each counted once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from campaigns.models import Campaign
from campaigns.preflight import gather
from contacts import services as contacts
from contacts.models import Contact
from cyberadmin.sync.bulk import applying, services
from cyberadmin.sync.models import Change, ChangeSet, PlannedRow
from tests.campaigns.desk import CampaignDesk
from tests.contacts.bulk.bulk_desk import picked, plan, run

pytestmark = pytest.mark.django_db(transaction=True)
State = ChangeSet.State


@pytest.fixture
def waiting(desk: CampaignDesk) -> Callable[[], int]:
    """How many changes wait for a mailing to two groups."""
    campaign: Campaign = desk.written(groups=[desk.one, desk.english])
    return lambda: gather.gather(campaign).editions[0].waiting


def person(desk: CampaignDesk, number: int) -> Contact:
    return desk.world.contact(f"personne{number}@example.com")


def listed(desk: CampaignDesk, state: str, values: dict[str, Any], *states: str, **fields: Any) -> ChangeSet:
    """An import with one row for each of the states."""
    change_set = ChangeSet.objects.create(
        account=desk.world.account, kind="import", object_kind="contact", state=state, **fields
    )
    PlannedRow.objects.bulk_create(
        PlannedRow(change_set=change_set, account=desk.world.account, number=number, values=values, state=state)
        for number, state in enumerate(states, 1)
    )
    return change_set


def test_a_change_of_two_of_the_groups_is_one_change(desk: CampaignDesk, waiting: Callable[[], int]) -> None:
    contacts.change_groups(desk.writer, person(desk, 1), [desk.english, desk.one], [])
    contacts.change_groups(desk.writer, person(desk, 2), [], [desk.people])
    assert waiting() == 1


def test_people_on_their_way_by_a_bulk_change_are_counted_once(desk: CampaignDesk, waiting: Callable[[], int]) -> None:
    people = [person(desk, number) for number in range(3)]
    made = plan(desk.world, "join", {**picked(*people), "join": [desk.english.pk]})
    assert waiting() == 0
    services.approve(desk.world.editor, made, made.fingerprint)
    services.apply(desk.world.editor, made)
    assert waiting() == 3
    for _turn in range(3):
        applying.work(desk.world.account.pk, budget=0.2)
    assert len(desk.world.changes(verb=Change.Verb.REGROUP)) == 3
    assert waiting() == 3
    assert run(desk.world, made).state == State.DONE
    assert waiting() == 0


def test_rows_of_an_import_into_the_groups_are_counted(desk: CampaignDesk, waiting: Callable[[], int]) -> None:
    into = {"groups": [desk.english.pk]}
    joins = {f"group:{desk.english.pk}": True}
    states = ("waiting", "sending", "verifying", "done", "failed", "")
    original = listed(desk, State.APPLYING, joins, *states, parameters=into)
    assert waiting() == 3
    listed(desk, State.PAUSED, {**joins, f"group:{desk.one.pk}": True}, "waiting", parameters=into)
    assert waiting() == 4
    # Who is in the groups already, plans that nobody approved, and lists for other groups change nothing.
    listed(desk, State.APPLYING, {"first_name": "Zoé"}, "waiting", parameters=into)
    listed(desk, State.PLANNED, joins, "waiting", parameters=into)
    listed(desk, State.APPLYING, {f"group:{desk.people.pk}": True}, "waiting", parameters={"groups": [desk.people.pk]})
    assert waiting() == 4
    listed(desk, State.APPLYING, {f"group:{desk.english.pk}": False}, "waiting", reverses=original)
    assert waiting() == 5


def test_a_long_list_is_counted_as_far_as_it_matters(desk: CampaignDesk) -> None:
    campaign = desk.written(groups=[desk.english])
    into = {"groups": [desk.english.pk]}
    listed(desk, State.APPLYING, {f"group:{desk.english.pk}": True}, *["waiting"] * 1_100, parameters=into)
    (said,) = [one for one in gather.check(campaign).warnings if one.check == "outbox"]
    assert said.sentence == "1000+ changes to these groups still wait in the Outbox or in a bulk change."
