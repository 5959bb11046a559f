"""Agreeing to send: bound to a fingerprint of what goes out, taken back by any edit (product.md N10)."""

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cyberadmin.accounts import audit
from cyberadmin.sync import record
from cyberadmin.sync.clock import now

from . import confirming, states
from .models import Approval, Campaign, Confirmation
from .preflight import gather
from .services import is_stood_on, require

OPEN = (Approval.State.ASKED, Approval.State.APPROVED)


def open_approval(campaign: Campaign) -> Approval | None:
    """The request that waits, or the approval that holds."""
    found: Approval | None = campaign.approvals.filter(state__in=OPEN).first()
    return found


def typed_count_needed(recipients: int) -> bool:
    """Whether the person who sends must type how many people it reaches."""
    return bool(recipients > settings.CAMPAIGNS_TYPED_COUNT_ABOVE)


def ask_approval(actor: User, campaign: Campaign, confirmation: Confirmation, note: str = "") -> Approval:
    """Ask somebody who may send to approve the campaign as it is now. Refused while preflight blocks it."""
    require(actor, "edit", campaign.account)
    with transaction.atomic():
        row = _ready(campaign, confirmation)
        if open_approval(row) is not None:
            raise ValidationError(_("This campaign waits for approval already, or has it."))
        approval = _save(Approval.State.ASKED, actor, row, confirmation, note=note)
        audit.record("campaign.asked", actor=actor, account=row.account, campaign=row.pk, why=note)
    return approval


def approve(actor: User, campaign: Campaign, confirmation: Confirmation, typed_count: int | None = None) -> Approval:
    """Agree to send exactly what is written and what the confirmation showed.

    Above the threshold in settings nobody approves what they asked for or wrote last themselves, and the number of
    recipients must be typed.
    """
    require(actor, "send", campaign.account)
    with transaction.atomic():
        row = _ready(campaign, confirmation)
        check_typed(confirmation.recipients, typed_count)
        asked = row.approvals.filter(state=Approval.State.ASKED).first()
        _check_second_person(actor, row, asked, confirmation.recipients)
        if asked is None:
            if open_approval(row) is not None:
                raise ValidationError(_("This campaign is approved already."))
            asked = _save(Approval.State.ASKED, actor, row, confirmation)
        elif asked.fingerprints != confirmation.fingerprints:
            raise ValidationError(_("The campaign changed since the approval was asked for. Reload the page."))
        Approval.objects.filter(pk=asked.pk).update(
            state=Approval.State.APPROVED,
            decided_by=actor,
            decided_at=now(),
            recipients=confirming.counts(confirmation),
        )
        asked.refresh_from_db()
        states.refresh(row.pk)
        audit.record(
            "campaign.approved",
            actor=actor,
            account=row.account,
            campaign=row.pk,
            recipients=asked.recipients,
            fingerprints=asked.fingerprints,
        )
    return asked


def refuse_approval(actor: User, approval: Approval, why: str) -> None:
    """Say no to a request, with a reason for who asked."""
    require(actor, "send", approval.campaign.account)
    if not why.strip():
        raise ValidationError({"why": _("Say why, so that your colleague knows what to change.")})
    _close(actor, approval, Approval.State.REFUSED, (Approval.State.ASKED,), why)


def withdraw_approval(actor: User, approval: Approval) -> None:
    """Take a request or an approval back: who asked may, and whoever may send.

    Raises ValidationError while a mailing that stands on it is on its way: a move would be stopped half-way.
    """
    require(actor, "edit" if approval.asked_by_id == actor.pk else "send", approval.campaign.account)
    with transaction.atomic():
        record.lock(approval.campaign)
        if is_stood_on(approval):
            raise ValidationError(
                _("A mailing is on its way to Cyberimpact on this approval. Cancel that mailing instead.")
            )
        _close(actor, approval, Approval.State.WITHDRAWN, OPEN, "")


def check_typed(recipients: int, typed_count: int | None) -> None:
    """Raise ValidationError unless the number of recipients was typed where it must be."""
    if typed_count_needed(recipients) and typed_count != recipients:
        raise ValidationError(
            {"typed_count": _("Type the number of recipients, %(count)s, to confirm.") % {"count": recipients}}
        )


def _ready(campaign: Campaign, confirmation: Confirmation) -> Campaign:
    """The locked campaign, if the confirmation is about it as it is now and preflight lets it pass."""
    row: Campaign = record.lock(campaign)
    if not confirming.fits(confirmation, row):
        raise ValidationError(
            _("What Cyberimpact said is too old, or the campaign changed since. Read the groups again, then confirm.")
        )
    report = gather.check(row, confirmation)
    if report.blocks:
        raise ValidationError([finding.sentence for finding in report.blocks])
    if not report.may_be_sent:
        raise ValidationError(_("Every language of this campaign is scheduled or sent already."))
    return row


def _check_second_person(actor: User, campaign: Campaign, asked: Approval | None, recipients: int) -> None:
    if recipients <= settings.CAMPAIGNS_SECOND_PERSON_ABOVE:
        return
    authors = {asked.asked_by_id} if asked is not None else set(campaign.editions.values_list("edited_by", flat=True))
    if actor.pk in authors:
        raise ValidationError(
            _("This goes to %(count)s people, so a second person must approve it. Ask a colleague who may send.")
            % {"count": recipients}
        )


def _save(state: str, actor: User, campaign: Campaign, confirmation: Confirmation, note: str = "") -> Approval:
    try:
        with transaction.atomic():
            approval = Approval.objects.create(
                campaign=campaign,
                state=state,
                fingerprints=confirmation.fingerprints,
                recipients=confirming.counts(confirmation),
                asked_by=actor,
                asked_at=now(),
                note=note.replace("\x00", ""),
            )
    except IntegrityError:
        raise ValidationError(_("A colleague was quicker. Reload the page.")) from None
    states.refresh(campaign.pk)
    return approval


def _close(actor: User, approval: Approval, state: str, states_before: tuple[str, ...], why: str) -> None:
    with transaction.atomic():
        waiting = Approval.objects.filter(pk=approval.pk, state__in=states_before)
        if not waiting.update(state=state, decided_by=actor, decided_at=now(), answer=why.replace("\x00", "")):
            raise ValidationError(_("This was decided already. Reload the page."))
        campaign = approval.campaign
        states.refresh(campaign.pk)
        audit.record(f"campaign.{state}", actor=actor, account=campaign.account, campaign=campaign.pk, why=why)


def may_decide(actor: User, approval: Approval) -> bool:
    """Whether this person may approve or refuse this request."""
    try:
        require(actor, "send", approval.campaign.account)
        _check_second_person(actor, approval.campaign, approval, approval.total)
    except (PermissionDenied, ValidationError):
        return False
    return True
