"""The steps against the vendor's stand-in: what a client who leaves gets, and that nothing goes out afterwards (W20)."""

from __future__ import annotations

import io
import uuid
import zipfile
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from campaigns.models import Mailing
from contacts import services as contacts
from contacts.consent import erasure
from contacts.services import edit_contact
from cyberadmin.accounts import services as accounts
from cyberadmin.accounts.models import Account, AuditEvent, Credential
from cyberadmin.accounts.standing import standing as standing_of
from cyberadmin.offboarding import certificate, leases, making, progress, purging, services, standing, tasks
from cyberadmin.offboarding.forms import FileForm
from cyberadmin.offboarding.models import OffBoarding, Step, Work
from cyberadmin.offboarding.store import STORE
from cyberadmin.sync import clock, custody, push
from cyberadmin.sync import services as engine
from cyberadmin.sync.models import Change
from cyberadmin.sync.uploads import UploadError
from tests.campaigns.desk import CampaignDesk
from tests.offboarding.desk import begin
from tests.sandbox_server import SandboxServer
from tests.sync.test_tokens import edit_many
from tests.world import World, give, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def content(work: Work) -> dict[str, str]:
    """The parts of the file, as text."""
    data = b"".join(services.read_file(work.off_boarding.begun_by, work))  # type: ignore[arg-type]
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert book.testzip() is None
        return {name: book.read(name).decode("utf-8-sig") for name in book.namelist()}


def made(world: World, off_boarding: OffBoarding, form: str = "csv") -> Work:
    work = services.ask_file(world.editor, off_boarding, form)
    tasks.make(work.pk)
    work.refresh_from_db()
    return work


def test_a_client_leaves_from_the_first_word_to_the_certificate(world: World) -> None:
    desk = CampaignDesk.build(world)
    mailing = desk.scheduled()[0]
    world.settle()
    found = begin(world.editor, world.account)
    assert services.current(world.account) == found
    assert len(standing.before_revoking(found)) == 2

    parts = content(made(world, found))
    assert parts["contacts.csv"].count("\n") == 5
    assert "personne0@example.com,Abonnés" in parts["memberships.csv"]
    assert mailing.subject in parts["mailings.csv"]
    assert f"campaigns/{mailing.edition_id}.html" in parts

    done = services.cancel_mailings(world.editor, found, "they leave")
    assert [(one.mailing, one.refusal) for one in done] == [(mailing, "")]
    assert standing.waiting(world.account).total == 1
    with pytest.raises(ValidationError):
        services.revoke(world.editor, found, "too early")
    world.settle()
    assert not any(one["status"] == "scheduled" for one in desk.there())
    assert Mailing.objects.get(pk=mailing.pk).gone_at is not None
    assert standing.before_revoking(found) == []

    services.revoke(world.editor, found, "they leave")
    world.account.refresh_from_db()
    token = world.account.credentials.get()
    assert (world.account.is_working, token.state, token.is_watched) == (False, Credential.State.RETIRED, True)
    assert standing_of(token, clock.now()).text == "retired, and still alive: delete it at Cyberimpact"
    custody.check(token)
    assert [str(one) for one in standing.watched(world.account)] == [str(token)]
    assert len(standing.before_purging(found)) == 1
    world.sandbox.control("DELETE", "tokens", account=world.remote, token=world.token)
    clock.advance(4_000)
    custody.watch()
    token.refresh_from_db()
    assert (token.secret, token.dead_at is None) == ("", False)

    admin = make_user(superuser=True)
    work = services.purge(admin, found, world.account.name, "the mandate is over")
    tasks.purge(work.pk)
    found.refresh_from_db()
    assert found.state == OffBoarding.State.ENDED
    for language, words in (("en", "Certificate of destruction"), ("fr", "Attestation de destruction")):
        text = certificate.text(certificate.certificate(found, language))
        assert words in text
        assert found.client_name in text
        assert token.fingerprint in text
    said = AuditEvent.objects.filter(account=world.account, action__startswith="offboarding.").order_by("id")
    assert list(said.values_list("action", flat=True)) == [
        "offboarding.begun", "offboarding.asked", "offboarding.exported", "offboarding.downloaded",
        "offboarding.cancelled", "offboarding.revoked", "offboarding.purge", "offboarding.ended",
    ]  # fmt: skip
    assert not Account.objects.filter(name=found.client_name).exists()


