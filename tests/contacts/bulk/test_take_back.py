"""What a take-back must leave alone, and a row of it that needs two changes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from contacts.bulk import uploads
from contacts.bulk.uploads import Chosen
from cyberadmin.sync import clock, pull, sweeper
from cyberadmin.sync.bulk import applying, services
from cyberadmin.sync.bulk.doorbell import PLAN
from cyberadmin.sync.health import differences
from cyberadmin.sync.models import Change, ChangeSet, Pace, PullRun
from cyberadmin.sync.tasks import wake
from groups.models import Group
from tests.bells import rung
from tests.contacts.bulk.bulk_desk import approve_and_apply, held_groups, planned, results, run, upload, verdicts
from tests.world import World, from_sweep

pytestmark = pytest.mark.django_db


def imported(world: World, text: str, *groups: Group) -> ChangeSet:
    """A list of active clients, applied to its end."""
    file = upload(world, text)
    chosen = Chosen(
        relation="active-clients",
        consent_on=date(2026, 6, 1),
        groups=list(groups),
        mapping=uploads.mapping_of(file),
    )
    done = approve_and_apply(world, planned(uploads.choose(world.editor, file, chosen)))
    assert set(results(done).values()) == {"done"}
    return done


def comes_by_the_form(world: World, email: str) -> None:
    """Somebody fills in a form of the client and so gives express consent (api/README.md 4.3)."""
    world.sandbox.control("POST", "resubscribe", account=world.remote, email=email)


def there(world: World) -> set[str]:
    """The addresses of the vendor's subscribed members."""
    return {member["email"] for member in world.held()["members"]}


def test_an_import_takes_back_only_whom_it_made_and_who_is_as_it_left_them(world: World) -> None:
    clients, others = world.mirrored_group("Clients"), world.remote_group("Others")
    dynamic = world.remote_group("All of Quebec", isDynamic=True)
    # Subscribed after the last pull, so that the plan takes her for new.
    world.remote_member("before@example.com", groups=[])
    clock.advance(5)
    world.sandbox.advance(5)
    names = ("before", "form", "group", "new")
    done = imported(world, "Courriel\n" + "".join(f"{name}@example.com\n" for name in names), clients)
    assert done.counts["create"] == 4
    comes_by_the_form(world, "form@example.com")
    for group, email in ((others, "group@example.com"), (dynamic, "new@example.com")):
        world.sandbox.control("POST", "groups/members", account=world.remote, id=group["id"], add=[email])
    world.pull()

    back = planned(services.take_back(world.editor, done, "wrong list"))

    assert verdicts(back) == {
        "before@example.com": ("refused", "there_before"),
        "form@example.com": ("refused", "touched_since"),
        "group@example.com": ("refused", "touched_since"),
        "new@example.com": ("remove", ""),
    }
    assert set(results(approve_and_apply(world, back)).values()) == {"done"}
    assert there(world) == {"before@example.com", "form@example.com", "group@example.com"}
    assert differences(world.account.pk) == []


def test_a_take_back_right_after_an_import_waits_until_it_is_known_who_is_new(world: World) -> None:
    done = imported(world, "Courriel\nzoe@example.com\n")

    back = planned(services.take_back(world.editor, done, "wrong list"))

    assert (back.state, back.reason, back.rows.count()) == ("planning", "reading_first", 0)
    rung()
    # The import asked for this pull itself; its end wakes who makes the plan.
    wake(world.account.pk)
    assert PLAN in rung()
    assert verdicts(planned(back)) == {"zoe@example.com": ("remove", "")}
    assert set(results(approve_and_apply(world, back)).values()) == {"done"}
    assert there(world) == set()


def test_a_pull_that_ran_already_is_not_the_one_that_tells_who_is_new(world: World) -> None:
    run = pull.request(world.account, PullRun.Scope.FULL)
    PullRun.objects.filter(pk=run.pk).update(
        state=PullRun.State.RUNNING, started_at=clock.now(), lease_until=clock.now() + timedelta(hours=1)
    )
    done = imported(world, "Courriel\nzoe@example.com\n")
    assert pull.is_wanted(world.account.pk)
    back = planned(services.take_back(world.editor, done, "wrong list"))
    assert back.reason == "reading_first"

    # The one that ran comes to its end, having read the members before the import.
    PullRun.objects.filter(pk=run.pk).update(state=PullRun.State.COMPLETE, finished_at=clock.now(), lease_until=None)
    assert sweeper.request_due_pulls() == [world.account.pk]
    pull.run_due(world.account.pk)

    assert verdicts(planned(back)) == {"zoe@example.com": ("remove", "")}


