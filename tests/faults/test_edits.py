"""Edits made here while an earlier one of the same object is waiting, on its way, or in doubt."""

from __future__ import annotations

from typing import Any

import pytest

from cyberadmin.sync import clock, push
from cyberadmin.sync.models import Change
from tests.faults.desk import Desk
from tests.faults.oracle import judge
from tests.faults.quiet import settle
from tests.faults.threads import beside
from tests.faults.verbs import BY_NAME, EMAIL, TITLE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("fault", ["drop_after", "drop_before", "html_200"])
@pytest.mark.parametrize(
    "name",
    ["contact-create", "contact-update", "group-create", "group-update", "template-create", "template-replace"],
)
def test_the_next_edit_while_the_one_before_is_in_doubt_is_no_conflict_with_ourselves(
    desk: Desk, name: str, fault: str
) -> None:
    verb = BY_NAME[name]
    subject = verb.ready(desk)
    desk.world.sandbox.faults(verb.rule(fault, times=1))
    made = verb.ask(desk, subject)
    desk.world.push()
    obj = subject or made
    if name.startswith("contact"):
        desk.edit(obj, first_name="Nora", company="Atelier")
        desk.edit(obj, first_name="Noor")
    elif name.startswith("group"):
        desk.edit_group(obj, title="Amies")
    else:
        desk.replace_template(obj, title="Bulletin", body_text="Bonsoir")
        desk.replace_template(obj, body_text="Bonne nuit")
    settle(desk)
    judge(desk)
    assert desk.open() == []


@pytest.mark.parametrize("state", ["in doubt", "sending"])
@pytest.mark.parametrize("fault", ["drop_after", "drop_before"])
def test_the_address_is_corrected_while_the_creation_is_not_settled(desk: Desk, fault: str, state: str) -> None:
    """Found again by the address that was sent, not by the one typed since."""
    made = desk.create_contact(EMAIL, first_name="Noémie")
    desk.world.sandbox.faults(BY_NAME["contact-create"].rule(fault, times=1))
    held = desk.world.sandbox.faults({"action": "hold", "method": "GET", "path": "/members/{key}", "times": 1})[0]
    with beside(lambda: push.pump(desk.world.account.pk)):
        desk.world.sandbox.wait_held(held["id"])
        if state == "sending":
            desk.edit(made, email="noemie@example.org")
        desk.world.sandbox.release(held["id"])
    if state == "in doubt":
        desk.edit(made, email="noemie@example.org")
    settle(desk)
    judge(desk)
    assert desk.open() == []
    assert [one["email"] for one in desk.world.held()["members"]] == ["noemie@example.org"]


@pytest.mark.parametrize("name", ["contact-update", "group-update"])
def test_back_to_the_old_value_while_the_new_one_is_on_its_way(desk: Desk, name: str) -> None:
    """What is on its way will arrive: going back to what was there before it is an edit like any other."""
    verb = BY_NAME[name]
    subject = verb.ready(desk)
    edit, value = (desk.edit, "first_name") if name == "contact-update" else (desk.edit_group, "title")
    old = getattr(subject, value)
    edit(subject, **{value: "Second"})
    held = desk.world.sandbox.faults(verb.rule("hold", times=1))[0]
    with beside(lambda: push.pump(desk.world.account.pk)):
        desk.world.sandbox.wait_held(held["id"])
        edit(subject, **{value: "Third"})
        edit(subject, **{value: old})
        desk.world.sandbox.release(held["id"])
    settle(desk)
    judge(desk)
    assert desk.open() == []


def test_a_contact_deleted_here_while_its_creation_is_in_doubt_is_deleted_there_too(desk: Desk) -> None:
    desk.world.sandbox.faults(BY_NAME["contact-create"].rule("drop_after", times=1))
    made = desk.create_contact(EMAIL)
    desk.world.push()
    desk.delete_contact(made)
    settle(desk)
    judge(desk)
    assert desk.open() == []


