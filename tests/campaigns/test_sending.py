"""From an approved campaign to the vendor and back: schedule, test, cancel, move, and what stops each of them."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from campaigns import approvals, sending, services
from campaigns.models import Approval, Campaign, Mailing
from campaigns.preflight import gather
from cyberadmin.accounts.models import AccountAccess
from cyberadmin.sync import clock, health, reasons
from cyberadmin.sync import services as sync
from cyberadmin.sync.models import Change
from tests.campaigns.desk import CampaignDesk

pytestmark = pytest.mark.django_db(transaction=True)


def fresh(mailing: Mailing) -> Mailing:
    return Mailing.objects.get(pk=mailing.pk)


def only_change(desk: CampaignDesk, verb: str = "create") -> Change:
    (change,) = desk.world.changes(kind="mailing", verb=verb)
    return change


def test_a_bilingual_campaign_is_scheduled_once_in_each_language(desk: CampaignDesk) -> None:
    campaign = desk.approved("fr_ca", "en_ca")
    made = sending.schedule(desk.sender, campaign)
    desk.world.settle()

    assert len(made) == len(desk.there()) == len(desk.made()) == 2
    for mailing in map(fresh, made):
        assert (mailing.stage, mailing.snapshot, mailing.alarm) == (Mailing.Stage.SCHEDULED, None, "")
        assert mailing.remote_id in {one["id"] for one in desk.there()}
        group = desk.people if mailing.language == "fr_ca" else desk.english
        assert mailing.groups == [{"id": group.remote_id, "title": group.title}]
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.SCHEDULED
    assert sending.countdown(fresh(made[0])) > timedelta(days=28)


def test_the_second_click_schedules_nothing(desk: CampaignDesk) -> None:
    campaign, token = desk.approved(), uuid4()
    assert len(sending.schedule(desk.sender, campaign, token)) == 1
    assert sending.schedule(desk.sender, campaign, token) == []
    with pytest.raises(ValidationError):
        sending.schedule(desk.sender, campaign)
    desk.world.settle()
    assert len(desk.made()) == 1


def test_nobody_schedules_without_the_right_or_without_approval(desk: CampaignDesk) -> None:
    campaign = desk.approved()
    with pytest.raises(PermissionDenied):
        sending.schedule(desk.writer, campaign)
    services.edit_edition(desk.writer, campaign.editions.get(), {"subject": "Autre"}, 2)
    with pytest.raises(ValidationError, match="not approved"):
        sending.schedule(desk.sender, campaign)
    assert Mailing.objects.count() == 0


def test_a_right_lost_between_click_and_sending_stops_it(desk: CampaignDesk) -> None:
    desk.scheduled()
    AccountAccess.objects.filter(user=desk.sender).update(role="edit")
    desk.world.settle()

    change = only_change(desk)
    assert (change.state, change.reason) == (Change.State.PARKED, "rights_lost")
    assert desk.made() == []


def test_an_approval_that_no_longer_fits_at_sending_refuses(desk: CampaignDesk) -> None:
    desk.scheduled()
    Approval.objects.update(state=Approval.State.WITHDRAWN)
    desk.world.settle()

    change = only_change(desk)
    assert (change.state, change.reason) == (Change.State.FAILED, "approval_gone")
    assert desk.made() == []


@pytest.mark.parametrize("count", [0, 40])
def test_groups_that_moved_since_the_approval_stop_it(desk: CampaignDesk, count: int) -> None:
    desk.scheduled()
    if count:
        emails = [f"nouveau{number}@example.com" for number in range(count)]
        for email in emails:
            desk.world.remote_member(email)
        desk.world.sandbox.control(
            "POST", "groups/members", account=desk.world.remote, id=desk.people.remote_id, add=emails
        )
    else:
        desk.world.sandbox.control("DELETE", "groups", account=desk.world.remote, id=desk.people.remote_id)
    desk.world.settle()

    change = only_change(desk)
    assert (change.state, change.reason) == (Change.State.PARKED, "groups_moved")
    assert desk.made() == []


def test_a_mailing_whose_window_is_gone_waits_for_a_person(desk: CampaignDesk) -> None:
    (mailing,) = desk.scheduled(ahead=timedelta(days=3))
    clock.advance((mailing.send_at - clock.now() - timedelta(minutes=29)).total_seconds())
    desk.world.settle()

    change = only_change(desk)
    assert (change.state, change.reason) == (Change.State.PARKED, "window_gone")
    assert desk.made() == []
    sync.discard(desk.writer, change)
    assert Campaign.objects.get().state == Campaign.State.APPROVED


def test_a_doubted_one_is_not_sent_again_when_the_window_is_gone(desk: CampaignDesk) -> None:
    (mailing,) = desk.scheduled(ahead=timedelta(days=3))
    desk.world.sandbox.faults({"action": "drop_before", "method": "POST", "path": "/mailings", "times": 1})
    clock.advance((mailing.send_at - clock.now() - timedelta(minutes=31)).total_seconds())
    desk.world.push()
    assert only_change(desk).state == Change.State.UNKNOWN
    desk.world.settle()

    change = only_change(desk)
    assert (change.state, change.reason) == (Change.State.PARKED, "window_gone")
    assert desk.made() == []


@pytest.mark.parametrize("body", ["given", "empty", "absent"])
@pytest.mark.parametrize("comments", ["kept", "stripped"])
@pytest.mark.parametrize("groups", ["given", "empty", "absent"])
def test_a_lost_answer_is_found_again_however_little_is_given_back(
    desk: CampaignDesk, body: str, comments: str, groups: str
) -> None:
    desk.world.sandbox.settings(mailing_body=body, html_comments=comments, mailing_groups=groups)
    (mailing,) = desk.scheduled()
    desk.world.sandbox.faults({"action": "drop_after", "method": "POST", "path": "/mailings", "times": 1})
    desk.world.settle()

    assert only_change(desk).state == Change.State.DONE
    assert len(desk.made()) == 1
    assert fresh(mailing).group_ids == [desk.people.remote_id]
    assert fresh(mailing).body_html == mailing.body_html


def test_somebody_elses_mailing_of_the_same_mark_is_never_adopted(desk: CampaignDesk) -> None:
    (mailing,) = desk.scheduled()
    desk.world.sandbox.faults({"action": "drop_before", "method": "POST", "path": "/mailings", "times": 1})
    desk.world.push()
    desk.world.sandbox.control(
        "POST",
        "mailings",
        account=desk.world.remote,
        subject=mailing.subject,
        language=mailing.language,
        groups=[desk.people.remote_id],
        scheduledOn=mailing.send_at.isoformat(),
        bodyHtml="<p>Tout autre chose.</p>",
    )
    desk.world.settle()

    change = only_change(desk)
    assert (change.state, change.reason) == (Change.State.CONFLICT, "same_mark_there")
    assert len(desk.there()) == 1


def test_a_mailing_that_the_vendor_made_twice_is_shown_and_deleted_when_a_person_says_so(desk: CampaignDesk) -> None:
    (mailing,) = desk.scheduled(ahead=timedelta(days=3))
    desk.world.sandbox.faults({"action": "apply_twice", "method": "POST", "path": "/mailings", "times": 1})
    desk.world.settle()
    assert len(desk.there()) == 2

    desk.world.pull()
    (twin,) = sending.twins(desk.world.account)
    assert twin.twin_of == mailing
    sending.cancel(desk.writer, twin, "made twice")
    desk.world.settle()
    assert [one["id"] for one in desk.there()] == [fresh(mailing).remote_id]
    assert sending.twins(desk.world.account) == []


# --- one language after the other ---
def test_a_language_that_has_left_stands_in_nobodys_way(desk: CampaignDesk) -> None:
    campaign = desk.written("fr_ca", "en_ca")
    services.set_time(desk.writer, campaign, desk.wall(timedelta(days=40)), languages=["en_ca"])
    approvals.approve(desk.sender, campaign, desk.confirmed(campaign))
    french, english = sending.schedule(desk.sender, campaign)
    desk.world.settle()
    for moves in (clock.advance, desk.world.sandbox.advance):
        moves(timedelta(days=31).total_seconds())
    desk.world.pull()
    assert fresh(french).stage == Mailing.Stage.SENT
    sending.cancel(desk.writer, fresh(english))
    desk.world.settle()

    services.edit_edition(desk.writer, english.edition, {"subject": "Corrected"}, english.edition.version)
    services.set_time(desk.writer, campaign, desk.wall(timedelta(days=12)), languages=["en_ca"])
    assert {one.language for one in gather.check(campaign).findings} == {"", "en_ca"}
    approvals.approve(desk.sender, campaign, desk.confirmed(campaign))
    (again,) = sending.schedule(desk.sender, campaign)
    desk.world.settle()
    assert (fresh(again).stage, again.subject) == (Mailing.Stage.SCHEDULED, "Corrected")

    # Nothing is left to check, to ask for or to approve now.
    assert gather.check(campaign).findings == []
    approvals.withdraw_approval(desk.sender, approvals.open_approval(campaign))
    with pytest.raises(ValidationError, match="Every language of this campaign"):
        approvals.ask_approval(desk.writer, campaign, desk.confirmed(campaign))


# --- tests ---
def test_a_test_is_a_real_mailing_to_one_person(desk: CampaignDesk) -> None:
    campaign = desk.written()
    made = sending.send_test(desk.writer, campaign.editions.get(), desk.one)
    desk.world.push()

    assert (fresh(made).stage, fresh(made).is_test) == (Mailing.Stage.SCHEDULED, True)
    assert Campaign.objects.get().state == Campaign.State.DRAFT
    with pytest.raises(ValidationError, match="one contact"):
        sending.send_test(desk.writer, campaign.editions.get(), desk.people)


def test_a_test_group_that_grew_meanwhile_gets_nothing(desk: CampaignDesk) -> None:
    sending.send_test(desk.writer, desk.written().editions.get(), desk.one)
    desk.world.sandbox.control(
        "POST", "groups/members", account=desk.world.remote, id=desk.one.remote_id, add=["personne2@example.com"]
    )
    desk.world.push()
    assert only_change(desk).reason == "test_group"
    assert desk.made() == []


# --- cancel ---
def test_cancelling_before_anything_was_sent_asks_nobody(desk: CampaignDesk) -> None:
    (mailing,) = desk.scheduled()
    assert sending.cancel(desk.writer, mailing) is None
    desk.world.settle()
    assert desk.made() == []
    assert fresh(mailing).gone_at is not None
    assert Campaign.objects.get().state == Campaign.State.APPROVED


def test_cancelling_deletes_it_at_the_vendor(desk: CampaignDesk) -> None:
    (mailing,) = desk.scheduled()
    desk.world.settle()
    sending.cancel(desk.writer, fresh(mailing), "wrong text")
    with pytest.raises(ValidationError, match="already"):
        sending.cancel(desk.writer, fresh(mailing))
    desk.world.settle()

    assert desk.there() == []
    assert fresh(mailing).gone_at is not None
    services.edit_edition(desk.writer, mailing.edition, {"subject": "Mieux"}, 0, shown={"subject": mailing.subject})
    assert Campaign.objects.get().state == Campaign.State.DRAFT


@pytest.mark.parametrize("status", [422, 409, 403, 404])
def test_cancelling_what_has_just_started_says_so(desk: CampaignDesk, status: int) -> None:
    desk.world.sandbox.settings(delete_started_status=status)
    (mailing,) = desk.scheduled(ahead=timedelta(days=2))
    desk.world.settle()
    desk.world.sandbox.advance(timedelta(days=3).total_seconds())
    sending.cancel(desk.writer, fresh(mailing))
    desk.world.settle()

    # It is over by itself, says so, and the row shows what goes out: nobody has to clear anything away.
    change = only_change(desk, "delete")
    assert (change.state, change.reason, change.is_open) == (Change.State.CANCELLED, "already_started", False)
    assert reasons.explain(change).actions == ()
    assert len(desk.there()) == 1
    assert (fresh(mailing).stage, fresh(mailing).deleted_at, fresh(mailing).gone_at) == (Mailing.Stage.SENT, None, None)
    assert Campaign.objects.get().state == Campaign.State.SENT
    assert health.differences(desk.world.account.pk) == []
    with pytest.raises(ValidationError, match="started"):
        sending.cancel(desk.writer, fresh(mailing))


# --- move ---
def test_a_move_cancels_then_makes_anew_and_keeps_both_numbers(desk: CampaignDesk) -> None:
    (mailing,) = desk.scheduled()
    desk.world.settle()
    old = fresh(mailing)
    with pytest.raises(PermissionDenied):
        sending.move(desk.writer, old, desk.wall(timedelta(days=31)))
    moved = sending.move(desk.sender, old, desk.wall(timedelta(days=31)))
    desk.world.settle()

    operations = [one["operation"] for one in desk.world.effects()]
    assert operations == ["createMailing", "deleteMailing", "createMailing"]
    (there,) = desk.there()
    assert there["id"] == fresh(moved).remote_id != old.remote_id == fresh(moved).moved_from_remote_id
    assert fresh(old).gone_at is not None
    assert fresh(moved).send_at == moved.edition.send_at


def test_a_move_waits_while_the_vendor_still_shows_what_it_deleted(desk: CampaignDesk) -> None:
    (mailing,) = desk.scheduled()
    desk.world.push()
    desk.world.sandbox.settings(stale_read_seconds=90)
    desk.world.sandbox.advance(91)
    moved = sending.move(desk.sender, fresh(mailing), desk.wall(timedelta(days=31)))
    desk.world.push()
    change = Change.objects.get(kind="mailing", verb="create", object_id=moved.pk)
    assert (change.state, change.reason) == (Change.State.QUEUED, "old_still_there")
    assert len(desk.made()) == 1

    desk.world.sandbox.advance(91)
    clock.advance(91)
    desk.world.push()
    assert [one["operation"] for one in desk.world.effects()][1:] == ["deleteMailing", "createMailing"]


def test_a_move_of_what_has_just_started_leaves_the_one_that_goes(desk: CampaignDesk) -> None:
    (mailing,) = desk.scheduled(ahead=timedelta(days=2))
    desk.world.settle()
    desk.world.sandbox.advance(timedelta(days=3).total_seconds())
    moved = sending.move(desk.sender, fresh(mailing), desk.wall(timedelta(days=9)))
    desk.world.settle()
    assert only_change(desk, "delete").reason == "already_started"
    # The new one ends with it, and the campaign tells the time at which the old one left.
    ended = Change.objects.get(kind="mailing", verb="create", object_id=moved.pk)
    assert (ended.state, ended.reason) == (Change.State.SUPERSEDED, "moved_too_late")
    assert fresh(moved).gone_at is not None
    assert fresh(mailing).edition.send_at == fresh(mailing).send_at
    assert fresh(mailing).stage == Mailing.Stage.SENT
    assert not Change.objects.filter(state__in=Change.OPEN).exists()
    assert len(desk.made()) == len(desk.there()) == 1
    assert health.differences(desk.world.account.pk) == []


def test_a_move_too_near_or_to_a_time_that_does_not_exist_changes_nothing(desk: CampaignDesk) -> None:
    (mailing,) = desk.scheduled()
    desk.world.settle()
    soon = (clock.now() + timedelta(minutes=20)).astimezone(desk.world.account.zone)
    with pytest.raises(ValidationError, match="minutes ahead"):
        sending.move(desk.sender, fresh(mailing), soon.replace(second=0, microsecond=0, tzinfo=None))
    desk.world.settle()
    assert len(desk.there()) == len(desk.world.effects()) == 1


def test_the_other_language_keeps_its_approval_when_one_is_moved(desk: CampaignDesk) -> None:
    made = desk.scheduled("fr_ca", "en_ca")
    desk.world.push()
    moved = sending.move(desk.sender, fresh(made[0]), desk.wall(timedelta(days=31)))
    desk.world.settle()
    assert len(desk.there()) == 2
    assert {fresh(one).stage for one in (made[1], moved)} == {Mailing.Stage.SCHEDULED}
    assert approvals.open_approval(moved.edition.campaign) is not None
