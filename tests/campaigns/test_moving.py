"""A move never costs a mailing: both languages one after the other, and a list that lived since the approval."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from campaigns import approvals, confirming, sending, services
from campaigns.models import Approval, Edition, Mailing
from contacts.models import Contact
from cyberadmin.sync import reasons
from cyberadmin.sync import services as sync
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Change
from tests.campaigns.desk import CampaignDesk

pytestmark = pytest.mark.django_db(transaction=True)
LATER, LATEST = timedelta(days=31), timedelta(days=32)
NEWCOMERS = [f"nouveau{number}@example.com" for number in range(40)]


def fresh(mailing: Mailing) -> Mailing:
    return Mailing.objects.get(pk=mailing.pk)


def there(desk: CampaignDesk, *languages: str) -> list[Mailing]:
    """Mailings that the vendor has."""
    made = desk.scheduled(*languages)
    desk.world.push()
    return [fresh(one) for one in made]


def change_people(desk: CampaignDesk, **lists: list[str]) -> None:
    """Somebody changes at the vendor who is in the group."""
    desk.world.sandbox.control("POST", "groups/members", account=desk.world.remote, id=desk.people.remote_id, **lists)


def grow(desk: CampaignDesk) -> None:
    """Forty people more in the group of three at the vendor; the mirror does not know of them yet."""
    for email in NEWCOMERS:
        desk.world.remote_member(email)
    change_people(desk, add=NEWCOMERS)


def operations(desk: CampaignDesk) -> list[str]:
    return [one["operation"] for one in desk.world.effects()]


def deletion(desk: CampaignDesk) -> Change:
    (change,) = desk.world.changes(kind="mailing", verb="delete")
    return change


# --- both languages ---
def test_both_languages_moved_one_after_the_other_are_both_made(desk: CampaignDesk) -> None:
    french, english = there(desk, "fr_ca", "en_ca")
    # The second one is moved while the first one still waits for its old one to go.
    moved = [sending.move(desk.sender, one, desk.wall(LATER)) for one in (french, english)]
    desk.world.settle()
    assert {fresh(one).stage for one in moved} == {Mailing.Stage.SCHEDULED}
    assert len(desk.there()) == 2

    again = sending.move(desk.sender, fresh(moved[0]), desk.wall(LATEST))
    holds = approvals.open_approval(again.edition.campaign)
    assert holds is not None
    assert holds.fingerprints == confirming.fingerprints(again.edition.campaign)


def test_a_move_approves_nothing_of_the_other_language(desk: CampaignDesk) -> None:
    french, english = there(desk, "fr_ca", "en_ca")
    campaign = french.edition.campaign
    sending.cancel(desk.writer, english)
    desk.world.push()
    approvals.withdraw_approval(desk.sender, campaign.approvals.get())
    sending.move(desk.sender, fresh(french), desk.wall(LATER))
    with pytest.raises(ValidationError, match="not approved"):
        sending.schedule(desk.sender, campaign)

    desk.world.settle()
    edition = Edition.objects.get(pk=english.edition.pk)
    services.edit_edition(desk.writer, edition, {"subject": "Never read by anybody else"}, edition.version)
    approvals.ask_approval(desk.writer, campaign, desk.confirmed(campaign))
    sending.move(desk.sender, Mailing.objects.get(moved_from=french), desk.wall(LATEST))
    with pytest.raises(ValidationError, match="not approved"):
        sending.schedule(desk.sender, campaign)
    assert campaign.approvals.filter(state=Approval.State.ASKED).count() == 0


def test_the_other_language_is_not_edited_while_a_move_is_under_way(desk: CampaignDesk) -> None:
    french, english = there(desk, "fr_ca", "en_ca")
    sending.cancel(desk.writer, english)
    desk.world.push()
    moved = sending.move(desk.sender, fresh(french), desk.wall(LATER))
    edition = Edition.objects.get(pk=english.edition.pk)
    with pytest.raises(ValidationError, match="on its way"):
        services.edit_edition(desk.writer, edition, {"subject": "Mended"}, edition.version)
    holds = approvals.open_approval(edition.campaign)
    assert holds is not None
    with pytest.raises(ValidationError, match="Cancel that mailing"):
        approvals.withdraw_approval(desk.sender, holds)

    # Nothing took the approval away that the new mailing stands on.
    desk.world.settle()
    assert fresh(moved).stage == Mailing.Stage.SCHEDULED
    assert len(desk.there()) == 1
    services.edit_edition(desk.writer, edition, {"subject": "Mended"}, edition.version)


# --- a list that lived ---
@pytest.mark.parametrize("lived", ["grown", "gone"])
def test_a_move_that_would_be_stopped_is_refused_before_anything_is_deleted(desk: CampaignDesk, lived: str) -> None:
    (mailing,) = there(desk)
    if lived == "grown":
        grow(desk)
    else:
        desk.world.sandbox.control("DELETE", "groups", account=desk.world.remote, id=desk.people.remote_id)
    desk.world.pull()
    with pytest.raises(ValidationError) as refused:
        sending.move(desk.sender, fresh(mailing), desk.wall(LATER))
    said = " ".join(refused.value.messages)
    assert ("there are 43" in said) is (lived == "grown")
    assert ("Abonnés" in said) is (lived == "gone")
    assert "Cancel the mailing" in said
    assert fresh(mailing).is_live
    assert fresh(mailing).edition.send_at == mailing.send_at
    assert not desk.world.changes(kind="mailing", verb="delete")


def test_a_move_to_a_day_after_a_consent_ends_is_refused(desk: CampaignDesk) -> None:
    (mailing,) = there(desk)
    ends = desk.wall(LATER).date()
    with writing():
        Contact.objects.filter(email_key="personne1@example.com").update(consent_expires_on=ends)
    with pytest.raises(ValidationError, match="consent of 1 person"):
        sending.move(desk.sender, mailing, desk.wall(LATER))


def test_the_old_mailing_stays_until_the_new_one_may_be_made(desk: CampaignDesk) -> None:
    (mailing,) = there(desk)
    moved = sending.move(desk.sender, mailing, desk.wall(LATER))
    grow(desk)
    desk.world.push()

    change = deletion(desk)
    assert (change.state, change.reason) == (Change.State.PARKED, "old_kept")
    told = reasons.explain(change)
    assert "still leaves at its old time" in told.what_happened
    assert "no longer those that were approved" in told.what_happened
    assert [one["id"] for one in desk.there()] == [mailing.remote_id]

    change_people(desk, remove=NEWCOMERS)
    sync.retry(desk.sender, change)
    desk.world.settle()
    assert operations(desk) == ["createMailing", "deleteMailing", "createMailing"]
    assert [one["id"] for one in desk.there()] == [fresh(moved).remote_id]


def test_a_move_that_was_stopped_can_be_given_up_as_a_whole(desk: CampaignDesk) -> None:
    (mailing,) = there(desk)
    moved = sending.move(desk.sender, mailing, desk.wall(LATER))
    grow(desk)
    desk.world.push()
    sync.discard(desk.sender, deletion(desk))
    desk.world.settle()

    assert operations(desk) == ["createMailing"]
    assert fresh(moved).gone_at is not None
    assert (fresh(mailing).is_live, fresh(mailing).edition.send_at) == (True, mailing.send_at)
    assert not Change.objects.filter(state__in=Change.OPEN).exists()


def test_a_deletion_that_arrived_unheard_is_never_told_as_kept(desk: CampaignDesk) -> None:
    (mailing,) = there(desk)
    sending.move(desk.sender, mailing, desk.wall(LATER))
    desk.world.sandbox.faults({"action": "drop_after", "method": "DELETE", "path": "/mailings/[0-9]+", "times": 1})
    desk.world.push()
    grow(desk)
    desk.world.settle()
    assert deletion(desk).state == Change.State.DONE
    assert fresh(mailing).gone_at is not None
