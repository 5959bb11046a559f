"""Writing a campaign and having it approved: what is refused, what is kept, and what takes an approval back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from campaigns import approvals, confirming, sending, services, tasks
from campaigns.models import Approval, Campaign, Confirmation, Mailing
from cyberadmin.accounts.models import Account
from cyberadmin.sync import clock
from cyberadmin.sync.record import StaleEdit
from groups import services as groups
from tests.bells import rung
from tests.campaigns.desk import CampaignDesk
from tests.world import give, make_account, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(ValidationError) as caught:
        call()
    return " ".join(caught.value.messages)


# --- writing ---
@pytest.mark.parametrize(
    "values",
    [
        {"subject": "a\nb"},
        {"subject": "x" * 251},
        {"subject": "a\x00"},
        {"mail_from": "not an address"},
        {"reply_to": "a@b"},
        {"body_html": "x" * 2_000_001},
        {"body_text": "a\x00b"},
        {"body_html": "<p>\ud800</p>"},
        {"state": "sent"},
        {"send_at": None},
    ],
)
def test_bad_values_are_refused_and_nothing_is_saved(values: dict[str, Any]) -> None:
    account = make_account()
    editor = give(make_user(), account, "edit")
    edition = services.create_campaign(editor, account, "Nouvelles", ["fr_ca"]).editions.get()
    assert refused(lambda: services.edit_edition(editor, edition, {"from_name": "Nous", **values}, 0)).endswith(".")
    edition.refresh_from_db()
    assert (edition.from_name, edition.version) == ("", 0)


def test_a_campaign_needs_a_name_and_a_language() -> None:
    account = make_account()
    editor = give(make_user(), account, "edit")
    for name, languages in (("", ["fr_ca"]), ("x" * 201, ["fr_ca"]), ("A", []), ("A", ["de_de"])):
        refused(lambda name=name, languages=languages: services.create_campaign(editor, account, name, languages))
    assert not Campaign.objects.exists()


def test_groups_of_another_client_or_deleted_ones_are_refused(desk: CampaignDesk) -> None:
    edition = desk.written().editions.get()
    foreign = make_account()
    stranger = groups.create_group(give(make_user(), foreign, "edit"), foreign, "Autres", False)
    groups.delete_group(desk.world.editor, desk.one)
    for group in (stranger, desk.one):
        assert "client" in refused(
            lambda group=group: services.edit_edition(desk.writer, edition, {"groups": [group]}, 9)
        )


def test_an_older_form_overwrites_nothing(desk: CampaignDesk) -> None:
    edition = desk.written().editions.get()
    shown, version = {"subject": edition.subject, "from_name": ""}, edition.version
    services.edit_edition(desk.sender, edition, {"subject": "La leur"}, version)
    with pytest.raises(StaleEdit) as stale:
        services.edit_edition(desk.writer, edition, {"subject": "La mienne"}, version, shown)
    assert stale.value.theirs["subject"]["now"] == "La leur"
    services.edit_edition(desk.writer, edition, {"from_name": "Nous"}, version, shown)
    edition.refresh_from_db()
    assert (edition.subject, edition.from_name) == ("La leur", "Nous")


def test_an_older_form_does_not_throw_a_colleagues_groups_away(desk: CampaignDesk) -> None:
    edition = desk.written().editions.get()
    shown, version = {"subject": edition.subject, "groups": [desk.people.pk]}, edition.version
    services.edit_edition(desk.sender, edition, {"subject": "La leur"}, version)
    # A colleague who left the groups alone is no obstacle to choosing others.
    services.edit_edition(desk.writer, edition, {"groups": [desk.one]}, version, shown)
    with pytest.raises(StaleEdit) as stale:
        services.edit_edition(desk.writer, edition, {"groups": [desk.people, desk.english]}, version, shown)
    assert stale.value.theirs == {"groups": {"before": "Abonnés", "mine": "Abonnés, Subscribers", "now": "Essai"}}
    for hostile in ({"groups": None}, {"groups": [{}, "x", -1, 2**70]}, {"groups": {"1": 2}}, {}, None):
        with pytest.raises(StaleEdit):
            services.edit_edition(desk.writer, edition, {"groups": []}, version, hostile)
    services.edit_edition(desk.sender, edition, {"groups": [desk.one]}, version, shown)
    assert [one.group for one in edition.groups.all()] == [desk.one]


def test_nobody_without_the_right_writes(desk: CampaignDesk) -> None:
    campaign, reader = desk.written(), give(make_user(), desk.world.account, "read")
    for call in (
        lambda: services.create_campaign(reader, desk.world.account, "A", ["fr_ca"]),
        lambda: services.edit_edition(reader, campaign.editions.get(), {"subject": "A"}, 0),
        lambda: services.set_time(reader, campaign, desk.wall(timedelta(days=4))),
        lambda: services.delete_campaign(reader, campaign),
        lambda: confirming.request_confirmation(reader, campaign),
        lambda: sending.send_test(reader, campaign.editions.get(), desk.one),
    ):
        with pytest.raises(PermissionDenied):
            call()


def test_a_copy_has_the_texts_and_groups_but_no_time(desk: CampaignDesk) -> None:
    campaign = desk.approved()
    copy = services.copy_campaign(desk.writer, campaign, "Deuxième")
    old, new = campaign.editions.get(), copy.editions.get()
    assert (new.subject, new.body_html, new.send_at) == (old.subject, old.body_html, None)
    assert [one.group for one in new.groups.all()] == [desk.people]
    assert copy.state == Campaign.State.DRAFT


def test_what_was_scheduled_is_neither_edited_nor_deleted(desk: CampaignDesk) -> None:
    (mailing,) = desk.scheduled()
    edition = mailing.edition
    assert "scheduled" in refused(lambda: services.edit_edition(desk.writer, edition, {"subject": "A"}, 9))
    assert "scheduled" in refused(
        lambda: services.set_time(desk.writer, edition.campaign, desk.wall(timedelta(days=12)))
    )
    refused(lambda: services.delete_campaign(desk.writer, edition.campaign))
    assert approvals.open_approval(edition.campaign) is not None


# --- approving ---
def test_whoever_may_edit_asks_and_whoever_may_send_approves(desk: CampaignDesk) -> None:
    campaign = desk.written()
    confirmation = desk.confirmed(campaign)
    with pytest.raises(PermissionDenied):
        approvals.approve(desk.writer, campaign, confirmation)
    asked = approvals.ask_approval(desk.writer, campaign, confirmation, "Pour mardi")
    assert Campaign.objects.get(pk=campaign.pk).state == Campaign.State.ASKED
    refused(lambda: approvals.ask_approval(desk.writer, campaign, confirmation))
    given = approvals.approve(desk.sender, campaign, confirmation)
    assert (given.pk, given.state, given.decided_by, given.recipients) == (
        asked.pk,
        Approval.State.APPROVED,
        desk.sender,
        {"fr_ca": 3},
    )
    assert Campaign.objects.get(pk=campaign.pk).state == Campaign.State.APPROVED


EDITS: dict[str, Callable[[CampaignDesk, Campaign], object]] = {
    "subject": lambda desk, campaign: edit(desk, campaign, subject="Autre"),
    "from_name": lambda desk, campaign: edit(desk, campaign, from_name="Autre"),
    "mail_from": lambda desk, campaign: edit(desk, campaign, mail_from="autre@mrc.qc.ca"),
    "reply_to": lambda desk, campaign: edit(desk, campaign, reply_to="autre@mrc.qc.ca"),
    "body_html": lambda desk, campaign: edit(desk, campaign, body_html="<p>Autre</p>"),
    "body_text": lambda desk, campaign: edit(desk, campaign, body_text="Autre"),
    "groups": lambda desk, campaign: edit(desk, campaign, groups=[desk.people, desk.one]),
    "time": lambda desk, campaign: services.set_time(desk.writer, campaign, desk.wall(timedelta(days=31))),
    "no time": lambda desk, campaign: services.clear_time(desk.writer, campaign),
    "language": lambda desk, campaign: services.add_language(desk.writer, campaign, "en_ca"),
}


def edit(desk: CampaignDesk, campaign: Campaign, **values: Any) -> None:
    edition = campaign.editions.get()
    services.edit_edition(desk.writer, edition, values, edition.version)


@pytest.mark.parametrize("asked_only", [True, False])
@pytest.mark.parametrize("name", EDITS)
def test_any_edit_takes_the_approval_back(desk: CampaignDesk, name: str, asked_only: bool) -> None:
    campaign = desk.written()
    confirmation = desk.confirmed(campaign)
    approvals.ask_approval(desk.writer, campaign, confirmation)
    if not asked_only:
        approvals.approve(desk.sender, campaign, confirmation)
    EDITS[name](desk, campaign)
    assert Approval.objects.get().state == Approval.State.WITHDRAWN
    assert Campaign.objects.get().state == Campaign.State.DRAFT
    refused(lambda: sending.schedule(desk.sender, campaign))
    refused(lambda: approvals.approve(desk.sender, campaign, confirmation))


def test_saving_the_same_again_or_renaming_keeps_the_approval(desk: CampaignDesk) -> None:
    campaign = desk.approved()
    edition = campaign.editions.get()
    edit(desk, campaign, subject=edition.subject, groups=[desk.people])
    services.rename_campaign(desk.writer, campaign, "Autre nom")
    assert approvals.open_approval(campaign) is not None


def test_many_recipients_need_a_second_person_and_the_count_typed(desk: CampaignDesk, settings: Any) -> None:
    settings.CAMPAIGNS_SECOND_PERSON_ABOVE = settings.CAMPAIGNS_TYPED_COUNT_ABOVE = 2
    campaign = desk.written()
    edition = campaign.editions.get()
    services.edit_edition(desk.sender, edition, {"from_name": "Nous"}, edition.version)
    services.set_time(desk.sender, campaign, desk.wall(timedelta(days=33)))
    confirmation = desk.confirmed(campaign)
    assert "second person" in refused(lambda: approvals.approve(desk.sender, campaign, confirmation, 3))
    asked = approvals.ask_approval(desk.sender, campaign, confirmation)
    assert not approvals.may_decide(desk.sender, asked)
    assert approvals.may_decide(desk.other_sender, asked)
    assert "second person" in refused(lambda: approvals.approve(desk.sender, campaign, confirmation, 3))
    for typed in (None, 2):
        assert "3" in refused(lambda typed=typed: approvals.approve(desk.other_sender, campaign, confirmation, typed))
    assert approvals.approve(desk.other_sender, campaign, confirmation, 3).state == Approval.State.APPROVED


def test_what_the_vendor_said_is_good_for_a_quarter_of_an_hour(desk: CampaignDesk) -> None:
    campaign = desk.written()
    confirmation = desk.confirmed(campaign)
    assert confirming.latest_confirmation(campaign) == confirmation
    clock.advance(16 * 60)
    assert confirming.latest_confirmation(campaign) is None
    assert "too old" in refused(lambda: approvals.approve(desk.sender, campaign, confirmation))


def test_a_confirmation_that_cannot_be_read_says_so_and_can_be_asked_for_again(desk: CampaignDesk) -> None:
    campaign = desk.written()
    Account.objects.filter(pk=desk.world.account.pk).update(paused_reason="person")
    asked = confirming.request_confirmation(desk.writer, campaign)
    assert confirming.request_confirmation(desk.writer, campaign) == asked
    confirming.read(asked.pk)
    asked.refresh_from_db()
    assert asked.state == Confirmation.State.FAILED
    assert confirming.request_confirmation(desk.writer, campaign) != asked


def test_a_reading_that_lost_its_worker_is_rung_for_again_and_ends(desk: CampaignDesk) -> None:
    campaign = desk.written()
    asked = confirming.request_confirmation(desk.writer, campaign)
    rung()
    tasks.watch()
    assert confirming.READ not in rung()
    clock.advance(21)
    tasks.watch()
    assert confirming.READ in rung()
    clock.advance(5 * 60)
    tasks.watch()
    assert confirming.READ not in rung()
    asked.refresh_from_db()
    assert asked.state == Confirmation.State.FAILED
    # A worker that was only slow changes nothing any more, and whoever asks anew gets a new answer.
    confirming.read(asked.pk)
    asked.refresh_from_db()
    assert asked.state == Confirmation.State.FAILED
    assert desk.confirmed(campaign) != asked


def test_a_refusal_has_a_reason_and_an_approval_can_be_taken_back(desk: CampaignDesk) -> None:
    campaign = desk.written()
    asked = approvals.ask_approval(desk.writer, campaign, desk.confirmed(campaign))
    refused(lambda: approvals.refuse_approval(desk.sender, asked, " "))
    approvals.refuse_approval(desk.sender, asked, "Le mauvais groupe")
    refused(lambda: approvals.refuse_approval(desk.sender, asked, "Encore"))
    given = approvals.approve(desk.sender, campaign, desk.confirmed(campaign))
    with pytest.raises(PermissionDenied):
        approvals.withdraw_approval(desk.writer, given)
    approvals.withdraw_approval(desk.sender, given)
    refused(lambda: sending.schedule(desk.sender, campaign))
    assert not Mailing.objects.exists()
