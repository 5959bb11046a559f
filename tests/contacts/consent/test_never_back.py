"""Erasing a person, and keeping out whoever was erased or said no, whatever happens to keys, rows and files."""

from __future__ import annotations

import base64
import json
from datetime import date
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from campaigns.models import Mailing, MailingRecipient, RecipientList
from contacts import services
from contacts.consent import erasure, ledger, never_back, proofs, setting
from contacts.consent.ledger import Facts
from contacts.models import ConsentRecord, Contact, ErasedAddress, ErasureKey, ImportFile, ProofFile
from cyberadmin.accounts import secrets
from cyberadmin.sync import registry
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Change, ChangeSet, PlannedRow
from cyberadmin.sync.uploads import UploadError
from tests.world import World, give, make_account, make_user

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = "zephirine.quatrefages@example.com"
KEY = EMAIL


def everything() -> str:
    """All that the database holds, as text."""
    parts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            parts += [str(row) for row in cursor.fetchall()]
    return "\n".join(parts)


def gone(world: World) -> Contact:
    """A contact who was worked on and is deleted at the vendor."""
    contact = world.mirrored(EMAIL, firstname="Zephirine", note="Quatrefages lives here")
    setting.set_consent(world.editor, contact, Facts("active-clients", date(2026, 1, 5), "Zephirine signed"))
    world.push()
    services.edit_contact(world.editor, contact, {"company": "Chez Zephirine"}, contact.edit_version)
    world.push()
    services.delete_contact(world.editor, contact, "Quatrefages asked")
    world.push()
    contact.refresh_from_db()
    assert contact.gone_at is not None
    return contact


def test_nothing_that_says_who_it_was_is_left_and_nobody_brings_them_back(world: World) -> None:
    contact = gone(world)
    change_set = ChangeSet.objects.create(account=world.account, kind="import", object_kind="contact")
    PlannedRow.objects.create(
        change_set=change_set,
        account=world.account,
        number=1,
        label=EMAIL,
        verdict="create",
        values={"first_name": "Zephirine"},
    )
    stored = erasure.IMPORTS.keep(world.account.pk, BytesIO(EMAIL.encode()))
    ImportFile.objects.create(
        change_set=change_set, account=world.account, stored_name=stored.name, sha256=stored.sha256
    )
    done = erasure.erase_address(world.editor, world.account, EMAIL, "Request of May")
    left = everything().casefold()
    for trace in (KEY, "zephirine", "quatrefages"):
        assert trace not in left, trace
    assert done.counts["contacts"] == done.counts["uploads"] == done.counts["planned_rows"] == 1
    with pytest.raises(UploadError):
        erasure.IMPORTS.open_plain(world.account.pk, stored.name)
    assert not Contact.objects.filter(pk=contact.pk).exists()
    kept = ConsentRecord.objects.filter(erased=done.address)
    assert [row.source for row in kept.order_by("pk")][-1] == "deleted"
    assert kept.filter(given_on=date(2026, 1, 5), relation="active-clients").exists()
    for again in (EMAIL, f"  {EMAIL.upper()} "):
        with pytest.raises(ValidationError) as refused:
            services.create_contact(world.editor, world.account, {"email": again})
        assert "erased" not in str(refused.value)
    protected = registry.get("contact").protected(world.account.pk, [EMAIL, "other@example.com"])
    assert protected == {EMAIL: "erased"}
    assert Change.objects.filter(state__in=Change.OPEN).count() == 0


def test_lists_of_recipients_lose_the_row_of_an_erased_person_and_of_nobody_else(world: World) -> None:
    gone(world)
    with writing():
        mailing = Mailing.objects.create(account=world.account, remote_id=1, subject="News", stage="sent")
    read = RecipientList.objects.create(
        mailing=mailing, outcome="opened", state="ready", total=2, requested_at=timezone.now()
    )
    with writing():
        for email in (EMAIL, "other@example.com"):
            MailingRecipient.objects.create(
                list=read, generation=0, account=world.account, email=email, email_key=email
            )
    done = erasure.erase_address(world.editor, world.account, EMAIL, "Request")
    assert done.counts["recipients"] == 1
    assert MailingRecipient.objects.get().email == "other@example.com"


def test_another_contact_is_not_moved_to_an_erased_address(world: World) -> None:
    gone(world)
    erasure.erase_address(world.editor, world.account, EMAIL, "Request of May")
    other = world.mirrored("other@example.com")
    with pytest.raises(ValidationError):
        services.edit_contact(world.editor, other, {"email": EMAIL}, other.edit_version)


def test_another_client_is_not_concerned(world: World) -> None:
    gone(world)
    erasure.erase_address(world.editor, world.account, EMAIL, "Request of May")
    other = make_account()
    editor = give(make_user(), other, "edit")
    assert services.create_contact(editor, other, {"email": EMAIL}).pk
    first = ErasedAddress.objects.get()
    second = never_back.remember(other.pk, EMAIL)
    assert first.digest != second.digest


def test_who_is_still_at_the_vendor_is_not_erased_here(world: World) -> None:
    world.mirrored(EMAIL)
    with pytest.raises(ValidationError):
        erasure.erase_address(world.editor, world.account, EMAIL, "Request")
    assert ErasedAddress.objects.count() == 0
    assert Contact.objects.count() == 1


