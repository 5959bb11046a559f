"""From a plan to its results, over real HTTP: what arrives, what each row says, what a person can do in between."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from contacts import services as contacts
from cyberadmin.accounts.models import AuditEvent
from cyberadmin.sync import clock
from cyberadmin.sync.bulk import composing, planning, services
from cyberadmin.sync.doorbell import WAKE
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Batch, Change, ChangeSet, PlannedRow, PullRun
from tests.bells import rung
from tests.sync.bulk.desk import BulkDesk, people
from tests.world import give, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_plan_is_applied_exactly_and_every_row_has_its_result(desk: BulkDesk) -> None:
    world = desk.world
    known = world.mirrored("known@example.com", firstname="Old")
    gone = world.mirrored("gone@example.com")
    contacts.unsubscribe(world.editor, gone, "Said no")
    world.push()
    rows = [
        ("new@example.com", "New"),
        ("KNOWN@example.com", "Known"),
        ("Gone@example.com", "Back"),
        ("new@EXAMPLE.com", "Twice"),
        ("nonsense", "?"),
    ]
    plan = desk.plan("add", rows)

    assert plan.state == ChangeSet.State.PLANNED
    assert plan.counts == {"rows": 5, "create": 1, "update": 1, "refused": 1, "duplicate": 1, "invalid": 1}
    assert world.effects()[-1]["operation"] == "unsubscribeMember"
    approved = desk.approve(plan)
    rung()
    done = desk.follow(approved)

    assert (done.state, done.progress_done, done.progress_total) == (ChangeSet.State.DONE, 2, 2)
    assert desk.results(done) == {"new@example.com": ("done", ""), "KNOWN@example.com": ("done", "")}
    assert desk.held() == {"new@example.com": "New", "known@example.com": "Known"}
    # Who is new there is read now, not at the next sweep.
    assert PullRun.objects.filter(account=world.account, state="queued", scope="incremental").exists()
    assert WAKE in rung()
    desk.check(done)
    known.refresh_from_db()
    assert known.first_name == "Known"


def test_what_waits_again_is_found_although_the_search_had_passed_it(desk: BulkDesk) -> None:
    plan = desk.plan("add", people(6))
    waiting = plan.rows.order_by("number")
    work = SimpleNamespace(change_set=plan, reached=0)
    numbers = list(waiting.values_list("number", flat=True))
    PlannedRow.objects.filter(pk__in=[row.pk for row in waiting[:4]]).update(state=PlannedRow.State.SENDING)
    assert (composing.next_verb(work), work.reached) == ("add", numbers[4])
    PlannedRow.objects.filter(pk__in=[row.pk for row in waiting[:2]]).update(state=PlannedRow.State.WAITING)
    assert (composing.next_verb(work), work.reached) == ("add", numbers[4])
    PlannedRow.objects.filter(pk__in=[row.pk for row in waiting[4:]]).update(state=PlannedRow.State.DONE)
    assert (composing.next_verb(work), work.reached) == ("add", numbers[0])
    waiting.update(state=PlannedRow.State.DONE)
    assert (composing.next_verb(work), work.reached) == (None, 0)


@pytest.mark.parametrize("verb", ["unsubscribe", "delete"])
def test_people_are_let_go_in_batches(desk: BulkDesk, verb: str) -> None:
    for number in range(5):
        desk.world.mirrored(f"person{number}@example.com")
    done = desk.apply(verb, people(4))
    assert [state for state, _ in desk.results(done).values()] == ["done"] * 4
    assert list(desk.held()) == ["person4@example.com"]
    assert len(desk.world.held()["unsubscribed"]) == (4 if verb == "unsubscribe" else 0)
    assert Batch.objects.get().verb == verb
    desk.check(done)


def test_many_rows_travel_in_several_batches_one_at_a_time(desk: BulkDesk, settings: object) -> None:
    settings.BULK_BATCH_ROWS = 10  # type: ignore[attr-defined]
    done = desk.apply("add", people(35))
    assert len(desk.held()) == 35
    assert list(Batch.objects.order_by("id").values_list("rows", flat=True)) == [10, 10, 10, 5]
    desk.check(done)


def test_edits_travel_as_ordinary_changes_after_those_made_by_hand(desk: BulkDesk) -> None:
    for number in range(6):
        desk.world.mirrored(f"person{number}@example.com")
    change_set = desk.approve(desk.plan("update", people(5)))
    desk.step()
    waiting = list(Change.objects.filter(account=desk.world.account))
    assert {change.priority for change in waiting} == {50}
    assert len(waiting) == 5
    by_hand = desk.world.contact("person2@example.com")
    contacts.edit_contact(desk.world.editor, by_hand, {"note": "now"}, by_hand.edit_version)
    assert Change.objects.get(object_id=by_hand.pk).priority == 10
    done = desk.follow(change_set)
    assert desk.held() == {**dict(people(5)), "person5@example.com": ""}
    assert desk.world.held_member("person2@example.com")["note"] == "now"
    desk.check(done)


def test_a_contact_with_an_open_edit_waits_and_is_never_overwritten(desk: BulkDesk) -> None:
    row = desk.world.mirrored("person0@example.com")
    desk.world.sandbox.faults({"action": "status", "code": 422, "method": "PATCH", "path": "/members/{key}"})
    plan = desk.plan("add", people(3))
    contacts.edit_contact(desk.world.editor, row, {"note": "typed"}, row.edit_version)
    PlannedRow.objects.filter(change_set=plan, object_id=row.pk).update(base_version=row.edit_version + 1)
    done = desk.follow(desk.approve(plan))
    assert desk.results(done)["person0@example.com"] == ("failed", "edit_waiting")
    assert sorted(desk.held()) == ["person0@example.com", "person1@example.com", "person2@example.com"]
    assert desk.held()["person0@example.com"] == ""
    desk.check(done)


def test_a_row_that_moved_since_the_plan_is_not_sent(desk: BulkDesk) -> None:
    row = desk.world.mirrored("person0@example.com")
    plan = desk.plan("add", people(3))
    contacts.edit_contact(desk.world.editor, row, {"note": "typed"}, row.edit_version)
    desk.world.push()
    done = desk.follow(desk.approve(plan))
    assert desk.results(done)["person0@example.com"] == ("cancelled", "changed_since_plan")
    assert desk.held()["person0@example.com"] == ""
    desk.check(done)


def test_a_person_who_appeared_since_the_plan_is_not_overwritten(desk: BulkDesk) -> None:
    plan = desk.plan("add", people(2))
    desk.world.mirrored("person1@example.com", firstname="Hers")
    done = desk.follow(desk.approve(plan))
    assert desk.results(done)["person1@example.com"] == ("cancelled", "changed_since_plan")
    assert desk.held()["person1@example.com"] == "Hers"


def test_a_plan_of_which_too_much_moved_is_outdated_and_nothing_leaves(desk: BulkDesk) -> None:
    rows = [desk.world.mirrored(f"person{number}@example.com") for number in range(12)]
    plan = desk.plan("add", people(12))
    for row in rows:
        contacts.edit_contact(desk.world.editor, row, {"note": "typed"}, row.edit_version)
    desk.world.push()
    before = len(desk.world.effects())
    outdated = desk.follow(desk.approve(plan))
    assert (outdated.state, outdated.reason) == (ChangeSet.State.OUTDATED, "account_changed")
    assert outdated.reason_detail == {"moved": 12, "rows": 12}
    assert len(desk.world.effects()) == before
    again = services.replan(desk.world.editor, outdated)
    planning.plan(again.pk)
    again.refresh_from_db()
    assert again.state == ChangeSet.State.PLANNED
    done = desk.follow(desk.approve(again))
    assert (done.state, desk.held()["person3@example.com"]) == (ChangeSet.State.DONE, "Person 3")


def test_a_group_that_went_away_outdates_the_plan(desk: BulkDesk) -> None:
    group = desk.world.mirrored_group("Friends")
    plan = desk.plan("add", people(2), groups=[group.pk])
    desk.approve(plan)
    with writing():
        type(group).objects.filter(pk=group.pk).update(gone_at=clock.now())
    outdated = desk.follow(plan)
    assert (outdated.state, outdated.reason) == (ChangeSet.State.OUTDATED, "group_gone")
    assert desk.held() == {}


def test_pause_resume_and_cancel_follow_what_has_left(desk: BulkDesk, settings: object) -> None:
    settings.BULK_BATCH_ROWS = 5  # type: ignore[attr-defined]
    change_set = desk.approve(desk.plan("add", people(20)))
    desk.step()
    assert Batch.objects.get().state == Batch.State.RUNNING
    services.pause(desk.world.editor, change_set)
    paused = desk.follow(change_set)
    assert (paused.state, len(desk.held())) == (ChangeSet.State.PAUSED, 5)
    services.resume(desk.world.editor, paused)
    desk.step()
    services.cancel(desk.world.editor, paused)
    done = desk.follow(paused)
    assert (done.state, len(desk.held())) == (ChangeSet.State.CANCELLED, 10)
    assert [result for result in desk.results(done).values()].count(("cancelled", "cancelled")) == 10
    desk.check(done)


def test_cancelling_takes_back_changes_that_still_wait(desk: BulkDesk) -> None:
    for number in range(4):
        desk.world.mirrored(f"person{number}@example.com", firstname="Old")
    change_set = desk.approve(desk.plan("update", people(4)))
    desk.step()
    touched = desk.world.contact("person1@example.com")
    contacts.edit_contact(desk.world.editor, touched, {"note": "by hand"}, touched.edit_version)
    services.cancel(desk.world.editor, change_set)
    for _ in range(3):
        desk.step()
    done = desk.follow(change_set)
    assert desk.held()["person0@example.com"] == "Old"
    # Somebody's own edit is in that change: it is not discarded with ours.
    assert desk.world.held_member("person1@example.com")["note"] == "by hand"
    desk.check(done)


def test_only_the_plan_that_was_seen_is_approved_and_by_whom_it_must(desk: BulkDesk) -> None:
    plan = desk.plan("add", people(2), second="many_rows")
    other = give(make_user(), desk.world.account, "edit")
    stranger = make_user()
    with pytest.raises(ValidationError, match="not the one"):
        services.approve(other, plan, "f" * 32)
    with pytest.raises(ValidationError, match="second person"):
        services.approve(desk.world.editor, plan, plan.fingerprint)
    with pytest.raises(PermissionDenied):
        services.approve(stranger, plan, plan.fingerprint)
    with pytest.raises(ValidationError, match="approved before"):
        services.apply(other, plan)
    services.ask(desk.world.editor, plan)
    services.approve(other, plan, plan.fingerprint)
    done = desk.follow(services.apply(desk.world.editor, plan))
    assert done.state == ChangeSet.State.DONE
    actions = list(
        AuditEvent.objects.filter(action__startswith="bulk.").order_by("id").values_list("action", flat=True)
    )
    assert actions == ["bulk.drafted", "bulk.plan", "bulk.asked", "bulk.approved", "bulk.applied", "bulk.ended"]


def test_the_fingerprint_is_of_the_rows(desk: BulkDesk) -> None:
    prints = {desk.plan("add", people(number)).fingerprint for number in (1, 2, 3)}
    assert len(prints) == 3
    assert desk.plan("add", people(2)).fingerprint in prints


def test_lost_rights_stop_it_before_the_next_batch(desk: BulkDesk) -> None:
    change_set = desk.approve(desk.plan("add", people(2)))
    give(desk.world.editor, desk.world.account, "read")
    stopped = desk.follow(change_set)
    assert (stopped.state, stopped.reason) == (ChangeSet.State.PAUSED, "rights_lost")
    assert desk.held() == {}


def test_ten_people_do_not_wait_for_a_thousand(desk: BulkDesk, settings: object) -> None:
    settings.BULK_BATCH_ROWS = 5  # type: ignore[attr-defined]
    large = desk.approve(desk.plan("add", people(40)))
    desk.step()
    small = desk.approve(desk.plan("add", people(5, "urgent")))
    desk.follow(small)
    assert sum(one.startswith("person") for one in desk.held()) <= 15
    desk.check(desk.follow(large))


def test_an_edit_by_hand_waits_while_its_contact_is_in_a_batch(desk: BulkDesk) -> None:
    row = desk.world.mirrored("person0@example.com")
    desk.world.mirrored("other@example.com")
    change_set = desk.approve(desk.plan("add", people(2)))
    desk.step()
    for email in ("person0@example.com", "other@example.com"):
        person = desk.world.contact(email)
        contacts.edit_contact(desk.world.editor, person, {"note": "later"}, person.edit_version)
    desk.world.push()
    states = dict(Change.objects.values_list("object_label", "state"))
    assert states == {"person0@example.com": "queued", "other@example.com": "done"}
    done = desk.follow(change_set)
    desk.world.settle()
    row.refresh_from_db()
    held = desk.world.held_member("person0@example.com")
    assert (held["firstname"], held["note"]) == ("Person 0", "later")
    desk.check(done)
