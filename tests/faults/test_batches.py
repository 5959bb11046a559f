"""Faults 9, 10, 53-57, 67, 71 and 74: batches that are lost, stuck, late, refused, oddly answered, or killed in the middle."""

from __future__ import annotations

from typing import Any

import pytest

from contacts import services as contacts
from cyberadmin.accounts.models import AuditEvent
from cyberadmin.sync import clock
from cyberadmin.sync.bulk import services
from cyberadmin.sync.models import Batch, Change, ChangeSet
from tests.faults.workers import Nursery
from tests.sync.bulk.desk import BulkDesk, people
from tests.sync.bulk.kind import BAD_NAME
from tests.world import World, from_sweep

pytestmark = pytest.mark.django_db(transaction=True)

POST = {"method": "POST", "path": "/batches"}
GET = {"method": "GET", "path": "/batches/{id}"}
LEFT = {"method": "GET", "path": "/members/unsubscribed"}
#: Answers to "who left?" that say nothing.
ODD = [{"action": "html_200"}, {"action": "status", "code": 403}]
#: In the normal run only what claims something; the whole table with `--long`.
VERBS = ["add", *(pytest.param(verb, marks=pytest.mark.long) for verb in ("unsubscribe", "delete"))]


def shortly(*values: Any, first: int = 1) -> list[Any]:
    """Parameters of which only the first belong to the normal run."""
    return [*values[:first], *(pytest.param(value, marks=pytest.mark.long) for value in values[first:])]


@pytest.fixture
def bulk(world: World) -> BulkDesk:
    return BulkDesk(world)


def ready(bulk: BulkDesk, verb: str, count: int = 6) -> None:
    """The people whom a batch of this verb is about; every second one for `add`. The vendor works at once."""
    bulk.world.sandbox.settings(batch_start_seconds=0, batch_run_seconds=0)
    for number in range(0, count, 2 if verb == "add" else 1):
        bulk.world.mirrored(f"person{number}@example.com")


def all_done(bulk: BulkDesk, change_set: ChangeSet, verb: str, count: int = 6) -> None:
    """Every row arrived, whatever happened on the way, and it shows at the vendor."""
    assert (change_set.state, change_set.reason) == (ChangeSet.State.DONE, "")
    assert bulk.results(change_set) == {email: ("done", "") for email, _ in people(count)}
    assert bulk.held() == (dict(people(count)) if verb == "add" else {})
    bulk.check(change_set)


def alarms() -> list[str]:
    return [str(one.detail["reason"]) for one in AuditEvent.objects.filter(action="bulk.alarm").order_by("id")]


# --- 9 and 53: the number of a batch is lost ---
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "rule",
    [
        {"action": "drop_after"},
        {"action": "drop_before"},
        {"action": "status", "code": 500},
        {"action": "html_200"},
        {"action": "lost_batch", "apply": True},
        {"action": "lost_batch"},
    ],
    ids=lambda rule: "-".join(str(value) for value in rule.values()),
)
def test_a_batch_whose_number_is_lost_is_looked_up(bulk: BulkDesk, verb: str, rule: dict[str, Any]) -> None:
    ready(bulk, verb)
    bulk.world.sandbox.faults({**rule, **POST, "times": 1})
    all_done(bulk, bulk.apply(verb, people(6)), verb)


# --- 10 and 53: polling, and a batch that never ends ---
@pytest.mark.parametrize("verb", VERBS)
def test_a_stuck_batch_warns_is_written_off_and_sent_again(bulk: BulkDesk, verb: str) -> None:
    ready(bulk, verb)
    bulk.world.sandbox.faults({"action": "stuck_batch", **POST, "times": 1})
    change_set = bulk.approve(bulk.plan(verb, people(6)))
    for _ in range(120):
        bulk.pass_time(bulk.step() or bulk.due_in(change_set))
        change_set.refresh_from_db()
        if change_set.reason == "batch_slow":
            break
    assert change_set.reason == "batch_slow"
    assert alarms() == []
    done = bulk.follow(change_set, nap=900)
    all_done(bulk, done, verb)
    assert alarms() == ["written_off"]


# --- 55: a result that names nobody, strangers, or somebody twice ---
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("kind", ["empty", "strangers", "duplicates"])
def test_an_odd_result_is_looked_up_and_rings_an_alarm(bulk: BulkDesk, verb: str, kind: str) -> None:
    ready(bulk, verb)
    bulk.world.sandbox.faults({"action": "batch_result", "kind": kind, **POST, "times": 1})
    all_done(bulk, bulk.apply(verb, people(6)), verb)
    assert alarms() == [f"result_{kind}"]