def test_after_retiring_nothing_is_read_or_sent_and_no_token_taken(world: World) -> None:
    zoe = world.mirrored("zoe@example.com")
    found = begin(world.editor, world.account)
    services.skip_file(world.editor, found, "has it")
    services.revoke(world.editor, found, "they leave")
    world.account.refresh_from_db()
    calls = len(world.sandbox.journal(account=world.remote))
    edit_contact(world.editor, zoe, {"note": "late"}, zoe.edit_version)
    push.pump(world.account.pk)
    engine.request_pull(world.editor, world.account)
    world.push()
    assert len(world.sandbox.journal(account=world.remote)) == calls
    assert {change.state for change in world.changes()} == {Change.State.QUEUED}
    for refused in (
        lambda: accounts.propose_token(world.editor, world.account, world.token),
        lambda: custody.ask_for_token(world.editor, world.account),
        lambda: engine.resume(world.editor, world.account),
        lambda: services.revoke(world.editor, found, "again"),
    ):
        with pytest.raises(ValidationError):
            refused()
    assert Account.objects.get(pk=world.account.pk).is_leaving


def test_what_can_never_be_sent_is_handed_over_with_the_unsubscription(world: World) -> None:
    zoe = world.mirrored("zoe@example.com")
    found = begin(world.editor, world.account)
    contacts.unsubscribe(world.editor, zoe, "said so by phone")
    with pytest.raises(ValidationError):
        services.hand_over_changes(world.editor, found, "cannot")
    assert services.discard_changes(world.editor, found, "they leave") == 0
    world.sandbox.control("DELETE", "tokens", account=world.remote, token=world.token)
    world.push()
    world.account.refresh_from_db()
    assert world.account.needs_secret
    parts = content(made(world, found))
    assert "zoe@example.com" in parts["waiting-changes.csv"]
    services.hand_over_changes(world.editor, found, "the token is dead already")
    assert standing.before_revoking(found) == []
    services.revoke(world.editor, found, "they leave")
    custody.watch()
    assert standing.before_purging(found) == []


def test_waiting_edits_are_discarded_by_decision(world: World) -> None:
    edit_many(world, 3)
    found = begin(world.editor, world.account)
    assert standing.waiting(world.account).discardable == 3
    assert services.discard_changes(world.editor, found, "they leave") == 3
    assert standing.waiting(world.account).total == 0
    assert AuditEvent.objects.get(action="offboarding.discarded").detail["changes"] == 3


def test_a_mailing_that_cannot_be_cancelled_is_said_and_can_be_kept(world: World) -> None:
    desk = CampaignDesk.build(world)
    first, second = (desk.scheduled()[0] for _ in range(2))
    # Nobody knows whether the second one was made.
    Change.objects.filter(kind="mailing", object_id=second.pk).update(state="parked", reason="twice_in_doubt")
    world.push()
    found = begin(world.editor, world.account)
    services.skip_file(world.editor, found, "has it")
    outcome = {one.mailing.pk: one.refusal for one in services.cancel_mailings(world.editor, found, "they leave")}
    assert outcome[first.pk] == ""
    assert "decide there first" in outcome[second.pk]
    services.keep_mailings(world.editor, found, "the client wants the rest")
    step = Step.objects.get(off_boarding=found, name=Step.Name.SCHEDULES)
    assert (step.why, step.by) == ("the client wants the rest", world.editor)
    assert not [one for one in standing.before_revoking(found) if "scheduled" in one]


def test_a_password_is_forgotten_at_once(sandbox: SandboxServer) -> None:
    world = World.build(sandbox)
    world.account.credentials.update(kind=Credential.Kind.LEGACY, username="user")
    found = begin(world.editor, world.account)
    services.skip_file(world.editor, found, "has it")
    services.revoke(world.editor, found, "they leave")
    row = world.account.credentials.get()
    assert (row.secret, row.state, row.forgotten_at is None) == ("", Credential.State.RETIRED, False)
    assert standing.before_purging(found) == []


def test_the_client_stays_after_all(world: World) -> None:
    found = begin(world.editor, world.account)
    work = made(world, found)
    services.revoke(world.editor, found, "they leave")
    services.stop(world.editor, found, "they changed their mind")
    world.account.refresh_from_db()
    work.refresh_from_db()
    assert (world.account.paused_reason, work.state) == (Account.Paused.TOKEN, Work.State.GONE)
    with pytest.raises(ValidationError):
        services.revoke(world.editor, found, "over")
    assert services.current(world.account) is None
    begin(world.editor, world.account)