def test_a_contact_deleted_here_after_its_worker_died_in_the_middle_of_creating_it(desk: Desk) -> None:
    """The worker was killed after the vendor applied it and before anything was written down (C6)."""
    made = desk.create_contact(EMAIL)
    desk.world.sandbox.faults(BY_NAME["contact-create"].rule("apply_then_hang", seconds=0, times=1))
    desk.world.push()
    Change.objects.update(state=Change.State.QUEUED, reason="worker_lost", claims=1, sent_at=None, attempts=0)
    desk.delete_contact(made)
    settle(desk)
    judge(desk)
    assert desk.open() == []


def test_a_group_deleted_here_while_its_creation_is_in_doubt_is_deleted_there_too(desk: Desk) -> None:
    desk.world.sandbox.faults(BY_NAME["group-create"].rule("drop_after", times=1))
    made = desk.create_group(TITLE)
    desk.world.push()
    desk.delete_group(made)
    settle(desk)
    judge(desk)
    assert desk.open() == []


def test_into_a_group_that_is_emptied_and_in_again_while_everything_waits(desk: Desk) -> None:
    """Each waits for the one before it: none may end up waiting for itself."""
    contact, group = desk.world.mirrored(EMAIL), desk.world.mirrored_group(TITLE)
    desk.regroup(contact, [group], [])
    desk.empty_group(group)
    desk.regroup(contact, [group], [])
    settle(desk)

    judge(desk)
    assert desk.open() == []
    assert desk.world.held_member(EMAIL)["groups"] == [group.remote_id]


def test_in_and_out_of_a_group_while_the_first_is_on_its_way(desk: Desk) -> None:
    contact, group = desk.world.mirrored(EMAIL), desk.world.mirrored_group(TITLE)
    held = desk.world.sandbox.faults(BY_NAME["contact-join"].rule("hold", times=1))[0]
    desk.regroup(contact, [group], [])
    with beside(lambda: push.pump(desk.world.account.pk)):
        desk.world.sandbox.wait_held(held["id"])
        desk.regroup(contact, [], [group])
        desk.regroup(contact, [group], [])
        desk.regroup(contact, [], [group])
        desk.world.sandbox.release(held["id"])
    settle(desk)
    judge(desk)
    assert desk.open() == []
    assert desk.world.held_member(EMAIL)["groups"] == []


def test_a_lease_is_kept_over_a_change_of_many_slow_requests(desk: Desk, settings: Any) -> None:
    """Each request of a change needs the lease for itself: a worker whose time is up must not go on sending."""
    contact = desk.world.mirrored(EMAIL)
    several = [desk.world.mirrored_group(f"Group {number}") for number in range(4)]
    desk.regroup(contact, several, [])
    settle(desk)
    settings.SYNC_LEASE_SECONDS, settings.SYNC_DEADLINE_SECONDS = 1.2, 1.0
    slow = BY_NAME["contact-leave"].rule("hold", times=4, seconds=0.5)
    desk.world.sandbox.faults(slow)
    desk.regroup(contact, [], several)
    with beside(lambda: push.pump(desk.world.account.pk)):
        ended = False
        while not ended:
            change = Change.objects.filter(account=desk.world.account).latest("id")
            ended = change.state == Change.State.DONE
            if change.state == Change.State.SENDING and change.lease_until is not None:
                assert change.lease_until > clock.now(), "on the wire without a lease"
    settle(desk)
    judge(desk)
    assert desk.open() == []


@pytest.mark.parametrize("fault", ["hold", "drop_after"])
@pytest.mark.parametrize("name", ["contact-create", "group-create"])
def test_a_pull_sees_what_our_creation_made_before_its_answer_is_settled(desk: Desk, name: str, fault: str) -> None:
    """The mirror shows it once, and its creation ends as done."""
    verb = BY_NAME[name]
    made = verb.ask(desk, None)
    rule = desk.world.sandbox.faults(verb.rule(fault, when="after", times=1))[0]
    if fault == "hold":
        with beside(lambda: push.pump(desk.world.account.pk)):
            desk.world.sandbox.wait_held(rule["id"])
            desk.world.pull()
            desk.world.sandbox.release(rule["id"])
    else:
        desk.world.push()
        desk.world.pull()
    settle(desk)
    desk.world.pull()
    judge(desk)
    assert desk.open() == []
    model = type(made)
    assert [row.pk for row in model.objects.filter(account=desk.world.account, gone_at=None)] == [made.pk]