# --- 54: a part of the rows is refused ---
@pytest.mark.parametrize("order", shortly("reverse", "submitted"))
@pytest.mark.parametrize("shape", shortly("none", "id", "email"))
@pytest.mark.parametrize("names", ["email", "id"])
@pytest.mark.parametrize("choice", ["first_fails", "all_but_first_fail"])
def test_each_contact_has_its_own_result(bulk: BulkDesk, order: str, shape: str, names: str, choice: str) -> None:
    ready(bulk, "add")
    bulk.world.sandbox.settings(
        batch_result_order=order, batch_error_shape=shape, batch_successes=names, batch_partial=choice
    )
    done = bulk.apply("add", people(6))
    failed = {email for email, (state, _) in bulk.results(done).items() if state == "failed"}
    assert len(failed) == (1 if choice == "first_fails" else 5)
    shown = {email for email, name in bulk.held().items() if name}
    assert shown == {email for email, _ in people(6)} - failed
    assert {row.result_words for row in done.rows.filter(state="failed")} == {"Refused by the partial-failure setting"}
    bulk.check(done)


def test_who_is_named_by_number_only_is_found_in_one_list(bulk: BulkDesk) -> None:
    ready(bulk, "add")
    bulk.world.sandbox.settings(batch_successes="id")
    before = len(bulk.world.sandbox.requests())
    all_done(bulk, bulk.apply("add", people(6)), "add")
    assert alarms() == []
    asked = [request["path"] for request in bulk.world.sandbox.requests()[before:]]
    assert [path for path in asked if path.startswith("/members/person")] == []
    assert asked.count("/members") == 1


@pytest.mark.parametrize("state", shortly("DONE", "completed"))
def test_another_word_for_finished_is_understood(bulk: BulkDesk, state: str) -> None:
    bulk.world.sandbox.settings(batch_end_state=state)
    all_done(bulk, bulk.apply("add", people(6)), "add")


def test_an_unknown_state_is_not_finished(bulk: BulkDesk) -> None:
    bulk.world.sandbox.settings(batch_end_state="FAILED")
    change_set = bulk.approve(bulk.plan("add", people(6)))
    for _ in range(10):
        bulk.pass_time(bulk.step() or bulk.due_in(change_set))
    assert Batch.objects.get().status_there == "FAILED"
    assert {state for state, _ in bulk.results(change_set).values()} == {"sending"}
    # What it did is read in the end.
    all_done(bulk, bulk.follow(change_set, nap=900), "add")


# --- 57: refused whole ---
@pytest.mark.parametrize("status", shortly(422, 400))
def test_a_batch_refused_for_one_bad_row_is_divided_until_that_row_is_alone(bulk: BulkDesk, status: int) -> None:
    bulk.world.sandbox.settings(schema_error_status=status)
    rows = [(email, BAD_NAME if email == "person3@example.com" else name) for email, name in people(8)]
    done = bulk.apply("add", rows)
    assert done.state == ChangeSet.State.DONE
    results = bulk.results(done)
    assert results.pop("person3@example.com") == ("failed", "refused_there")
    assert set(results.values()) == {("done", "")}
    assert len(bulk.held()) == 7
    bulk.check(done)


@pytest.mark.parametrize("status", shortly(413, 422))
def test_a_limit_of_the_vendor_is_learnt(bulk: BulkDesk, settings: Any, status: int) -> None:
    settings.BULK_BATCH_ROWS = 8
    bulk.world.sandbox.settings(batch_cap=4, batch_cap_status=status)
    done = bulk.apply("add", people(40))
    assert len(bulk.held()) == 40
    assert done.memory["limit"] == 4
    assert Batch.objects.filter(state="split").count() == 1
    bulk.check(done)


# --- 74: everything is refused alike ---
@pytest.mark.parametrize("verb", ["add", "update"])
def test_the_same_refusal_for_everybody_stops_after_twenty(bulk: BulkDesk, verb: str) -> None:
    for number in range(30):
        if verb == "update":
            bulk.world.mirrored(f"person{number}@example.com")
    path = POST if verb == "add" else {"method": "PATCH", "path": "/members/{key}"}
    bulk.world.sandbox.faults({"action": "status", "code": 422, "body": {"message": "shoeSize is required"}, **path})
    stopped = bulk.apply(verb, people(30))
    assert (stopped.state, stopped.reason) == (ChangeSet.State.PAUSED, "same_refusal")
    assert "shoeSize is required" in stopped.reason_detail["words"]
    refused = [result for result in bulk.results(stopped).values() if result[0] == "failed"]
    assert 20 <= len(refused) <= 21
    bulk.world.sandbox.clear_faults()
    services.resume(bulk.world.editor, stopped)
    done = bulk.follow(stopped)
    assert done.state == ChangeSet.State.DONE
    assert AuditEvent.objects.filter(action="bulk.stopped").count() == 1


