"""From the checks to a scheduled mailing and back, through the pages, against the sandbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campaigns import confirming, sending
from campaigns.models import Approval, Campaign, ClientIdentity, Confirmation, Mailing
from cyberadmin.sync.mirror import writing
from tests.campaigns.desk import CampaignDesk
from tests.campaigns.pages_desk import PagesDesk, words
from tests.world import World, give, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(world: World) -> CampaignDesk:
    return CampaignDesk.build(world)


@pytest.fixture
def writer(staff: CampaignDesk) -> PagesDesk:
    return PagesDesk(staff.world.account, staff.writer)


@pytest.fixture
def sender(staff: CampaignDesk) -> PagesDesk:
    return PagesDesk(staff.world.account, staff.sender, "fr")


def page(campaign: Campaign, name: str = "") -> str:
    return f"campaign/{campaign.pk}/{name}"


def read_groups(desk: PagesDesk, campaign: Campaign) -> Confirmation:
    """Press "read", and do the worker's job."""
    assert desk.post(page(campaign, "send/"), do="read").status_code == 302
    asked = campaign.confirmations.get(state="waiting")
    assert desk.get(page(campaign, "confirmation/")).json() == {"final": False}
    confirming.read(asked.pk)
    assert desk.get(page(campaign, "confirmation/")).json() == {"final": True}
    asked.refresh_from_db()
    return asked


def schedule(staff: CampaignDesk, campaign: Campaign) -> Mailing:
    """Through the pages: the writer asks, the sender approves and schedules; the vendor has it afterwards."""
    writer = PagesDesk(staff.world.account, staff.writer)
    sender = PagesDesk(staff.world.account, staff.sender)
    fresh = read_groups(writer, campaign)
    assert writer.post(page(campaign, "send/"), do="ask", confirmation=fresh.pk, note="Please").status_code == 302
    assert sender.post(page(campaign, "send/"), do="approve", confirmation=fresh.pk).status_code == 302
    assert sender.post(page(campaign, "send/"), do="schedule").status_code == 302
    staff.world.push()
    return Mailing.objects.get(edition__campaign=campaign, gone_at=None)


def test_every_finding_has_a_sentence_and_a_way_to_its_repair(staff: CampaignDesk, writer: PagesDesk) -> None:
    campaign = staff.written()
    edition = campaign.editions.get()
    writer.submit(page(campaign, "write/"), **{"fr_ca:subject": "", "fr_ca:body_text": ""})
    response = writer.get(page(campaign))
    blocks, warnings, passed = response.context["checks"]
    assert len(passed["findings"]) > 10
    for level in (blocks, warnings):
        for finding in level["findings"]:
            assert finding["sentence"]
            assert finding["url"], finding
    assert any(finding["url"].endswith(f"write/#{edition.language}") for finding in blocks["findings"])
    reader = PagesDesk(staff.world.account, give(make_user(), staff.world.account, "read"))
    assert "Mend it" not in reader.text(page(campaign))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2027-03-14T02:30", "does not exist in America/Toronto"),
        ("2020-01-01T10:00", "has passed"),
        ("tomorrow", "Write the day and the time"),
    ],
)
def test_a_time_that_cannot_be_is_refused_in_words(
    staff: CampaignDesk, writer: PagesDesk, typed: str, sentence: str
) -> None:
    campaign = staff.written()
    before = campaign.editions.get().send_at
    response = writer.post(page(campaign, "time/"), send_at=typed)
    assert sentence in words(response)
    assert "Which one is meant?" not in words(response)
    assert campaign.editions.get().send_at == before


def test_a_doubled_hour_is_asked(staff: CampaignDesk, writer: PagesDesk) -> None:
    campaign = staff.written()
    asked = writer.post(page(campaign, "time/"), send_at="2027-11-07T01:30")
    assert "exists twice in America/Toronto" in words(asked)
    assert "Which one is meant?" in words(asked)
    answered = writer.post(page(campaign, "time/"), send_at="2027-11-07T01:30", which="second")
    # The vendor takes wall time: the first of the two cannot be told apart, so both answers may be refused in words.
    if answered.status_code == 200:
        assert "Cyberimpact cannot be told which" in words(answered)
    else:
        assert campaign.editions.get().send_at.isoformat() == "2027-11-07T06:30:00+00:00"


