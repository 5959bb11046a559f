"""A pull against the sandbox: what is read, what is written, what is left alone."""

from __future__ import annotations

import uuid

import pytest

from contacts import services
from contacts.models import Contact, CustomField, GroupMembership
from cyberadmin.sync import pull
from cyberadmin.sync.clock import now
from cyberadmin.sync.health import differences
from cyberadmin.sync.models import Change, Pace, PullPage, PullRun
from tests.world import World


def addresses(world: World, state: str = "subscribed") -> list[str]:
    """Living contacts of that state."""
    rows = Contact.objects.filter(account=world.account, state=state, gone_at=None)
    return list(rows.order_by("email_key").values_list("email", flat=True))


def in_group(world: World, title: str) -> list[str]:
    rows = GroupMembership.objects.filter(group__account=world.account, group__title=title, pending="")
    return sorted(rows.values_list("contact__email", flat=True))


def edit(world: World, email: str, **values: str) -> Contact:
    """An edit by staff, as the console makes it."""
    contact = world.contact(email)
    services.edit_contact(world.editor, contact, values, contact.edit_version)
    return world.contact(email)


class TestFirstPull:
    def test_mirrors_contacts_of_all_three_lists(self, world: World) -> None:
        world.remote_member("ann@example.com", firstname="Ann", lastname="Bélanger", birthdate="1988-06-17", note="vip")
        world.remote_member("left@example.com", state="unsubscribed")
        world.remote_member("bad@example.com", state="bounced")

        run = world.pull()

        assert (run.state, run.reason, run.problems) == ("complete", "", [])
        ann = world.contact("ann@example.com")
        assert (ann.first_name, ann.last_name, str(ann.birth_date), ann.note) == (
            "Ann",
            "Bélanger",
            "1988-06-17",
            "vip",
        )
        assert ann.remote_id == world.held_member("ann@example.com")["id"]
        assert addresses(world) == ["ann@example.com"]
        assert addresses(world, "unsubscribed") == ["left@example.com"]
        assert addresses(world, "bounced") == ["bad@example.com"]
        assert world.contact("left@example.com").remote_id is None
        assert run.counts["created"] == 3

    def test_includes_contacts_in_no_group(self, world: World) -> None:
        world.remote_member("alone@example.com")
        world.pull()
        assert addresses(world) == ["alone@example.com"]

    def test_mirrors_static_and_dynamic_groups_and_who_is_in_them(self, world: World) -> None:
        for name in ("a", "b", "c"):
            world.remote_member(f"{name}@example.com")
        world.remote_group("Clients", ["a@example.com", "b@example.com"], isPublic=True)
        world.remote_group("Recent", ["c@example.com"], isDynamic=True)

        world.pull()

        assert in_group(world, "Clients") == ["a@example.com", "b@example.com"]
        assert in_group(world, "Recent") == ["c@example.com"]
        assert world.group("Recent").is_dynamic
        assert (world.group("Clients").is_public, world.group("Clients").members_count) == (True, 2)

    def test_mirrors_custom_fields_and_their_values(self, world: World) -> None:
        field = world.sandbox.control("POST", "customfields", account=world.remote, name="Ville", type="text")
        world.remote_member("ann@example.com", customFields={str(field["id"]): "Longueuil"})
        world.pull()
        assert world.contact("ann@example.com").custom_values == {str(field["id"]): "Longueuil"}
        assert CustomField.objects.get(account=world.account).name == "Ville"

    def test_is_full_even_when_an_incremental_one_was_asked_for(self, world: World) -> None:
        world.remote_member("ann@example.com")
        assert world.pull(PullRun.Scope.INCREMENTAL).scope == PullRun.Scope.FULL

    def test_reports_its_progress(self, world: World) -> None:
        world.remote_member("a@example.com")
        world.remote_group("Clients", ["a@example.com"])
        run = world.pull()
        assert (run.progress_done, run.progress_total) == (3, 3)


