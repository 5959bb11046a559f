"""Letting go of what is gone at the vendor, and only of that (promise P5)."""

from __future__ import annotations

from datetime import timedelta

from contacts import services
from contacts.models import Contact
from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import HeldSweep, PullRun
from cyberadmin.sync.services import decide_sweep
from cyberadmin.sync.sweep import CHECKS_PER_RUN, purge_tombstones
from groups.models import Group
from tests.world import World


def populate(world: World, people: int) -> list[str]:
    """A pulled account of so many people; their addresses."""
    for number in range(people):
        world.remote_member(f"p{number:03d}@example.com")
    world.pull()
    return [f"p{number:03d}@example.com" for number in range(people)]


def delete_there(world: World, emails: list[str]) -> None:
    for email in emails:
        world.sandbox.control("DELETE", "members", account=world.remote, email=email)


def living(world: World) -> set[str]:
    return set(Contact.objects.filter(account=world.account, gone_at=None).values_list("email", flat=True))


def asked_one_by_one(world: World, since: int) -> int:
    return sum(one["operation"] == "getMember" for one in world.sandbox.requests(since))


def test_what_was_deleted_there_becomes_a_tombstone_after_asking_for_it(world: World) -> None:
    emails = populate(world, 12)
    world.remote_group("Clients", [emails[0]])
    world.pull()
    delete_there(world, emails[:2])
    since = world.sandbox.requests()[-1]["number"]

    run = world.pull()

    assert (run.state, run.counts["gone"]) == (PullRun.State.COMPLETE, 2)
    assert living(world) == set(emails[2:])
    assert asked_one_by_one(world, since) == 2
    gone = Contact.objects.get(account=world.account, email=emails[0])
    assert (gone.gone_at is not None, gone.memberships.count()) == (True, 0)


def test_an_incremental_pull_removes_nothing(world: World) -> None:
    emails = populate(world, 3)
    delete_there(world, emails[:1])
    world.pull(PullRun.Scope.INCREMENTAL)
    assert living(world) == set(emails)


def test_an_approved_removal_is_not_carried_out_on_what_the_vendor_still_has(world: World) -> None:
    emails = populate(world, 3)
    delete_there(world, emails[:1])
    ids = list(Contact.objects.filter(account=world.account).values_list("pk", flat=True))
    run = PullRun.objects.get(account=world.account)
    approved = HeldSweep.objects.create(
        account=world.account, run=run, kind="contact", object_ids=ids, total=3, state=HeldSweep.State.APPROVED
    )
    assert world.pull(PullRun.Scope.INCREMENTAL).counts["gone"] == 1
    assert living(world) == set(emails[1:])
    approved.refresh_from_db()
    assert approved.object_ids == []


def test_many_at_once_are_held_until_a_person_decides(world: World) -> None:
    emails = populate(world, 30)
    delete_there(world, emails[:11])
    world.pull()
    held = HeldSweep.objects.get(account=world.account)
    assert (held.total, held.state) == (11, HeldSweep.State.HELD)
    assert living(world) == set(emails)

    world.pull()
    assert HeldSweep.objects.filter(account=world.account).count() == 1

    decide_sweep(world.editor, held, approve=True)
    run = world.pull(PullRun.Scope.INCREMENTAL)
    assert run.counts["gone"] == 11
    assert living(world) == set(emails[11:])


def test_dismissed_ones_are_not_asked_about_again(world: World) -> None:
    emails = populate(world, 30)
    delete_there(world, emails[:11])
    world.pull()
    decide_sweep(world.editor, HeldSweep.objects.get(account=world.account), approve=False)
    world.pull()
    assert HeldSweep.objects.filter(account=world.account, state=HeldSweep.State.HELD).count() == 0
    assert living(world) == set(emails)


def test_a_tenth_of_a_large_account_is_not_many(world: World) -> None:
    world.sandbox.control("POST", "generate", account=world.remote, members=200)
    world.pull()
    gone = [one["email"] for one in world.held()["members"]][:20]
    delete_there(world, gone)
    run = world.pull()
    assert run.counts["gone"] == 20


def test_large_approved_removals_go_on_in_later_runs(world: World) -> None:
    world.sandbox.control("POST", "generate", account=world.remote, members=CHECKS_PER_RUN + 5)
    world.pull()
    delete_there(world, [one["email"] for one in world.held()["members"]])
    world.pull()
    decide_sweep(world.editor, HeldSweep.objects.get(account=world.account), approve=True)

    first = world.pull(PullRun.Scope.INCREMENTAL)
    second = world.pull(PullRun.Scope.INCREMENTAL)

    assert (first.counts["gone"], second.counts["gone"]) == (CHECKS_PER_RUN, 5)
    assert living(world) == set()


def test_a_contact_with_an_open_change_is_left_to_that_change(world: World) -> None:
    emails = populate(world, 12)
    contact = world.contact(emails[0])
    services.edit_contact(world.editor, contact, {"first_name": "Mine"}, contact.edit_version)
    delete_there(world, emails[:1])
    world.pull()
    assert emails[0] in living(world)
    world.push()
    assert [change.reason for change in world.changes()] == ["gone_there"]


def test_a_contact_waiting_to_be_made_there_is_not_missing(world: World) -> None:
    populate(world, 3)
    services.create_contact(world.editor, world.account, {"email": "new@example.com"})
    world.pull()
    assert "new@example.com" in living(world)


def test_one_that_comes_back_there_comes_back_here_on_the_same_row(world: World) -> None:
    emails = populate(world, 12)
    pk = world.contact(emails[0]).pk
    world.sandbox.control("POST", "unsubscribe", account=world.remote, email=emails[0])
    with writing():
        Contact.objects.filter(pk=pk).update(gone_at=now() - timedelta(days=1))
    world.pull()
    contact = world.contact(emails[0])
    assert (contact.pk, contact.state) == (pk, "unsubscribed")


def test_a_group_deleted_there_goes_with_its_memberships(world: World) -> None:
    world.remote_member("a@example.com")
    made = world.remote_group("Clients", ["a@example.com"])
    world.remote_group("Other")
    world.pull()
    group = world.group("Clients")
    world.sandbox.control("DELETE", "groups", account=world.remote, id=made["id"])
    world.pull()
    group.refresh_from_db()
    assert (group.gone_at is not None, group.memberships.count()) == (True, 0)
    assert living(world) == {"a@example.com"}


def test_tombstones_are_deleted_after_thirty_days_unless_a_change_speaks_of_them(world: World) -> None:
    emails = populate(world, 3)
    with writing():
        Contact.objects.filter(account=world.account).update(gone_at=now() - timedelta(days=31))
        Contact.objects.filter(account=world.account, email=emails[0]).update(gone_at=now() - timedelta(days=29))
    purge_tombstones()
    assert list(Contact.objects.filter(account=world.account).values_list("email", flat=True)) == emails[:1]
    assert not Group.objects.filter(account=world.account).exists()
