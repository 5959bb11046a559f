"""Mailings made anywhere are mirrored with their results; recipients are paged on demand; near sends are looked after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from campaigns import received, recipients, results, sending, watch
from campaigns.models import Campaign, Mailing, MailingRecipient, RecipientList
from cyberadmin.sync import clock, details
from cyberadmin.sync.models import PullRun
from tests.campaigns.desk import HTML, CampaignDesk
from tests.world import make_user

pytestmark = pytest.mark.django_db(transaction=True)

LINK = "https://www.mrc-belle-rive.qc.ca/nouvelles"


def made_there(desk: CampaignDesk, subject: str = "Fait ailleurs", **fields: Any) -> int:
    """A mailing made in the vendor's application; its number there."""
    made = desk.world.sandbox.control(
        "POST",
        "mailings",
        account=desk.world.remote,
        subject=subject,
        groups=[desk.people.remote_id],
        **({"bodyHtml": HTML} | fields),
    )
    return int(made["id"])


def happen(desk: CampaignDesk, remote_id: int, kind: str, email: str, **fields: Any) -> None:
    path = f"mailings/{remote_id}/outcome"
    desk.world.sandbox.control("POST", path, account=desk.world.remote, kind=kind, email=email, **fields)


def mirrored(desk: CampaignDesk, remote_id: int) -> Mailing:
    return Mailing.objects.get(account=desk.world.account, remote_id=remote_id)


def read(desk: CampaignDesk, mailing: Mailing, outcome: str) -> RecipientList:
    wanted = results.request_recipients(desk.writer, mailing, outcome)
    recipients.read(wanted.pk)
    wanted.refresh_from_db()
    return wanted


def in_days(days: int) -> str:
    return (clock.now() + timedelta(days=days)).isoformat()


def test_mailings_made_elsewhere_are_mirrored_with_their_results(desk: CampaignDesk) -> None:
    scheduled = made_there(desk, "Plus tard", scheduledOn=in_days(5))
    sent = made_there(desk, "Parti", sent=True)
    old = made_there(desk, "Classé", sent=True)
    desk.world.sandbox.control("POST", f"mailings/{old}/archive", account=desk.world.remote)
    happen(desk, sent, "open", "personne0@example.com")
    happen(desk, sent, "click", "personne1@example.com", url=LINK)
    assert desk.world.pull().state == PullRun.State.COMPLETE

    assert [mirrored(desk, one).stage for one in (scheduled, sent, old)] == ["scheduled", "sent", "archived"]
    mailing = mirrored(desk, sent)
    assert (mailing.is_ours, mailing.body_available, mailing.body_html) == (False, True, HTML)
    assert (mailing.emails_sent, mailing.views, mailing.clicks) == (3, 2, 1)
    assert [(link["url"], link["clicks_unique"]) for link in mailing.links if link["clicks_total"]] == [(LINK, 1)]
    assert [(step.name, step.count) for step in results.funnel(mailing)][1:5] == [
        ("sent", 3),
        ("delivered", 3),
        ("opened", 2),
        ("clicked", 1),
    ]
    assert set(results.comparable(desk.world.account)) == {mirrored(desk, old), mailing}
    assert sending.countdown(mirrored(desk, scheduled)) > timedelta(days=4)
    assert sending.countdown(mailing) is None


@pytest.mark.parametrize("body", ["empty", "absent"])
def test_a_body_that_the_vendor_does_not_give_is_marked(desk: CampaignDesk, body: str) -> None:
    desk.world.sandbox.settings(mailing_body=body)
    remote_id = made_there(desk, sent=True)
    desk.world.pull()
    assert (mirrored(desk, remote_id).body_available, mirrored(desk, remote_id).body_html) == (False, "")


def test_a_second_pull_writes_no_mailing(desk: CampaignDesk) -> None:
    made_there(desk, sent=True)
    made_there(desk, "Plus tard", scheduledOn=in_days(5))
    desk.world.pull()
    before = list(Mailing.objects.values_list("pulled_at", flat=True))
    desk.world.pull()
    assert list(Mailing.objects.values_list("pulled_at", flat=True)) == before


def test_our_mailing_goes_from_scheduled_to_sent_and_its_campaign_with_it(desk: CampaignDesk) -> None:
    (mailing,) = desk.scheduled(ahead=timedelta(days=2))
    desk.world.push()
    desk.world.pull()
    desk.world.sandbox.advance(timedelta(days=3).total_seconds())
    desk.world.pull()

    row = Mailing.objects.get(pk=mailing.pk)
    assert (row.stage, row.emails_sent, row.twin_of, row.alarm) == (Mailing.Stage.SENT, 3, None, "")
    assert row.body_html == mailing.body_html
    assert Campaign.objects.get().state == Campaign.State.SENT
    assert Mailing.objects.count() == 1


def test_what_was_cancelled_elsewhere_is_gone_after_its_own_404(desk: CampaignDesk) -> None:
    (mailing,) = desk.scheduled()
    desk.world.push()
    remote_id = Mailing.objects.get().remote_id
    desk.world.sandbox.control("DELETE", "mailings", account=desk.world.remote, id=remote_id)
    desk.world.pull()
    assert Mailing.objects.get(pk=mailing.pk).gone_at is not None
    assert Campaign.objects.get().state == Campaign.State.APPROVED


def test_a_time_stored_otherwise_than_asked_rings_an_alarm(desk: CampaignDesk) -> None:
    desk.world.sandbox.settings(send_at_past="send_now")
    (mailing,) = desk.scheduled(ahead=timedelta(days=2))
    # The vendor's clock is ahead of ours: what we ask for has passed there.
    desk.world.sandbox.advance(timedelta(days=3).total_seconds())
    desk.world.push()
    row = Mailing.objects.get()
    assert row.alarm == Mailing.Alarm.OTHER_TIME
    assert row.send_at > mailing.send_at


