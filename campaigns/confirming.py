"""What the vendor says about a campaign's groups right now, read by a worker before anybody agrees (product.md 2, T26)."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from cyberadmin.api import errors
from cyberadmin.api.client import ApiClient
from cyberadmin.sync import connection, pace
from cyberadmin.sync.clock import now
from cyberadmin.sync.doorbell import ring_now

from . import fingerprint
from .models import Campaign, Confirmation, Edition, EditionGroup
from .services import require

#: How long what was read may be relied on.
FRESH = timedelta(minutes=15)
#: How long it is kept at all: what was approved is in the approval.
KEPT = timedelta(days=1)
#: How long a request waits until a worker is rung for again, and until it is given up.
UNHEARD, GIVEN_UP = timedelta(seconds=20), timedelta(minutes=5)
READ = "campaigns.tasks.read_confirmation"


def request_confirmation(actor: User, campaign: Campaign) -> Confirmation:
    """Have a worker read the campaign's groups at the vendor. A request that still waits is rung for again."""
    require(actor, "edit", campaign.account)
    with transaction.atomic():
        campaign.confirmations.filter(requested_at__lt=now() - KEPT).delete()
        waiting = campaign.confirmations.filter(state=Confirmation.State.WAITING).first()
        asked: Confirmation = waiting or Confirmation.objects.create(
            campaign=campaign, requested_by=actor, requested_at=now()
        )
        transaction.on_commit(lambda: ring_now(READ, asked.pk), robust=True)
    return asked


def due(limit: int = 20) -> list[int]:
    """Requests that nobody reads: their doorbell or their worker was lost. One that waited too long has failed."""
    waiting = Confirmation.objects.filter(state=Confirmation.State.WAITING)
    given_up = waiting.filter(requested_at__lt=now() - GIVEN_UP)
    given_up.update(state=Confirmation.State.FAILED, error="worker_lost", read_at=now())
    return list(waiting.filter(requested_at__lt=now() - UNHEARD).values_list("pk", flat=True)[:limit])


def latest_confirmation(campaign: Campaign) -> Confirmation | None:
    """The last reading, if it is fresh and is about the campaign as it is written now."""
    last: Confirmation | None = campaign.confirmations.filter(state=Confirmation.State.READY).first()
    return last if last is not None and fits(last, campaign) else None


def fits(confirmation: Confirmation, campaign: Campaign) -> bool:
    """Whether a reading is about this very content and young enough."""
    if confirmation.campaign_id != campaign.pk or confirmation.state != Confirmation.State.READY:
        return False
    if confirmation.read_at is None or now() - confirmation.read_at > FRESH:
        return False
    return bool(confirmation.fingerprints == fingerprints(campaign))


def fingerprints(campaign: Campaign) -> dict[str, str]:
    """The digest of each language as it is written now."""
    return {edition.language: fingerprint.of_edition(edition) for edition in campaign.editions.all()}


def counts(confirmation: Confirmation) -> dict[str, int]:
    """People in all groups of each language, as the vendor counts them."""
    return {language: sum(group["count"] for group in groups) for language, groups in confirmation.groups.items()}


def read(confirmation_id: int) -> None:
    """Read the groups of one request (a worker's job). Ends it as ready or failed."""
    asked = Confirmation.objects.select_related("campaign__account").filter(pk=confirmation_id).first()
    if asked is None or asked.state != Confirmation.State.WAITING:
        return
    account = asked.campaign.account
    log = connection.CallLog(account.pk)
    try:
        with connection.client_for(account, log) as client:
            try:
                _read(client, asked)
            except errors.ApiError as error:
                connection.handle_account_error(account, client, error)
                _failed(asked, error.vendor_message or type(error).__name__)
    except (connection.AccountPaused, pace.HoldOff) as stopped:
        _failed(asked, type(stopped).__name__)
    finally:
        connection.flush_alone(log)


def _read(client: ApiClient, asked: Confirmation) -> None:
    prints = fingerprints(asked.campaign)
    groups = {edition.language: _groups(client, edition) for edition in asked.campaign.editions.all()}
    waiting = Confirmation.objects.filter(pk=asked.pk, state=Confirmation.State.WAITING)
    waiting.update(
        state=Confirmation.State.READY,
        fingerprints=prints,
        groups=groups,
        recipients=sum(group["count"] for found in groups.values() for group in found),
        read_at=now(),
    )


def _groups(client: ApiClient, edition: Edition) -> list[dict[str, Any]]:
    return [_group(client, chosen) for chosen in edition.groups.select_related("group")]


def _group(client: ApiClient, chosen: EditionGroup) -> dict[str, Any]:
    group = chosen.group
    told = {
        "pk": group.pk if group else None,
        "remote_id": group.remote_id if group else None,
        "title": chosen.title,
        "found": False,
        "is_dynamic": bool(group and group.is_dynamic),
        "count": 0,
        "mirrored_count": group.members_count if group else 0,
        "renamed": False,
    }
    if group is None or group.remote_id is None:
        return told
    try:
        there = client.groups.get(group.remote_id)
    except errors.NotFound:
        return told
    told |= {"found": True, "is_dynamic": there.is_dynamic, "count": there.members_count}
    return told | {"title": there.title, "renamed": there.title != chosen.title}


def _failed(asked: Confirmation, why: str) -> None:
    waiting = Confirmation.objects.filter(pk=asked.pk, state=Confirmation.State.WAITING)
    waiting.update(state=Confirmation.State.FAILED, error=why[:200], read_at=now())