# --- 67: somebody left while rows about them wait ---
@pytest.mark.parametrize("choice", shortly("revive", "error", "skip", first=2))
@pytest.mark.parametrize("how", ["unsubscribe", "bounce"])
def test_who_left_there_unknown_to_us_is_never_in_a_batch(bulk: BulkDesk, choice: str, how: str) -> None:
    state = "unsubscribed" if how == "unsubscribe" else "bounced"
    bulk.world.sandbox.settings(**{f"add_members_{state}": choice})
    bulk.world.mirrored("person1@example.com")
    bulk.world.remote_member("person2@example.com")
    plan = bulk.plan("add", people(4))
    for email in ("person1@example.com", "person2@example.com"):
        bulk.world.sandbox.control("POST", how, account=bulk.world.remote, email=email)
    done = bulk.follow(bulk.approve(plan))
    assert bulk.results(done)["person1@example.com"] == ("failed", state)
    assert bulk.results(done)["person2@example.com"] == ("failed", state)
    assert bulk.results(done)["person3@example.com"] == ("done", "")
    bulk.check(done)


@pytest.mark.parametrize("habit", ["404", "200"])
def test_who_said_no_unknown_to_us_is_not_deleted(bulk: BulkDesk, habit: str) -> None:
    """Whatever the vendor would make of such a deletion, the proof that they said no stays (product.md 3d-11)."""
    ready(bulk, "delete", 3)
    bulk.world.sandbox.settings(departed_member_delete=habit)
    plan = bulk.plan("delete", people(3))
    bulk.world.sandbox.control("POST", "unsubscribe", account=bulk.world.remote, email="person1@example.com")
    done = bulk.follow(bulk.approve(plan))
    assert bulk.results(done) == {
        "person0@example.com": ("done", ""),
        "person1@example.com": ("failed", "unsubscribed"),
        "person2@example.com": ("done", ""),
    }
    assert [one["email"] for one in bulk.world.held()["unsubscribed"]] == ["person1@example.com"]
    bulk.check(done)


def test_somebody_brought_back_by_the_vendor_stops_everything_and_is_let_go_again(bulk: BulkDesk) -> None:
    """The race that is left: somebody leaves after the lists were read, and the vendor revives them."""
    sandbox = bulk.world.sandbox
    sandbox.settings(add_members_unsubscribed="revive", batch_start_seconds=60, batch_run_seconds=60)
    bulk.world.mirrored("person1@example.com")
    change_set = bulk.approve(bulk.plan("add", people(4)))
    bulk.step()
    sandbox.control("POST", "unsubscribe", account=bulk.world.remote, email="person1@example.com")
    stopped = bulk.follow(change_set)
    assert (stopped.state, stopped.reason) == (ChangeSet.State.PAUSED, "came_back")
    assert stopped.reason_detail["addresses"] == ["person1@example.com"]
    assert alarms() == ["came_back"]
    assert "person1@example.com" not in bulk.held()
    assert [one["email"] for one in bulk.world.held()["unsubscribed"]] == ["person1@example.com"]


@pytest.mark.parametrize("rule", ODD, ids=lambda rule: str(rule["action"]))
@pytest.mark.parametrize("nth", [1, 2], ids=["before", "after"])
def test_an_odd_answer_to_who_left_only_holds_it_up(bulk: BulkDesk, rule: dict[str, Any], nth: int) -> None:
    bulk.world.sandbox.faults({**rule, **LEFT, "nth": nth, "times": 1})
    all_done(bulk, bulk.apply("add", people(6)), "add")
    assert not AuditEvent.objects.filter(action="bulk.stopped").exists()


@pytest.mark.parametrize("rule", [None, *ODD], ids=lambda rule: str(rule and rule["action"]))
def test_fewer_people_on_the_lists_of_who_left_is_an_alarm(bulk: BulkDesk, rule: dict[str, Any] | None) -> None:
    sandbox = bulk.world.sandbox
    bulk.world.remote_member("gone@example.com")
    sandbox.control("POST", "unsubscribe", account=bulk.world.remote, email="gone@example.com")
    change_set = bulk.approve(bulk.plan("add", people(2)))
    bulk.step()
    sandbox.control("DELETE", "members", account=bulk.world.remote, email="gone@example.com")
    if rule is not None:
        # The proof is made up for, never left out.
        sandbox.faults({**rule, **LEFT, "times": 1})
    stopped = bulk.follow(change_set)
    assert (stopped.state, stopped.reason) == (ChangeSet.State.PAUSED, "fewer_departed")
    services.resume(bulk.world.editor, stopped)
    assert bulk.follow(stopped).state == ChangeSet.State.DONE


