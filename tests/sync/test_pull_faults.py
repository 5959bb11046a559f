"""Lists that lie, break or move: what was read is merged, nothing is removed (docs/engine.md, faults 58 to 64 and 68)."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from contacts import services
from contacts.models import Contact
from contacts.pull_contacts import ContactMerge
from contacts.pull_rows import MEMBERS
from cyberadmin.sync import connection
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import HeldSweep, Pace, PullRun
from cyberadmin.sync.pull_context import LeaseLost, PullContext
from tests.world import World

PEOPLE = 30
SAMPLES = Path(__file__).parent.parent / "samples"


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    """Waits before another try are the engine's, not this file's subject."""
    settings.SYNC_BACKOFF_SECONDS = 0.01


def populate(world: World, people: int = PEOPLE) -> None:
    world.sandbox.control("POST", "generate", account=world.remote, members=people)


def alive(world: World) -> int:
    return Contact.objects.filter(account=world.account, gone_at=None).count()


def move(world: World, old: str, new: str) -> None:
    """A member gets another address in the vendor's application."""
    world.sandbox.control("PATCH", "members", account=world.remote, email=old, set={"email": new})


def emails(world: World) -> list[str]:
    return sorted(Contact.objects.filter(account=world.account, gone_at=None).values_list("email", flat=True))


class TestListsThatLie:
    @pytest.mark.parametrize(
        "fault",
        [
            {"action": "short_page", "missing": 3},
            {"action": "extra_total"},
            {"action": "extra_total", "add": -5},
            {"action": "missing_total"},
            {"action": "cap_limit", "limit": 10},
            {"action": "duplicate_ids"},
            {"action": "empty_list", "keep_total": True},
        ],
        ids=lambda fault: f"{fault['action']}{fault.get('add', '')}",
    )
    def test_make_the_run_incomplete_and_remove_nothing(self, world: World, fault: dict[str, Any]) -> None:
        populate(world)
        world.pull()
        gone = world.held()["members"][0]["email"]
        world.sandbox.control("DELETE", "members", account=world.remote, email=gone)
        world.sandbox.faults({**fault, "path": "/members", "account": world.remote})

        run = world.pull()

        assert (run.state, run.reason) == (PullRun.State.INCOMPLETE, "odd_answer")
        assert alive(world) == PEOPLE
        world.sandbox.clear_faults()
        assert world.pull().state == PullRun.State.COMPLETE
        assert alive(world) == PEOPLE - 1

    def test_an_empty_list_for_a_full_account_removes_nothing(self, world: World) -> None:
        populate(world)
        world.pull()
        world.sandbox.faults({"action": "empty_list", "path": "/members", "account": world.remote})
        world.pull()
        assert alive(world) == PEOPLE
        held = HeldSweep.objects.get(account=world.account)
        assert (held.kind, held.total, held.state) == ("contact", PEOPLE, HeldSweep.State.HELD)

    def test_what_a_silently_capped_list_brings_is_merged(self, world: World) -> None:
        populate(world)
        world.sandbox.faults({"action": "cap_limit", "limit": 10, "path": "/members", "account": world.remote})
        assert world.pull().state == PullRun.State.INCOMPLETE
        assert alive(world) == PEOPLE

    @pytest.mark.parametrize("seed", range(5))
    def test_pages_that_shift_cost_nobody(self, world: World, seed: int) -> None:
        populate(world)
        world.pull()
        world.sandbox.faults(
            {"action": "cap_limit", "limit": 7, "path": "/members", "account": world.remote, "every": 2},
            {"action": "shift", "path": "/members", "account": world.remote, "seed": seed, "times": 4},
        )
        world.pull()
        assert alive(world) >= PEOPLE
        world.sandbox.clear_faults()
        world.pull()
        assert emails(world) == sorted(one["email"] for one in world.held()["members"])