def test_a_pull_that_something_arrived_during_is_followed_by_another_one(world: World) -> None:
    world.pull()
    Pace.objects.filter(account=world.account).update(pull_wanted_at=clock.now() + timedelta(seconds=5))
    world.pull()
    again = PullRun.objects.get(account=world.account, state=PullRun.State.QUEUED)
    assert again.scope == PullRun.Scope.INCREMENTAL
    clock.advance(10)
    pull.run_due(world.account.pk)
    assert not PullRun.objects.filter(account=world.account, state=PullRun.State.QUEUED).exists()


def test_lists_that_lag_behind_are_read_a_second_time(world: World) -> None:
    world.sandbox.settings(stale_read_seconds=90, stale_read_scope="lists")
    done = imported(world, "Courriel\nzoe@example.com\n")
    world.pull()
    back = planned(services.take_back(world.editor, done, "wrong list"))
    assert back.reason == "reading_first"

    world.sandbox.advance(110)
    clock.advance(110)
    assert planned(back).reason == "reading_first"
    wake(world.account.pk)
    assert verdicts(planned(back)) == {"zoe@example.com": ("remove", "")}


def test_a_take_back_waits_ten_minutes_for_a_pull_at_most(world: World) -> None:
    done = imported(world, "Courriel\nzoe@example.com\n")
    back = planned(services.take_back(world.editor, done, "wrong list"))
    clock.advance(11 * 60)
    assert verdicts(planned(back)) == {"zoe@example.com": ("refused", "not_there_yet")}


def test_who_consents_after_a_take_back_was_planned_is_not_deleted(world: World) -> None:
    done = imported(world, "Courriel\nzoe@example.com\nben@example.com\n")
    world.pull()
    back = planned(services.take_back(world.editor, done, "wrong list"))
    assert set(verdicts(back).values()) == {("remove", "")}
    comes_by_the_form(world, "zoe@example.com")
    world.pull()

    ended = approve_and_apply(world, back)

    assert results(ended) == {"zoe@example.com": "cancelled", "ben@example.com": "done"}
    assert there(world) == {"zoe@example.com"}


@pytest.fixture
def back(world: World) -> ChangeSet:
    """The plan that takes back a new first name and a new group of one person."""
    world.mirrored("ben@example.com", firstname="Ben")
    done = imported(world, "Courriel,Prénom\nben@example.com,Benoit\n", world.mirrored_group("Clients"))
    world.pull()
    made = planned(services.take_back(world.editor, done, "wrong list"))
    assert verdicts(made) == {"ben@example.com": ("update", "")}
    return made


def recorded(world: World, back: ChangeSet) -> list[Change]:
    """Approve the plan and let a worker record its changes; nothing is sent."""
    before = Change.objects.filter(account=world.account).count()
    services.approve(world.editor, back, back.fingerprint)
    services.apply(world.editor, back)
    applying.work(world.account.pk, budget=0)
    return world.changes()[before:]


def test_fields_and_groups_of_one_row_are_both_restored(world: World, back: ChangeSet) -> None:
    done = approve_and_apply(world, back)
    assert results(done) == {"ben@example.com": "done"}
    assert world.held_member("ben@example.com")["firstname"] == "Ben"
    assert held_groups(world, "ben@example.com") == set()
    assert differences(world.account.pk) == []


def test_cancelling_takes_back_both_changes_of_a_row(world: World, back: ChangeSet) -> None:
    changes = recorded(world, back)
    assert [change.verb for change in changes] == ["update", "regroup"]
    services.cancel(world.editor, back)

    run(world, back)

    assert [change.state for change in world.changes()[-2:]] == ["cancelled", "cancelled"]
    assert back.rows.get().result == "discarded"
    assert world.held_member("ben@example.com")["firstname"] == "Benoit"
    assert held_groups(world, "ben@example.com") == {"Clients"}
    assert differences(world.account.pk) == []


@pytest.mark.parametrize("how", ["refused", "conflict"])
def test_what_stops_the_fields_of_a_row_is_its_word(world: World, back: ChangeSet, how: str) -> None:
    recorded(world, back)
    if how == "conflict":
        world.remote_edit("ben@example.com", firstname="Benjamin")
    else:
        rule = {"action": "status", "code": 422, "body": {"message": "No such name"}, "method": "PATCH"}
        world.sandbox.faults({**rule, "path": "/members/{key}"})

    done = run(world, back)

    row = back.rows.get()
    assert (done.state, row.state, row.result) == ("done", "failed", "in_outbox")
    assert row.result_words == ("No such name" if how == "refused" else "")
    from_sweep(world.account.pk)
    # What is refused holds nothing back; a conflict waits for a person with what comes after it.
    assert held_groups(world, "ben@example.com") == (set() if how == "refused" else {"Clients"})