def test_a_time_is_chosen_for_what_has_not_left(staff: CampaignDesk, writer: PagesDesk) -> None:
    mailings = staff.scheduled("fr_ca", "en_ca")
    staff.world.push()
    campaign = mailings[0].edition.campaign
    sending.cancel(staff.writer, Mailing.objects.get(pk=mailings[1].pk))
    staff.world.push()
    before = {one.language: one.send_at for one in campaign.editions.all()}

    # There is one language left, so nobody is asked which.
    assert "every language" not in words(writer.get(page(campaign, "time/")))
    assert writer.submit(page(campaign, "time/"), send_at="2027-06-01T10:00").status_code == 302

    after = {one.language: one.send_at for one in campaign.editions.all()}
    assert after["fr_ca"] == before["fr_ca"]
    assert after["en_ca"].isoformat() == "2027-06-01T14:00:00+00:00"


def test_a_language_scheduled_meanwhile_is_named_as_the_reason(staff: CampaignDesk, writer: PagesDesk) -> None:
    mailings = staff.scheduled("fr_ca", "en_ca")
    staff.world.push()
    sending.cancel(staff.writer, Mailing.objects.get(pk=mailings[1].pk))
    # The page was open with both languages before a colleague scheduled the French one.
    time = page(mailings[0].edition.campaign, "time/")
    refused = writer.post(time, send_at="2027-06-01T10:00", languages="fr_ca")
    assert "This language is scheduled. Cancel the mailing first" in words(refused)


def test_ask_refuse_ask_again_approve_and_schedule(staff: CampaignDesk, writer: PagesDesk, sender: PagesDesk) -> None:
    campaign = staff.written()
    fresh = read_groups(writer, campaign)
    shown = words(writer.get(page(campaign, "send/")))
    assert "Abonnés" in shown
    assert "3 recipients" in shown
    assert "America/Toronto" in shown
    writer.post(page(campaign, "send/"), do="ask", confirmation=fresh.pk, note="Ready")
    asked = campaign.approvals.get(state="asked")
    assert writer.post(page(campaign, "send/"), do="approve", confirmation=fresh.pk).status_code == 403
    assert sender.post(page(campaign, "send/"), do="refuse", approval=asked.pk, why=" ").status_code == 200
    sender.post(page(campaign, "send/"), do="refuse", approval=asked.pk, why="A typing error")
    assert "A typing error" in writer.text(page(campaign))
    writer.post(page(campaign, "send/"), do="ask", confirmation=fresh.pk)
    sender.post(page(campaign, "send/"), do="approve", confirmation=fresh.pk)
    assert writer.post(page(campaign, "send/"), do="schedule").status_code == 403
    done = sender.post(page(campaign, "send/"), do="schedule")
    assert done.headers["Location"].endswith(f"/campaigns/campaign/{campaign.pk}/")
    staff.world.push()
    mailing = Mailing.objects.get(edition__campaign=campaign)
    assert mailing.remote_id is not None
    text = words(sender.get(page(campaign)))
    assert str(mailing.remote_id) in text
    assert "dans " in text
    # Nothing is left to check or to approve, whatever time goes by.
    sender.post(page(campaign, "send/"), do="withdraw", approval=campaign.approvals.get(state="approved").pk)
    read_groups(sender, campaign)
    for shown in (words(sender.get(page(campaign))), words(sender.get(page(campaign, "send/")))):
        assert "déjà programmées ou envoyées" in shown
        assert "vérifications réussies" not in shown
        assert "Approuver pour" not in shown
    assert "Approuver et programmer" not in words(sender.get(page(campaign)))


def test_an_edit_takes_the_approval_back(staff: CampaignDesk, writer: PagesDesk, sender: PagesDesk) -> None:
    campaign = staff.written()
    fresh = read_groups(sender, campaign)
    sender.post(page(campaign, "send/"), do="approve", confirmation=fresh.pk)
    assert campaign.approvals.get().state == Approval.State.APPROVED
    writer.submit(page(campaign, "write/"), **{"fr_ca:subject": "Another subject"})
    assert campaign.approvals.get().state == Approval.State.WITHDRAWN
    refused = sender.post(page(campaign, "send/"), do="schedule")
    assert refused.status_code == 200
    assert not Mailing.objects.exists()


