"""What staff do with campaigns before anything reaches the vendor: write, choose groups and time, have it approved.

Every function checks the right and the rules and raises PermissionDenied or ValidationError with a sentence that says
what to do. Any edit of what people would receive takes an open approval back (product.md N10, 3d-10).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cyberadmin.accounts import audit, policy
from cyberadmin.accounts.models import Account
from cyberadmin.accounts.policy import Right
from cyberadmin.sync import record
from cyberadmin.sync.clock import now
from groups.models import Group

from . import states, times
from .cleaning import MOST_BODY as MOST_BODY
from .cleaning import TEXTS, clean, clean_name
from .models import Approval, Campaign, ClientIdentity, Edition, EditionGroup, Mailing
from .models.writing import Language


# --- campaigns ---
def create_campaign(
    actor: User, account: Account, name: str, languages: Iterable[str], groups: Iterable[Group] = ()
) -> Campaign:
    """Begin a communication in one or both languages; `groups` of this client are chosen for each of them."""
    require(actor, "edit", account)
    languages, groups = list(dict.fromkeys(languages)), list(groups)
    if any(group.account_id != account.pk for group in groups):
        raise PermissionDenied
    if not languages or not set(languages) <= set(Language.values):
        raise ValidationError({"languages": _("Choose French, English or both.")})
    with transaction.atomic():
        campaign = Campaign.objects.create(account=account, name=clean_name(name), created_by=actor)
        for language in languages:
            _set_groups(Edition.objects.create(campaign=campaign, language=language, edited_by=actor), groups)
        audit.record("campaign.created", actor=actor, account=account, campaign=campaign.pk, name=campaign.name)
    return campaign


def rename_campaign(actor: User, campaign: Campaign, name: str) -> None:
    """Give a campaign another name; people who receive it never see it, so an approval stays."""
    require(actor, "edit", campaign.account)
    campaign.name = clean_name(name)
    campaign.save(update_fields=["name", "updated_at"])


def delete_campaign(actor: User, campaign: Campaign) -> None:
    """Delete a campaign of which nothing was ever sent to the vendor. Raises ValidationError for any other."""
    require(actor, "edit", campaign.account)
    with transaction.atomic():
        row = _lock_campaign(campaign)
        if Mailing.objects.filter(edition__campaign=row).exists():
            raise ValidationError(_("Something of this campaign was sent or scheduled, so it stays for the record."))
        audit.record("campaign.deleted", actor=actor, account=row.account, campaign=row.pk, name=row.name)
        row.delete()


def copy_campaign(actor: User, campaign: Campaign, name: str) -> Campaign:
    """A new campaign of the same client with the same texts and groups, without times and approvals."""
    with transaction.atomic():
        made = create_campaign(actor, campaign.account, name, [one.language for one in campaign.editions.all()])
        for edition in made.editions.all():
            old = campaign.editions.get(language=edition.language)
            for field in (*TEXTS, "template_pk"):
                setattr(edition, field, getattr(old, field))
            edition.save()
            _set_groups(edition, [one.group for one in old.groups.select_related("group") if one.group is not None])
    return made


def add_language(actor: User, campaign: Campaign, language: str) -> Edition:
    """Write the campaign in another language too."""
    require(actor, "edit", campaign.account)
    if language not in Language.values:
        raise ValidationError({"language": _("Choose French or English.")})
    with transaction.atomic():
        row = _lock_campaign(campaign)
        if row.editions.filter(language=language).exists():
            raise ValidationError({"language": _("This campaign has that language already.")})
        take_back(row)
        return Edition.objects.create(campaign=row, language=language, edited_by=actor)


def remove_language(actor: User, edition: Edition) -> None:
    """Give up one language of a campaign. Raises ValidationError for the last one and for what was sent already."""
    require(actor, "edit", edition.campaign.account)
    with transaction.atomic():
        row = _lock_campaign(edition.campaign)
        if row.editions.count() == 1:
            raise ValidationError(_("This is the campaign's only language: delete the campaign instead."))
        if edition.mailings.exists():
            raise ValidationError(_("This language was scheduled or sent already, so it stays for the record."))
        take_back(row)
        edition.delete()


# --- editions ---
def edit_edition(
    actor: User, edition: Edition, values: dict[str, Any], expected_version: int, shown: dict[str, Any] | None = None
) -> Edition:
    """Change texts, sender, template or groups of one language.

    `values`: any of subject, mail_from, from_name, reply_to, body_html, body_text, template_pk, template_title and
    groups (list of Group). Raises record.StaleEdit when somebody changed the same fields since the form was shown; groups
    are named in it by their titles. `shown`: what the form showed, its groups as a list of keys.
    """
    require(actor, "edit", edition.campaign.account)
    with transaction.atomic():
        campaign = _lock_campaign(edition.campaign)
        row: Edition = record.lock(edition)
        cleaned = clean(campaign.account, values)
        groups = cleaned.pop("groups", None)
        changed = {name: value for name, value in cleaned.items() if getattr(row, name) != value}
        if groups is not None and _group_ids(row) == sorted(group.pk for group in groups):
            groups = None
        if not changed and groups is None:
            return row
        _check_free(row)
        _check_stale(row, changed, groups, expected_version, shown)
        for name, value in changed.items():
            setattr(row, name, value)
        if groups is not None:
            _set_groups(row, groups)
        _edited(actor, row)
    return row


def set_time(
    actor: User,
    campaign: Campaign,
    local: datetime,
    which: times.Which | None = None,
    languages: Iterable[str] | None = None,
) -> datetime:
    """Choose when the campaign leaves, as wall time in the account's zone; returns the UTC moment.

    Raises ValidationError on "send_at" with code "seconds", "skipped", "doubled" (ask which), "unsayable" or "past".
    """
    require(actor, "edit", campaign.account)
    moment = clean_time(campaign.account, local, which)
    with transaction.atomic():
        editions = _lock_campaign(campaign).editions.all()
        if languages is not None:
            editions = editions.filter(language__in=list(languages))
        for edition in editions:
            if edition.send_at != moment:
                _check_free(edition)
                edition.send_at = moment
                _edited(actor, edition)
    return moment


def clear_time(actor: User, campaign: Campaign) -> None:
    """Leave the time open again."""
    require(actor, "edit", campaign.account)
    with transaction.atomic():
        for edition in _lock_campaign(campaign).editions.exclude(send_at=None):
            _check_free(edition)
            edition.send_at = None
            _edited(actor, edition)


def clean_time(account: Account, local: datetime, which: times.Which | None = None) -> datetime:
    """The UTC moment of a wall time typed for this account; ValidationError on "send_at" as `set_time` says."""
    try:
        moment = times.instant(local, account.zone, which)
    except ValidationError as refused:
        raise ValidationError({"send_at": refused}) from None
    if moment <= now():
        raise ValidationError({"send_at": ValidationError(_("This time has passed."), code="past")})
    return moment


def set_identity(actor: User, account: Account, name: str, postal_address: str, contact: str) -> ClientIdentity:
    """Say who the client is, as every mailing must (product.md 3a). Raises ValidationError where something is missing."""
    require(actor, "edit", account)
    given = {"name": name, "postal_address": postal_address, "contact": contact}
    values = {field: " ".join(str(text or "").replace("\x00", "").split()) for field, text in given.items()}
    missing = {field: _("The law wants this in every mailing.") for field, text in values.items() if not text}
    if missing:
        raise ValidationError(missing)
    identity = ClientIdentity(account=account, **values)
    identity.clean_fields(exclude=["account"])
    with transaction.atomic():
        identity, _made = ClientIdentity.objects.update_or_create(account=account, defaults=values)
        audit.record("client.identity", actor=actor, account=account, **values)
    return identity


# --- shared with approvals.py and sending.py ---
def require(actor: User, right: Right, account: Account) -> None:
    """Raise PermissionDenied unless the actor holds this right on this account now."""
    if not policy.can(actor, right, account):
        raise PermissionDenied


def take_back(campaign: Campaign) -> None:
    """An edit takes the open request for approval, or the approval itself, back.

    Raises ValidationError while a mailing that stands on it is on its way: without it that one would be stopped, and a
    move stopped half-way leaves no mailing.
    """
    open_ones = campaign.approvals.filter(state__in=(Approval.State.ASKED, Approval.State.APPROVED))
    if any(is_stood_on(one) for one in open_ones):
        raise ValidationError(
            _(
                "Another language of this campaign is on its way to Cyberimpact. Change this once that one is scheduled, "
                "or cancel that one first."
            )
        )
    open_ones.update(state=Approval.State.WITHDRAWN)
    states.refresh(campaign.pk)


def is_stood_on(approval: Approval) -> bool:
    """Whether a mailing that was scheduled by this approval is still on its way to the vendor."""
    on_its_way = Mailing.objects.filter(approval=approval, remote_id=None, gone_at=None, deleted_at=None)
    return bool(on_its_way.exists())


def live_mailing(edition: Edition) -> Mailing | None:
    """The real mailing of this edition that is at the vendor or on its way there, if any."""
    live = edition.mailings.filter(purpose=Mailing.Purpose.REAL, gone_at=None)
    found: Mailing | None = live.order_by("-pk").first()
    return found


def left_to_schedule(editions: Iterable[Edition]) -> list[Edition]:
    """Those of a campaign's languages that are neither scheduled nor sent."""
    return [one for one in editions if live_mailing(one) is None]