def test_a_wish_to_leave_that_has_not_arrived_is_not_erased_unless_nobody_is_there(world: World) -> None:
    wish = services.unsubscribe(world.editor, world.mirrored(EMAIL), "said no by phone")
    for state in ("queued", "failed", "parked"):
        Change.objects.update(state=state)
        with pytest.raises(ValidationError, match="unsubscription"):
            erasure.erase_address(world.editor, world.account, EMAIL, "Request")
    assert Change.objects.get().state == "parked"
    Change.objects.update(state="queued")
    world.sandbox.control("DELETE", "members", account=world.remote, email=EMAIL)
    world.push()
    wish.refresh_from_db()
    assert (wish.state, wish.reason) == ("conflict", "gone_there")
    assert erasure.erase_address(world.editor, world.account, EMAIL, "Request").counts["contacts"] == 1


def test_who_unsubscribed_is_erased_here_and_pulls_leave_them_out(world: World) -> None:
    world.mirrored(EMAIL)
    world.sandbox.control("POST", "unsubscribe", account=world.remote, email=EMAIL)
    world.pull()
    erasure.erase_address(world.editor, world.account, EMAIL, "Request")
    run = world.pull()
    assert run.state == "complete"
    assert KEY not in everything().casefold()
    assert [one["email"] for one in world.held()["unsubscribed"]] == [EMAIL]


@pytest.mark.parametrize("role", ["read", "edit", "send"])
def test_erasing_takes_the_right_to_manage_and_a_reason(role: str) -> None:
    account = make_account()
    with pytest.raises(PermissionDenied):
        erasure.erase_address(give(make_user(), account, role), account, EMAIL, "Request")
    with pytest.raises(ValidationError):
        erasure.erase_address(give(make_user(), account, "manage"), account, EMAIL, "  ")
    assert ErasedAddress.objects.count() == 0


def test_a_proof_that_others_rest_on_stays(world: World) -> None:
    gone(world)
    file = proofs.keep(world.account, "sheet.txt", BytesIO(b"names of many"), world.editor)
    for email in (EMAIL, "other@example.com"):
        ledger.append(world.account.pk, email, "set", Facts("partners", proof_file_id=file.pk), ledger.By())
    own = proofs.keep(world.account, "own.txt", BytesIO(b"one name"), world.editor)
    ledger.append(world.account.pk, EMAIL, "set", Facts("partners", proof_file_id=own.pk), ledger.By())
    erasure.erase_address(world.editor, world.account, EMAIL, "Request")
    assert list(ProofFile.objects.all()) == [file]
    assert proofs.download(file).content == b"names of many"
    with pytest.raises(UploadError):
        proofs.STORE.open_plain(world.account.pk, own.stored_name)


def test_hashes_outlive_the_key_that_they_were_made_with(world: World, settings: Any) -> None:
    account = world.account
    old, new = settings.CYBERADMIN_KEYS[0], "k2:" + base64.b64encode(b"n" * 32).decode()
    never_back.remember(account.pk, EMAIL)
    settings.CYBERADMIN_KEYS = [new, old]
    call_command("rotate_keys", stdout=StringIO())
    settings.CYBERADMIN_KEYS = [new]
    assert never_back.erased_among(account.pk, [KEY]) == {KEY}
    never_back.remember(account.pk, "other@example.com")
    assert never_back.erased_among(account.pk, [KEY, "other@example.com", "third@example.com"]) == {
        KEY,
        "other@example.com",
    }
    assert ErasureKey.objects.count() == 2


def test_nobody_is_let_in_because_we_cannot_look(world: World, settings: Any) -> None:
    never_back.remember(world.account.pk, EMAIL)
    settings.CYBERADMIN_KEYS = ["k9:" + base64.b64encode(b"x" * 32).decode()]
    with pytest.raises(secrets.SecretUnreadable):
        services.create_contact(world.editor, world.account, {"email": "new@example.com"})
    assert Contact.objects.count() == 0


def test_the_hash_needs_the_key_and_the_key_is_not_in_the_database(world: World) -> None:
    never_back.remember(world.account.pk, EMAIL)
    sealed = ErasureKey.objects.get().sealed
    raw = secrets.keys()[0].raw
    derived = secrets.keys()[0].derive(never_back.LABEL)
    for secret in (raw, derived):
        assert base64.b64encode(secret).decode() not in json.dumps(sealed)
    assert derived != raw != secrets.keys()[0].fingerprint_key


def test_who_said_no_stays_out_after_the_mirror_forgot_them(world: World) -> None:
    marie = world.mirrored("marie@example.com")
    world.sandbox.control("POST", "unsubscribe", account=world.remote, email="marie@example.com")
    world.pull()
    with writing():
        Contact.objects.filter(pk=marie.pk).delete()
    assert never_back.protected(world.account.pk, ["Marie@example.com"]) == {"Marie@example.com": "unsubscribed"}
    with pytest.raises(ValidationError):
        services.create_contact(world.editor, world.account, {"email": "marie@example.com"})
    assert Contact.objects.filter(gone_at=None).count() == 0


def test_who_came_back_by_themselves_may_be_written_to_again(world: World) -> None:
    world.mirrored("marie@example.com")
    world.sandbox.control("POST", "unsubscribe", account=world.remote, email="marie@example.com")
    world.pull()
    world.sandbox.control("POST", "resubscribe", account=world.remote, email="marie@example.com")
    world.pull()
    sources = (
        ConsentRecord.objects.filter(email_key="marie@example.com").order_by("pk").values_list("source", flat=True)
    )
    assert list(sources)[-2:] == ["unsubscribed", "came_back"]
    assert never_back.protected(world.account.pk, ["marie@example.com"]) == {}
    with writing():
        Contact.objects.update(gone_at=timezone.now())
    assert never_back.protected(world.account.pk, ["marie@example.com"]) == {}
