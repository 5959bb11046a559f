"""Gathering the facts for preflight: from the mirror, and from what the vendor just said where it was asked."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Count, Q

from campaigns.models import Campaign, ClientIdentity, Confirmation, Edition, EditionGroup, Mailing
from campaigns.services import left_to_schedule
from contacts.consent import terms
from contacts.models import GroupMembership
from cyberadmin.accounts.models import Account, Credential
from cyberadmin.sync.clock import now
from templates import merge_fields

from . import run, waiting
from .facts import NEAR, EditionFacts, Facts, GroupFacts, Report


def check(
    campaign: Campaign, confirmation: Confirmation | None = None, editions: Sequence[Edition] | None = None
) -> Report:
    """Preflight of a campaign as it is written now; with a confirmation, on the vendor's own numbers."""
    return run(gather(campaign, confirmation, editions))


def gather(
    campaign: Campaign, confirmation: Confirmation | None = None, editions: Sequence[Edition] | None = None
) -> Facts:
    """The facts of a campaign: of the languages that are still to be scheduled, or of these `editions` as they are here."""
    account = campaign.account
    identity = ClientIdentity.objects.filter(account=account).first()
    active = account.credentials.filter(state=Credential.State.ACTIVE).first()
    every = list(campaign.editions.all())
    looked_at = left_to_schedule(every) if editions is None else editions
    return Facts(
        now=now(),
        zone=account.zone,
        editions=tuple(_edition(campaign, one, confirmation) for one in looked_at),
        in_both=_in_both(every),
        identity_name=identity.name if identity else "",
        identity_address=identity.postal_address if identity else "",
        account_works=account.is_working,
        account_problem=_problem(account),
        token_expires_at=active.expires_at if active else None,
        asked=confirmation is not None,
    )


def _problem(account: Account) -> str:
    if account.paused_reason:
        return str(account.get_paused_reason_display())
    return "" if account.is_working else str(account.get_state_display())


def _edition(campaign: Campaign, edition: Edition, confirmation: Confirmation | None) -> EditionFacts:
    told = {one["pk"]: one for one in confirmation.groups.get(edition.language, [])} if confirmation else None
    chosen = list(edition.groups.select_related("group"))
    ids = [one.group_id for one in chosen if one.group_id is not None]
    body = f"{edition.subject}\n{edition.body_html}\n{edition.body_text}"
    fields = _fields(campaign.account, body)
    return EditionFacts(
        language=edition.language,
        language_name=str(edition.get_language_display()),
        subject=edition.subject,
        mail_from=edition.mail_from,
        from_name=edition.from_name,
        reply_to=edition.reply_to,
        html=edition.body_html,
        text=edition.body_text,
        send_at=edition.send_at,
        groups=tuple(_group(one, told) for one in chosen),
        waiting=waiting.count(campaign.account_id, ids),
        sender_known=_sender_known(campaign.account, edition.mail_from),
        near=tuple(_near(edition, ids)),
        **fields,
        **_people(ids, _day_of(campaign.account, edition)),
    )


def _fields(account: Account, body: str) -> dict[str, Any]:
    """What is wrong with the merge fields of subject and bodies: those that nobody has seen work."""
    known = merge_fields.known(account)
    names = {merge_fields.name_key(one.name) for one in merge_fields.custom(account, known)}
    unseen = [field for field in merge_fields.used_in(body) if field not in set(known)]
    return {
        "unknown_fields": tuple(field for field in unseen if merge_fields.name_key(field) not in names),
        "unproven_fields": tuple(field for field in unseen if merge_fields.name_key(field) in names),
        "foreign_fields": tuple(merge_fields.foreign_in(body)),
    }


def _group(chosen: EditionGroup, told: dict[int | None, dict[str, Any]] | None) -> GroupFacts:
    group = chosen.group
    if group is None:
        return GroupFacts(chosen.title, found=False)
    here = group.gone_at is None and group.deleted_at is None and group.remote_id is not None
    if told is None:
        return GroupFacts(group.title, here, group.members_count, group.is_dynamic)
    there = told.get(group.pk, {"found": False, "count": 0, "is_dynamic": False, "mirrored_count": 0})
    found = here and bool(there["found"])
    return GroupFacts(group.title, found, there["count"], there["is_dynamic"], there["mirrored_count"])


def _day_of(account: Account, edition: Edition) -> date:
    """The client's day on which people get it, as far as it is chosen; never one that is over."""
    leaves = edition.send_at or now()
    return max(leaves.astimezone(account.zone).date(), terms.today(account))


def _people(group_ids: list[int], day: date) -> dict[str, Any]:
    """Who is in these groups, each person once. A consent does not hold on the day it expires (product.md 3a)."""
    inside = GroupMembership.objects.filter(group_id__in=group_ids, contact__gone_at=None).exclude(pending="remove")
    by_language = inside.values("contact__language").annotate(n=Count("contact", distinct=True)).order_by()
    counted = inside.aggregate(
        unsubscribed=Count("contact", distinct=True, filter=Q(contact__state="unsubscribed")),
        bounced=Count("contact", distinct=True, filter=Q(contact__state="bounced")),
        lapsed=Count("contact", distinct=True, filter=Q(contact__consent_expires_on__lte=day)),
    )
    return {"languages": {row["contact__language"]: row["n"] for row in by_language}, **counted}


def _in_both(editions: list[Edition]) -> int:
    if len(editions) < 2:
        return 0
    first, second = (
        GroupMembership.objects.filter(group__in=edition.groups.values("group")).exclude(pending="remove")
        for edition in editions[:2]
    )
    both = first.filter(contact__gone_at=None, contact__in=second.values("contact"))
    return both.values("contact").distinct().count()


def _sender_known(account: Account, address: str) -> bool:
    sent = Mailing.objects.filter(account=account, mail_from__iexact=address).exclude(remote_id=None)
    return sent.exists() or account.senders.filter(address__iexact=address).exists()


def _near(edition: Edition, group_pks: list[int]) -> list[tuple[str, Any]]:
    """Other live mailings within a day that go to one of the same groups."""
    if edition.send_at is None:
        return []
    ids = set(edition.groups.filter(group_id__in=group_pks).values_list("group__remote_id", flat=True))
    around = Mailing.objects.filter(
        account_id=edition.campaign.account_id,
        gone_at=None,
        deleted_at=None,
        send_at__gt=edition.send_at - NEAR,
        send_at__lt=edition.send_at + NEAR,
    ).exclude(purpose=Mailing.Purpose.TEST)
    others = around.exclude(edition__campaign=edition.campaign_id)
    return [(one.subject, one.send_at) for one in others.order_by("send_at")[:200] if ids & set(one.group_ids)]