def test_young_results_are_read_often_and_old_ones_seldom(desk: CampaignDesk) -> None:
    remote_id = made_there(desk, sent=True)
    desk.world.pull()

    def readings(hours: float) -> int:
        clock.advance(hours * 3600)
        before = len(desk.world.sandbox.requests())
        desk.world.pull()
        asked = desk.world.sandbox.requests()[before:]
        return sum(one["path"] == f"/mailings/{remote_id}" for one in asked)

    assert [readings(0.5), readings(0.1), readings(0.5)] == [1, 0, 1]
    assert [readings(72), readings(1), readings(6)] == [1, 0, 1]
    assert [readings(24 * 30), readings(24), readings(24 * 3)] == [1, 0, 1]
    assert [readings(24 * 100), readings(24 * 20), readings(24 * 15)] == [1, 0, 1]


# --- recipients ---
def test_all_eight_lists_are_read_on_demand_and_kept(desk: CampaignDesk) -> None:
    remote_id = made_there(desk, sent=True)
    happen(desk, remote_id, "click", "personne0@example.com", url=LINK)
    happen(desk, remote_id, "unsubscribe", "personne1@example.com")
    happen(desk, remote_id, "hard_bounce", "personne2@example.com")
    desk.world.pull()
    mailing = mirrored(desk, remote_id)
    counts = {}
    for outcome in RecipientList.Outcome.values:
        assert list(results.recipients(mailing, outcome)) == []
        wanted = read(desk, mailing, outcome)
        assert (wanted.state, wanted.is_whole, wanted.total) == ("ready", True, wanted.progress)
        counts[outcome] = results.recipients(mailing, outcome).count()
    assert counts["all"] == 3
    assert (counts["opened"], counts["clicked"], counts["unsubscribed"], counts["hard-bounced"]) == (1, 1, 1, 1)
    assert [count for _hour, count in results.curve(mailing, "clicked")] == [1]

    known = received.received(desk.world.contact("personne0@example.com"))
    assert [one.mailing for one in known.rows] == [mailing]
    assert (known.rows[0].end, known.rows[0].opened, known.rows[0].clicked) == ("delivered", True, True)
    assert known.rows[0].clicked_at is not None


def test_reading_a_list_again_replaces_it_whole(desk: CampaignDesk) -> None:
    remote_id = made_there(desk, sent=True)
    desk.world.pull()
    mailing = mirrored(desk, remote_id)
    assert read(desk, mailing, "opened").total == 0
    happen(desk, remote_id, "open", "personne0@example.com")
    assert list(results.recipients(mailing, "opened")) == []
    assert read(desk, mailing, "opened").total == 1
    read(desk, mailing, "opened")
    assert MailingRecipient.objects.count() == 1


def test_a_reading_that_failed_or_lost_its_worker_is_done_again(desk: CampaignDesk) -> None:
    remote_id = made_there(desk, sent=True)
    desk.world.pull()
    mailing = mirrored(desk, remote_id)
    desk.world.sandbox.faults({"action": "status", "code": 422, "path": "/mailings/{id}/recipients", "times": 1})
    assert read(desk, mailing, "all").state == RecipientList.State.FAILED
    wanted = results.request_recipients(desk.writer, mailing, "all")
    RecipientList.objects.update(state="reading", lease_until=clock.now() - timedelta(seconds=1), claim_token=None)
    assert recipients.due() == [wanted.pk]
    recipients.read(wanted.pk)
    assert results.recipients(mailing, "all").count() == 3
    assert recipients.due() == []


def test_recipients_of_what_has_not_left_or_without_the_right_are_refused(desk: CampaignDesk) -> None:
    later = made_there(desk, scheduledOn=in_days(5))
    sent = made_there(desk, sent=True)
    desk.world.pull()
    with pytest.raises(ValidationError):
        results.request_recipients(desk.writer, mirrored(desk, later), "all")
    with pytest.raises(ValidationError):
        results.request_recipients(desk.writer, mirrored(desk, sent), "everybody")
    with pytest.raises(PermissionDenied):
        results.request_recipients(make_user(), mirrored(desk, sent), "all")


def test_one_mailing_is_read_when_somebody_looks(desk: CampaignDesk) -> None:
    remote_id = made_there(desk, sent=True)
    desk.world.pull()
    happen(desk, remote_id, "open", "personne0@example.com")
    mailing = mirrored(desk, remote_id)
    results.refresh(desk.writer, mailing)
    details.read("mailing", desk.world.account.pk, mailing.pk)
    assert mirrored(desk, remote_id).views == 1


def test_tests_are_left_out_of_statistics(desk: CampaignDesk) -> None:
    sending.send_test(desk.writer, desk.written().editions.get(), desk.one)
    desk.world.push()
    desk.world.sandbox.advance(3600)
    desk.world.pull()
    assert Mailing.objects.get().stage == Mailing.Stage.SENT
    assert list(results.comparable(desk.world.account)) == []


# --- the last look ---
def test_before_a_mailing_leaves_its_list_is_read_twice(desk: CampaignDesk) -> None:
    (mailing,) = desk.scheduled(ahead=timedelta(days=2))
    desk.world.push()
    assert watch.request_due() == []

    def at(minutes: int) -> list[int]:
        clock.advance((mailing.send_at - timedelta(minutes=minutes) - clock.now()).total_seconds())
        asked = watch.request_due()
        if asked:
            desk.world.pull(PullRun.Scope.INCREMENTAL)
        return asked

    mine = [desk.world.account.pk]
    assert [at(minutes) for minutes in (31, 29, 25, 17, 12)] == [[], mine, [], mine, []]