class TestAnswersThatBreak:
    def test_one_bad_answer_is_asked_again(self, world: World) -> None:
        populate(world)
        world.sandbox.faults({"action": "status", "code": 500, "path": "/members", "account": world.remote, "times": 1})
        assert world.pull().state == PullRun.State.COMPLETE

    def test_an_error_that_lasts_puts_the_run_back_and_moves_no_cursor(self, world: World) -> None:
        populate(world)
        world.sandbox.faults(
            {"action": "status", "code": 500, "path": "/members/unsubscribed", "account": world.remote}
        )
        run = world.pull()
        assert (run.state, run.reason, run.counts["attempts"]) == ("queued", "vendor_trouble", 1)
        assert alive(world) == PEOPLE
        assert not Pace.objects.filter(account=world.account, pulled_through__isnull=False).exists()

    def test_a_list_that_makes_no_sense_leaves_the_others_readable(self, world: World) -> None:
        world.remote_member("a@example.com")
        world.remote_member("left@example.com", state="unsubscribed")
        rule = {"action": "status", "code": 200, "body": {"odd": 1}, "path": "/members", "account": world.remote}
        world.sandbox.faults(rule)
        run = world.pull()
        assert run.state == PullRun.State.INCOMPLETE
        assert emails(world) == ["left@example.com"]
        assert {"code": "refused", "list": "members", "error": "UnexpectedResponse"} in run.problems

    def test_a_row_that_does_not_fit_is_left_out_and_not_swept(self, world: World) -> None:
        for name in ("a", "b"):
            world.remote_member(f"{name}@example.com")
        world.pull()
        world.sandbox.faults(
            {
                "action": "mutate",
                "path": "/members",
                "account": world.remote,
                "kind": "missing_field",
                "field": "firstname",
            }
        )
        run = world.pull()
        assert run.state == PullRun.State.INCOMPLETE
        assert emails(world) == ["a@example.com", "b@example.com"]
        assert world.contact("a@example.com").first_name == ""

    def test_text_too_wide_or_with_nul_is_stored_as_far_as_it_fits(self, world: World) -> None:
        world.remote_member("a@example.com", firstname="x" * 300, lastname="nul\x00here")
        assert world.pull().state == PullRun.State.COMPLETE
        contact = world.contact("a@example.com")
        assert (len(contact.first_name), contact.last_name) == (200, "nulhere")


class TestAddresses:
    def test_that_are_swapped_there_are_swapped_here(self, world: World) -> None:
        for name in ("a", "b", "c"):
            world.remote_member(f"{name}@example.com", firstname=name)
        world.pull()
        rows = {name: world.contact(f"{name}@example.com").pk for name in ("a", "b", "c")}
        move(world, "a@example.com", "tmp@example.com")
        move(world, "b@example.com", "a@example.com")
        move(world, "c@example.com", "b@example.com")
        move(world, "tmp@example.com", "c@example.com")

        run = world.pull()

        assert run.state == PullRun.State.COMPLETE
        assert {name: world.contact(f"{name}@example.com").pk for name in rows} == {
            "a": rows["b"],
            "b": rows["c"],
            "c": rows["a"],
        }
        assert world.contact("c@example.com").first_name == "a"

    def test_that_moved_on_are_free_for_a_new_contact(self, world: World) -> None:
        world.remote_member("a@example.com", firstname="first")
        world.pull()
        move(world, "a@example.com", "moved@example.com")
        world.remote_member("a@example.com", firstname="second")
        world.pull()
        assert world.contact("moved@example.com").first_name == "first"
        assert world.contact("a@example.com").first_name == "second"

    @pytest.mark.parametrize("scope", [PullRun.Scope.FULL, PullRun.Scope.INCREMENTAL])
    def test_deleted_and_made_anew_there_stay_one_contact(self, world: World, scope: str) -> None:
        world.remote_member("a@example.com", firstname="first")
        world.pull()
        pk = world.contact("a@example.com").pk
        world.sandbox.control("DELETE", "members", account=world.remote, email="a@example.com")
        made = world.remote_member("a@example.com", firstname="second")
        world.pull(scope)
        contact = world.contact("a@example.com")
        assert (contact.pk, contact.remote_id, contact.first_name) == (pk, made["id"], "second")

    def test_listed_twice_make_one_contact_and_a_warning(self, world: World) -> None:
        world.remote_member("a@example.com", firstname="kept")
        listed = json.loads((SAMPLES / "members.json").read_text())["members"][0]
        kept = world.held_member("a@example.com")["id"]
        rows = [listed | {"id": kept, "email": "a@example.com"}, listed | {"id": kept + 1, "email": "A@example.com"}]
        body = {"members": rows, "totalCount": 2, "page": 1, "limit": 10_000, "sort": "date_asc"}
        world.sandbox.faults(
            {"action": "status", "code": 200, "body": body, "path": "/members", "account": world.remote}
        )

        run = world.pull()

        assert emails(world) == ["a@example.com"]
        assert run.problems == [{"code": "duplicate_address", "list": "members", "id": kept + 1, "kept": kept}]
        assert run.state == PullRun.State.COMPLETE
        assert world.pull().counts["duplicates"] == 1

    def test_change_of_letter_case_is_the_same_contact(self, world: World) -> None:
        world.remote_member("ann@example.com")
        world.pull()
        pk = world.contact("ann@example.com").pk
        move(world, "ann@example.com", "Ann@Example.com")
        world.pull()
        contact = world.contact("ann@example.com")
        assert (contact.pk, contact.email) == (pk, "Ann@Example.com")