# --- 56: a late batch ---
def test_a_late_batch_does_not_undo_a_newer_edit(bulk: BulkDesk) -> None:
    row = bulk.world.mirrored("person0@example.com", firstname="Old")
    bulk.world.sandbox.faults(
        {"action": "late_batch", "seconds": 700, **POST, "times": 1},
        {"action": "status", "code": 404, **GET, "times": 40},
    )
    done = bulk.apply("add", people(2))
    assert done.state == ChangeSet.State.DONE
    assert bulk.held()["person0@example.com"] == "Person 0"
    row.refresh_from_db()
    contacts.edit_contact(bulk.world.editor, row, {"first_name": "Newer"}, row.edit_version)
    bulk.world.push()
    assert bulk.held()["person0@example.com"] == "Newer"
    bulk.pass_time(600)
    # The batch that was given up runs after all.
    assert bulk.held()["person0@example.com"] == "Person 0"
    for _ in range(10):
        bulk.pass_time(100)
        bulk.step()
        from_sweep(bulk.world.account.pk)
    assert bulk.held()["person0@example.com"] == "Newer"
    assert bulk.world.contact("person0@example.com").first_name == "Newer"
    bulk.check(done)


# --- 44 under a list: the token is revoked ---
@pytest.mark.parametrize("verb", VERBS)
def test_a_revoked_token_in_the_middle_loses_and_doubles_nothing(bulk: BulkDesk, verb: str, settings: Any) -> None:
    settings.BULK_BATCH_ROWS = 2
    ready(bulk, verb)
    bulk.world.sandbox.faults({"action": "status", "code": 401, "times": 2, "every": 3, "path": "/batches/{id}"})
    all_done(bulk, bulk.apply(verb, people(6)), verb)


# --- 9, 10 and 71: killed at each step ---
@pytest.mark.parametrize("point", ["B2", "C9", "C10", "B4"])
@pytest.mark.parametrize("verb", VERBS)
def test_a_worker_killed_at_each_step_leaves_nothing_undone(
    bulk: BulkDesk, workers: Nursery, tmp_path: Any, verb: str, point: str
) -> None:
    ready(bulk, verb)
    change_set = bulk.approve(bulk.plan(verb, people(6)))
    once = {"CYBERADMIN_CRASH_AT": point, "CYBERADMIN_CRASH_ONCE": str(tmp_path / "once"), "BULK_BATCH_ROWS": "3"}
    workers.start("apply", once, account=bulk.world.account.pk).wait()
    assert (tmp_path / "once").exists()
    change_set.refresh_from_db()
    assert change_set.finished_at is None
    clock.advance(400)
    all_done(bulk, bulk.follow(change_set), verb)


@pytest.mark.parametrize("point", ["B6", "C5", "C7", "C8"])
def test_a_worker_killed_while_feeding_changes_records_each_once(
    bulk: BulkDesk, workers: Nursery, tmp_path: Any, point: str
) -> None:
    ready(bulk, "update")
    change_set = bulk.approve(bulk.plan("update", people(6)))
    once = {"CYBERADMIN_CRASH_AT": point, "CYBERADMIN_CRASH_ONCE": str(tmp_path / "once")}
    workers.start("apply", once, account=bulk.world.account.pk).wait()
    assert (tmp_path / "once").exists()
    clock.advance(400)
    done = bulk.follow(change_set)
    assert set(bulk.results(done).values()) == {("done", "")}
    assert Change.objects.filter(account=bulk.world.account).count() == 6
    assert bulk.held() == dict(people(6))
    bulk.check(done)


def test_a_plan_whose_worker_was_killed_is_made_again(bulk: BulkDesk, workers: Nursery, tmp_path: Any) -> None:
    change_set = bulk.start("add", [], generate=9_000)
    once = {"CYBERADMIN_CRASH_AT": "B1", "CYBERADMIN_CRASH_ONCE": str(tmp_path / "once")}
    workers.start("plan", once, change_set=change_set.pk).wait()
    assert change_set.rows.count() == 4_000
    workers.start("plan", change_set=change_set.pk, ahead=400.0).wait()
    change_set.refresh_from_db()
    assert (change_set.state, change_set.counts) == ("planned", {"rows": 9_000, "create": 9_000})
    assert change_set.rows.count() == 9_000