class TestNextPull:
    def test_writes_nothing_when_nothing_changed(self, world: World) -> None:
        world.remote_member("a@example.com")
        world.remote_member("b@example.com", state="unsubscribed")
        world.remote_group("Clients", ["a@example.com"])
        world.pull()
        before = list(Contact.objects.filter(account=world.account).order_by("pk").values())

        run = world.pull()

        assert run.counts["unchanged"] == 3
        assert not {"created", "updated", "joined_groups", "left_groups"} & set(run.counts)
        assert list(Contact.objects.filter(account=world.account).order_by("pk").values()) == before

    def test_takes_over_what_changed_there(self, world: World) -> None:
        world.remote_member("a@example.com", firstname="Ann")
        world.pull()
        version = world.contact("a@example.com").edit_version
        world.remote_edit("a@example.com", firstname="Anne")

        run = world.pull()

        contact = world.contact("a@example.com")
        assert (contact.first_name, contact.edit_version, contact.snapshot) == ("Anne", version + 1, None)
        assert run.counts["updated"] == 1

    def test_counters_alone_do_not_make_an_open_form_stale(self, world: World) -> None:
        world.remote_member("a@example.com")
        world.pull()
        version = world.contact("a@example.com").edit_version
        world.remote_edit("a@example.com", mailingsReceived=7)
        world.pull()
        contact = world.contact("a@example.com")
        assert (contact.mailings_received, contact.edit_version) == (7, version)

    def test_follows_people_between_groups(self, world: World) -> None:
        for name in ("a", "b"):
            world.remote_member(f"{name}@example.com")
        group = world.remote_group("Clients", ["a@example.com"])
        world.pull()
        world.sandbox.control(
            "POST",
            "groups/members",
            account=world.remote,
            id=group["id"],
            add=["b@example.com"],
            remove=["a@example.com"],
        )
        world.pull()
        assert in_group(world, "Clients") == ["b@example.com"]

    @pytest.mark.parametrize("scope", [PullRun.Scope.FULL, PullRun.Scope.INCREMENTAL])
    def test_somebody_who_left_keeps_their_row_and_leaves_their_groups(self, world: World, scope: str) -> None:
        world.remote_member("a@example.com", mailingsReceived=5)
        world.remote_group("Clients", ["a@example.com"])
        world.pull()
        pk = world.contact("a@example.com").pk
        world.sandbox.control("POST", "unsubscribe", account=world.remote, email="a@example.com")

        run = world.pull(scope)

        contact = world.contact("a@example.com")
        assert (contact.pk, contact.state, contact.remote_id) == (pk, "unsubscribed", None)
        assert (contact.mailings_received, contact.memberships.count()) == (5, 0)
        assert contact.unsubscribed_at is not None
        assert "gone" not in run.counts

    def test_somebody_who_came_back_by_a_form_is_subscribed_again(self, world: World) -> None:
        world.remote_member("a@example.com", state="unsubscribed")
        world.pull()
        pk = world.contact("a@example.com").pk
        world.sandbox.control("POST", "resubscribe", account=world.remote, email="a@example.com")
        world.pull()
        contact = world.contact("a@example.com")
        assert (contact.pk, contact.state, contact.remote_id is None) == (pk, "subscribed", False)


class TestIncrementalPull:
    def test_brings_new_changed_and_departed_contacts(self, world: World) -> None:
        for name in ("old", "leaving", "bouncing"):
            world.remote_member(f"{name}@example.com", joinedOn="2024-05-01 10:00:00")
        world.pull()
        world.remote_edit("old@example.com", lastname="Roy")
        world.remote_member("new@example.com")
        world.sandbox.control("POST", "unsubscribe", account=world.remote, email="leaving@example.com")
        world.sandbox.control("POST", "bounce", account=world.remote, email="bouncing@example.com")

        run = world.pull(PullRun.Scope.INCREMENTAL)

        assert (run.scope, run.state) == ("incremental", "complete")
        assert world.contact("old@example.com").last_name == "Roy"
        assert addresses(world) == ["new@example.com", "old@example.com"]
        assert addresses(world, "unsubscribed") == ["leaving@example.com"]
        assert addresses(world, "bounced") == ["bouncing@example.com"]

    def test_sees_a_change_of_the_same_day_made_after_the_last_pull(self, world: World) -> None:
        world.remote_member("a@example.com", joinedOn="2024-05-01 10:00:00")
        world.pull()
        world.pull(PullRun.Scope.INCREMENTAL)
        world.remote_edit("a@example.com", firstname="Late")
        world.pull(PullRun.Scope.INCREMENTAL)
        assert world.contact("a@example.com").first_name == "Late"

    def test_reads_only_groups_whose_size_differs(self, world: World) -> None:
        for name in ("a", "b"):
            world.remote_member(f"{name}@example.com")
        world.remote_group("Same", ["a@example.com"])
        grown = world.remote_group("Grown", ["a@example.com"])
        world.pull()
        world.sandbox.control("POST", "groups/members", account=world.remote, id=grown["id"], add=["b@example.com"])
        since = world.sandbox.requests()[-1]["number"]

        world.pull(PullRun.Scope.INCREMENTAL)

        read = [one["path"] for one in world.sandbox.requests(since) if one["operation"] == "listGroupMembers"]
        assert read == [f"/groups/{grown['id']}/members"]
        assert in_group(world, "Grown") == ["a@example.com", "b@example.com"]

    def test_moves_its_cursor_only_when_complete(self, world: World) -> None:
        world.remote_member("a@example.com")
        world.pull()
        before = Pace.objects.get(account=world.account)
        world.sandbox.faults({"action": "short_page", "path": "/members", "account": world.remote})
        run = world.pull(PullRun.Scope.INCREMENTAL)
        after = Pace.objects.get(account=world.account)
        assert (run.state, after.pulled_through) == ("incomplete", before.pulled_through)