class TestMeanwhile:
    def merging(self, world: World) -> tuple[ContactMerge, list[dict[str, Any]]]:
        """A page that was read and is about to be merged."""
        run = PullRun.objects.create(
            account=world.account,
            scope="full",
            state="running",
            claim_token="0" * 32,
            lease_until=now(),
            started_at=now(),
        )
        run.refresh_from_db()
        log = connection.CallLog(world.account.pk)
        with connection.client_for(world.account, log) as client:
            context = PullContext(run, world.account, client, log)
            page = context.read(client.members.list)
        context.reading(MEMBERS.name).heard(page)
        return ContactMerge(context, MEMBERS), page.rows

    def test_an_edit_made_between_reading_and_merging_survives(self, world: World) -> None:
        world.remote_member("a@example.com", firstname="Ann", lastname="Roy")
        world.pull()
        world.remote_edit("a@example.com", lastname="Theirs")
        merge, rows = self.merging(world)
        contact = world.contact("a@example.com")
        services.edit_contact(world.editor, contact, {"first_name": "Mine"}, contact.edit_version)

        merge.page(rows)

        contact = world.contact("a@example.com")
        assert (contact.first_name, contact.last_name) == ("Mine", "Theirs")

    def test_an_edit_made_while_its_row_is_merged_is_redone_field_by_field(self, world: World) -> None:
        world.remote_member("a@example.com", firstname="Ann", lastname="Roy")
        world.pull()
        world.remote_edit("a@example.com", lastname="Theirs")
        merge, rows = self.merging(world)
        with merge.context.owned():
            plan = merge._members(rows, [MEMBERS.name])
        assert [one.email_key for one, _ in plan.updates] == ["a@example.com"]
        contact = world.contact("a@example.com")
        services.edit_contact(world.editor, contact, {"first_name": "Mine"}, contact.edit_version)

        with merge.context.owned():
            merge.write(plan)

        contact = world.contact("a@example.com")
        assert (contact.first_name, contact.last_name) == ("Mine", "Theirs")
        assert (contact.snapshot or {})["first_name"] == "Ann"

    def test_a_push_settled_meanwhile_is_newer_than_the_page(self, world: World) -> None:
        world.remote_member("a@example.com", firstname="Ann")
        world.pull()
        merge, rows = self.merging(world)
        contact = world.contact("a@example.com")
        services.edit_contact(world.editor, contact, {"first_name": "Mine"}, contact.edit_version)
        world.push()
        merge.page(rows)
        assert world.contact("a@example.com").first_name == "Mine"

    def test_a_run_taken_over_by_another_worker_writes_nothing(self, world: World) -> None:
        world.remote_member("a@example.com")
        merge, rows = self.merging(world)
        PullRun.objects.filter(pk=merge.context.run.pk).update(claim_token="1" * 32)
        with pytest.raises(LeaseLost):
            merge.page(rows)
        assert emails(world) == []
        assert dataclasses.asdict(merge.context.readings[MEMBERS.name])["pages"] == 1
