"""How long data of a client is kept: less than usual where they want less, never more, and told night by night."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from contacts.imports import purging
from contacts.models import Contact, ImportFile
from cyberadmin.accounts import retention
from cyberadmin.accounts.models import Account, AuditEvent, Purged
from cyberadmin.exports import making
from cyberadmin.exports.models import ExportJob
from cyberadmin.sync import clock, housekeeping
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import ApiCall, Change, ChangeSet, KeptExchange, PlannedRow
from tests.accounts.isolation_world import Agency, build

pytestmark = pytest.mark.django_db

SHORT = {"deleted": 7, "uploads": 3, "plans": 7, "exports": 2, "exchanges": 5, "calls": 10}


@pytest.fixture
def agency(settings: Any, tmp_path: Path) -> Any:
    """Two clients; the first wants everything gone early."""
    settings.DATA_DIR = tmp_path
    made = build()
    retention.change(made.insiders["manage"], made.ours.account, dict(SHORT))
    yield made
    clock.reset()


def purge_all() -> None:
    """What the beat has done every hour and night."""
    housekeeping.run()
    purging.run()
    making.keep_house()


def left(account: Account) -> dict[str, int]:
    """What is there of each kind."""
    return {
        "deleted": Contact.objects.filter(account=account).exclude(gone_at=None).count(),
        "uploads": ImportFile.objects.filter(account=account).exclude(stored_name="").count(),
        "plans": PlannedRow.objects.filter(account=account).exclude(label="").count(),
        "exports": ExportJob.objects.filter(account=account, state="ready").count(),
        "exchanges": KeptExchange.objects.filter(account=account).count(),
        "calls": ApiCall.objects.filter(account=account).count(),
    }


def end_everything(account: Account) -> None:
    """Everything that age may take of a client begins to age now."""
    with writing():
        Contact.objects.filter(account=account).update(gone_at=timezone.now())
    ChangeSet.objects.filter(account=account).update(state="done", finished_at=timezone.now())
    call = ApiCall.objects.get(account=account)
    KeptExchange.objects.create(account=account, call=call, sealed="x", at=timezone.now())


@pytest.mark.parametrize("kind", SHORT)
def test_each_purger_honours_the_clients_days(agency: Agency, kind: str) -> None:
    ours, theirs = agency.ours.account, agency.theirs.account
    for account in (ours, theirs):
        Change.objects.filter(account=account).update(state="done")
        end_everything(account)
    clock.advance(timedelta(days=SHORT[kind], hours=-1).total_seconds())
    purge_all()
    assert left(ours)[kind] == 1
    clock.advance(timedelta(hours=2).total_seconds())
    purge_all()
    assert left(ours)[kind] == 0
    assert left(theirs)[kind] == 1
    assert Purged.objects.get(account=ours, kind=kind).number == 1
    assert not Purged.objects.filter(account=theirs, kind=kind).exists()
    usual = retention.KINDS[kind].most
    clock.advance(timedelta(days=usual - SHORT[kind]).total_seconds())
    purge_all()
    assert left(theirs)[kind] == 0


@pytest.mark.parametrize("kind", retention.KINDS)
@pytest.mark.parametrize("beyond", [1, -1])
def test_nothing_beyond_the_bounds(agency: Agency, kind: str, beyond: int) -> None:
    known = retention.KINDS[kind]
    wrong = known.most + 1 if beyond > 0 else known.least - 1
    with pytest.raises(ValidationError) as refusal:
        retention.change(agency.administrator, agency.ours.account, {kind: wrong})
    assert list(refusal.value.message_dict) == [kind]


def test_a_setting_that_was_lowered_wins_over_what_was_chosen(agency: Agency, settings: Any) -> None:
    settings.IMPORT_FILES_KEPT_DAYS = 2
    assert retention.days(agency.ours.account, "uploads") == 2


def test_only_who_manages_chooses(agency: Agency) -> None:
    for user in (agency.insiders["send"], agency.outsiders["other"]):
        with pytest.raises(PermissionDenied):
            retention.change(user, agency.ours.account, {"calls": 20})


def test_on_the_settings_page(agency: Agency) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(agency.insiders["manage"])
    page = f"/c/{agency.ours.account.slug}/settings/retention/"
    retention.count(agency.ours.account.pk, "calls", 1234)
    shown = client.get(page).content.decode()
    assert "1,234" in shown
    assert 'value="10"' in shown
    answer = client.post(page, {"form_token": str(uuid4()), **SHORT, "calls": "", "exports": "1"})
    assert answer.status_code == 302
    account = Account.objects.get(pk=agency.ours.account.pk)
    assert account.kept_days == {**{k: v for k, v in SHORT.items() if k != "calls"}, "exports": 1}
    entry = AuditEvent.objects.filter(action="account.retention").latest("pk")
    assert (entry.detail["days_before"]["exports"], entry.detail["days_after"]["exports"]) == (2, 1)
    refused = client.post(page, {"form_token": str(uuid4()), **SHORT, "calls": "91"})
    assert refused.status_code == 200
    assert Account.objects.get(pk=account.pk).kept_days == account.kept_days


def test_a_file_is_kept_as_long_as_its_client_wants(agency: Agency) -> None:
    job = ExportJob.objects.filter(account=agency.ours.account).get()
    ExportJob.objects.filter(pk=job.pk).update(state="waiting", actor=agency.insiders["manage"], query="")
    making.make(job.pk)
    job.refresh_from_db()
    assert job.expires_at is not None
    assert job.finished_at is not None
    assert job.expires_at - job.finished_at == timedelta(days=2)