class TestEditsUnderWay:
    def test_survive_a_pull_and_keep_the_vendors_values_beside_them(self, world: World) -> None:
        world.remote_member("a@example.com", firstname="Ann", lastname="Roy")
        world.pull()
        edit(world, "a@example.com", first_name="Mine")
        world.remote_edit("a@example.com", lastname="Theirs")

        world.pull()

        contact = world.contact("a@example.com")
        assert (contact.first_name, contact.last_name) == ("Mine", "Theirs")
        assert (contact.snapshot or {})["first_name"] == "Ann"
        assert differences(world.account.pk) == []
        world.push()
        held = world.held_member("a@example.com")
        assert (held["firstname"], held["lastname"]) == ("Mine", "Theirs")
        assert world.contact("a@example.com").snapshot is None

    def test_a_contact_deleted_here_is_not_brought_back_while_that_waits(self, world: World) -> None:
        world.remote_member("a@example.com")
        world.pull()
        services.delete_contact(world.editor, world.contact("a@example.com"))
        world.remote_edit("a@example.com", firstname="Changed")
        world.pull()
        assert world.contact("a@example.com").deleted_at is not None
        world.push()
        world.pull()
        assert addresses(world) == []

    def test_memberships_on_their_way_stay_until_their_push_settles(self, world: World) -> None:
        for name in ("a", "b"):
            world.remote_member(f"{name}@example.com")
        world.remote_group("Clients", ["b@example.com"])
        world.pull()
        group = world.group("Clients")
        services.change_groups(world.editor, world.contact("a@example.com"), add=[group], remove=[])
        services.change_groups(world.editor, world.contact("b@example.com"), add=[], remove=[group])

        world.pull()

        pending = dict(GroupMembership.objects.filter(group=group).values_list("contact__email", "pending"))
        assert pending == {"a@example.com": "add", "b@example.com": "remove"}
        world.push()
        assert in_group(world, "Clients") == ["a@example.com"]

    def test_a_contact_made_on_both_sides_becomes_one(self, world: World) -> None:
        made = services.create_contact(world.editor, world.account, {"email": "a@example.com", "first_name": "Ann"})
        there = world.remote_member("a@example.com", firstname="Ann", lastname="Roy")

        world.pull()
        world.push()

        contact = world.contact("a@example.com")
        assert (contact.pk, contact.remote_id, contact.last_name) == (made.pk, there["id"], "Roy")
        assert len(world.held()["members"]) == 1
        assert not [change for change in world.changes() if change.is_open]
        assert differences(world.account.pk) == []

    def test_of_somebody_who_left_there_the_state_wins(self, world: World) -> None:
        world.remote_member("a@example.com", firstname="Ann")
        world.pull()
        edit(world, "a@example.com", first_name="Mine")
        world.sandbox.control("POST", "unsubscribe", account=world.remote, email="a@example.com")
        world.pull()
        contact = world.contact("a@example.com")
        assert (contact.state, contact.first_name, contact.remote_id) == ("unsubscribed", "Mine", None)
        world.push()
        assert world.effects() == []
        assert [change.state for change in world.changes()] == [Change.State.FAILED]


class TestRuns:
    def test_one_is_open_at_a_time_and_a_full_request_widens_it(self, world: World) -> None:
        first = pull.request(world.account, PullRun.Scope.INCREMENTAL)
        second = pull.request(world.account, PullRun.Scope.FULL)
        assert (first.pk, second.scope) == (second.pk, PullRun.Scope.FULL)

    def test_one_whose_worker_was_lost_is_started_again(self, world: World) -> None:
        world.remote_member("a@example.com")
        lost = pull.request(world.account, PullRun.Scope.FULL)
        PullRun.objects.filter(pk=lost.pk).update(state="running", lease_until=now(), claim_token=uuid.uuid4())
        PullPage.objects.create(run=lost, list_name="members", number=1, seen=b"")

        run = pull.run_due(world.account.pk)

        lost.refresh_from_db()
        assert (lost.state, lost.pages.count()) == (PullRun.State.ABANDONED, 0)
        assert run is not None
        assert (run.state, run.counts["restarts"]) == (PullRun.State.COMPLETE, 1)
        assert addresses(world) == ["a@example.com"]

    def test_a_paused_account_keeps_its_run_waiting(self, world: World) -> None:
        run = pull.request(world.account, PullRun.Scope.FULL)
        type(world.account).objects.filter(pk=world.account.pk).update(paused_reason="person")
        assert pull.run_due(world.account.pk) is None
        run.refresh_from_db()
        assert run.state == PullRun.State.QUEUED

    def test_a_revoked_token_pauses_the_account_and_ends_the_run(self, world: World) -> None:
        world.sandbox.control("DELETE", "tokens", account=world.remote, token=world.token)
        run = world.pull()
        world.account.refresh_from_db()
        assert (run.state, run.reason, world.account.paused_reason) == ("failed", "account", "token")

    def test_the_vendors_wait_puts_it_back(self, world: World) -> None:
        world.sandbox.faults({"action": "status", "code": 429, "path": "/members", "account": world.remote, "times": 1,
                              "headers": {"Retry-After": "30"}})  # fmt: skip
        run = world.pull()
        assert (run.state, run.reason) == ("queued", "rate_limited")
        assert run.not_before is not None
        assert run.not_before > now()
        assert pull.run_due(world.account.pk) is None