def test_an_old_reading_or_a_decided_request_is_not_acted_on(
    staff: CampaignDesk, writer: PagesDesk, sender: PagesDesk
) -> None:
    campaign = staff.written()
    fresh = read_groups(writer, campaign)
    for values in ({"do": "approve", "confirmation": "0"}, {"do": "refuse", "approval": "x", "why": "y"}, {"do": "?"}):
        assert sender.post(page(campaign, "send/"), **values).status_code == 200
    assert not campaign.approvals.exists()
    assert fresh.state == Confirmation.State.READY


def test_the_count_is_typed_above_the_threshold(staff: CampaignDesk, sender: PagesDesk, settings: Any) -> None:
    settings.CAMPAIGNS_TYPED_COUNT_ABOVE = 2
    campaign = staff.written()
    fresh = read_groups(sender, campaign)
    assert 'name="typed_count"' in sender.text(page(campaign, "send/"))
    assert sender.post(page(campaign, "send/"), do="approve", confirmation=fresh.pk, typed_count=4).status_code == 200
    assert not campaign.approvals.exists()
    assert sender.post(page(campaign, "send/"), do="approve", confirmation=fresh.pk, typed_count=3).status_code == 302
    assert campaign.approvals.get().state == Approval.State.APPROVED


def test_cancel_asks_the_vendor_and_the_page_stays(staff: CampaignDesk, writer: PagesDesk) -> None:
    mailing = schedule(staff, staff.written())
    path = f"mailing/{mailing.pk}/"
    assert "Leaves in" in words(writer.get(path))
    assert writer.post(f"{path}cancel/", why="Wrong date").status_code == 302
    staff.world.push()
    mailing.refresh_from_db()
    assert mailing.gone_at is not None
    assert "cancelled" in words(writer.get(path))
    assert "cannot be cancelled here" in words(writer.get(f"{path}cancel/"))


def test_move_keeps_both_numbers(staff: CampaignDesk, sender: PagesDesk) -> None:
    mailing = schedule(staff, staff.written())
    path = f"mailing/{mailing.pk}/"
    later = staff.wall(timedelta(days=40))
    moved = sender.post(f"{path}move/", send_at=f"{later:%Y-%m-%dT%H:%M}")
    assert moved.status_code == 302, words(moved)
    staff.world.settle()
    made = Mailing.objects.get(moved_from=mailing)
    assert made.remote_id not in (None, mailing.remote_id)
    for shown in (words(sender.get(path)), words(sender.get(f"mailing/{made.pk}/"))):
        assert str(mailing.remote_id) in shown
        assert str(made.remote_id) in shown


def test_a_test_goes_to_a_group_of_one_and_says_so(staff: CampaignDesk, writer: PagesDesk) -> None:
    campaign = staff.written()
    refused = writer.post(page(campaign, "test/"), language="fr_ca", group=staff.people.pk)
    assert refused.status_code == 200
    assert not Mailing.objects.exists()
    sent = writer.post(page(campaign, "test/"), language="fr_ca", group=staff.one.pk)
    mailing = Mailing.objects.get()
    assert sent.headers["Location"].endswith(f"/campaigns/mailing/{mailing.pk}/")
    assert mailing.is_test
    assert "test" in words(writer.get(f"mailing/{mailing.pk}/"))


def test_who_sends_is_said_once_for_the_client(staff: CampaignDesk, writer: PagesDesk) -> None:
    refused = writer.post("campaign/identity/", name="Théâtre", postal_address="", contact="x")
    assert list(refused.context["form"].errors) == ["postal_address"]
    writer.post("campaign/identity/", name="Théâtre", postal_address="1, rue", contact="theatre.example")
    assert ClientIdentity.objects.get(account=staff.world.account).name == "Théâtre"


def test_a_mailing_made_elsewhere_can_be_cancelled_but_not_moved(staff: CampaignDesk, sender: PagesDesk) -> None:
    with writing():
        mailing = Mailing.objects.create(
            account=staff.world.account, remote_id=77, subject="Ailleurs", language="fr_ca", stage="scheduled"
        )
    text = sender.text(f"mailing/{mailing.pk}/")
    assert f"/mailing/{mailing.pk}/cancel/" in text
    assert f"/mailing/{mailing.pk}/move/" not in text
    assert "pas disponible" in text