def _edited(actor: User, edition: Edition) -> None:
    edition.version += 1
    edition.edited_by = actor
    edition.save()
    edition.campaign.save(update_fields=["updated_at"])
    take_back(edition.campaign)


def _check_free(edition: Edition) -> None:
    """What is scheduled was approved as it is: it is cancelled or moved, never edited (product.md 3d-10)."""
    mailing = live_mailing(edition)
    if mailing is None:
        return
    if mailing.stage in (Mailing.Stage.NEW, Mailing.Stage.SCHEDULED):
        raise ValidationError(_("This language is scheduled. Cancel the mailing first, then change it."))
    raise ValidationError(_("This language was sent. Copy the campaign to write a new one."))


def _check_stale(
    row: Edition, changed: dict[str, Any], groups: list[Group] | None, expected: int, shown: dict[str, Any] | None
) -> None:
    if row.version == expected:
        return
    stale: dict[str, Any] = {
        name: {"before": (shown or {}).get(name), "mine": mine, "now": getattr(row, name)}
        for name, mine in changed.items()
        if shown is None or shown.get(name) != getattr(row, name)
    }
    now_chosen, then = _group_ids(row), (shown or {}).get("groups")
    if groups is not None and then != now_chosen:
        chosen = {"before": then, "mine": [group.pk for group in groups], "now": now_chosen}
        stale["groups"] = {name: _titles(row, keys) for name, keys in chosen.items()}
    if stale:
        raise record.StaleEdit(stale, row.edited_by.get_username() if row.edited_by else "", row.edited_at)


def _group_ids(edition: Edition) -> list[int]:
    return sorted(edition.groups.exclude(group=None).values_list("group_id", flat=True))


def _titles(edition: Edition, keys: Any) -> str:
    """Groups of the client in words; `keys` may come from a form, so what is no key is left out."""
    known = [key for key in keys if isinstance(key, int) and 0 < key < 2**63] if isinstance(keys, list) else []
    there = Group.objects.filter(account=edition.campaign.account_id, pk__in=known)
    return ", ".join(there.order_by("title_key").values_list("title", flat=True))


def _set_groups(edition: Edition, groups: list[Group]) -> None:
    edition.groups.all().delete()
    EditionGroup.objects.bulk_create(
        [EditionGroup(edition=edition, group=group, title=group.title) for group in groups]
    )


def _lock_campaign(campaign: Campaign) -> Campaign:
    """The campaign as it is now, with everything of it held still until the end of the transaction."""
    row: Campaign = record.lock(campaign)
    return row