def test_one_at_a_time_and_only_by_who_manages(world: World) -> None:
    sender = give(make_user(), world.account, "send")
    with pytest.raises(PermissionDenied):
        begin(sender, world.account)
    found = begin(world.editor, world.account)
    with pytest.raises(ValidationError):
        begin(world.editor, world.account)
    for step in (
        lambda: services.ask_file(sender, found, "csv"),
        lambda: services.skip_file(sender, found, "x"),
        lambda: services.cancel_mailings(sender, found, "x"),
        lambda: services.keep_mailings(sender, found, "x"),
        lambda: services.discard_changes(sender, found, "x"),
        lambda: services.hand_over_changes(sender, found, "x"),
        lambda: services.revoke(sender, found, "x"),
        lambda: services.stop(sender, found, "x"),
    ):
        with pytest.raises(PermissionDenied):
            step()


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_the_file_in_every_format(world: World, form: str) -> None:
    edit_many(world, 1)
    work = made(world, begin(world.editor, world.account), form)
    assert work.state == Work.State.DONE
    assert work.counts["contacts"] == 1
    assert {
        name.rpartition(".")[2]
        for name in zipfile.ZipFile(io.BytesIO(b"".join(services.read_file(world.editor, work)))).namelist()
    } == {form}


def test_a_file_whose_worker_died_is_made_by_another(world: World) -> None:
    found = begin(world.editor, world.account)
    work = services.ask_file(world.editor, found, "csv")
    assert leases.claim(work.pk, Work.Kind.FILE) is not None
    making.make(work.pk)
    work.refresh_from_db()
    assert work.state == Work.State.DOING
    clock.advance(leases.LEASE.total_seconds() + 1)
    making.make(work.pk)
    work.refresh_from_db()
    assert (work.state, work.tries) == (Work.State.DONE, 2)


def test_a_file_that_went_before_anybody_downloaded_it_is_asked_for_again(world: World) -> None:
    found = begin(world.editor, world.account)
    for downloaded in (False, True):
        work = made(world, found)
        assert standing.before_revoking(found) == []
        if downloaded:
            content(work)
        clock.advance(making.KEPT.total_seconds() + 1)
        tasks.keep_house()
        file = next(step for step in progress.steps(found) if step.name == Step.Name.EXPORT)
        assert (file.state, "before anybody downloaded it" in file.said) == (
            ("done", False) if downloaded else ("todo", True)
        )
        assert [file.said] * (not downloaded) == standing.before_revoking(found)
    services.revoke(world.editor, found, "they leave")


def test_an_erasure_takes_the_file_and_what_is_being_made_of_it(world: World) -> None:
    found = begin(world.editor, world.account)
    first = made(world, found)
    second = services.ask_file(world.editor, found, "csv")
    assert leases.claim(second.pk, Work.Kind.FILE) is not None
    done = erasure.erase_address(world.editor, world.account, "zoe@example.com", "Request")
    assert done.counts["leaving_files"] == 1
    with pytest.raises(UploadError):
        STORE.open_plain(world.account.pk, first.stored_name)
    assert leases.open_works() == [(second.pk, Work.Kind.FILE)]
    assert any("before anybody downloaded it" in one for one in standing.before_revoking(found))
    tasks.make(second.pk)
    assert standing.ready_file(found) == second


def test_a_right_taken_away_meanwhile_stops_the_file(world: World) -> None:
    found = begin(world.editor, world.account)
    work = services.ask_file(world.editor, found, "csv")
    world.account.accesses.all().delete()
    making.make(work.pk)
    work.refresh_from_db()
    assert work.state == Work.State.FAILED
    assert purging.left_over(world.account.pk)["accounts.Credential"] == 1


def test_an_edit_after_the_decision_is_not_lost_silently(world: World) -> None:
    """What comes to the Outbox after it was clear stands in the way of the purge again."""
    zoe = world.mirrored("zoe@example.com")
    found = begin(world.editor, world.account)
    services.skip_file(world.editor, found, "has it")
    services.revoke(world.editor, found, "they leave")
    edit_contact(world.editor, zoe, {"note": "late"}, zoe.edit_version)
    assert any("1 change" in one for one in standing.before_purging(found))


def test_a_large_file_leaves_only_with_its_number_typed(world: World, settings: Any) -> None:
    settings.EXPORTS_TYPED_COUNT_ABOVE = 2
    edit_many(world, 3)
    found = begin(world.editor, world.account)
    for typed in (None, 2, 4):
        with pytest.raises(ValidationError) as refusal:
            services.ask_file(world.editor, found, "csv", typed)
        assert "typed_count" in refusal.value.message_dict
    assert services.ask_file(world.editor, found, "csv", 3).form == "csv"


@pytest.mark.parametrize("typed", ["12345", "12 345", "12\u202f345", "12,345"])
def test_the_number_is_typed_as_the_page_shows_it(typed: str) -> None:
    form = FileForm({"form_token": str(uuid.uuid4()), "form": "csv", "typed_count": typed}, people=12_345)
    assert form.is_valid()
    assert form.cleaned_data["typed_count"] == 12_345
