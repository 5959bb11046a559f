"""From here on at the vendor: schedule, test, cancel, move. Each records changes; the engine and the gate do the rest.

A move is a cancellation and a new mailing that waits for it; the gate makes the new one only once the vendor no longer
has the old one, so there are never two, and a move that stops half-way is a change that a person sees.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cyberadmin.accounts import audit
from cyberadmin.accounts.models import Account
from cyberadmin.sync import record, services
from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import MirrorQuerySet
from cyberadmin.sync.models import Change
from groups.models import Group

from . import approvals, fingerprint, moving, states, times
from .gate import LEAD, TEST_LEAD
from .models import Approval, Campaign, Edition, Mailing
from .preflight import gather
from .services import clean_time, left_to_schedule, require

__all__ = ["LEAD", "cancel", "countdown", "move", "schedule", "send_test", "test_groups", "twins"]

KIND = "mailing"
#: What the lead must still be when somebody clicks: sending takes a while when the vendor is in trouble.
MARGIN = timedelta(minutes=5)
#: A creation in one of these ways of stopping may have been made all the same.
IN_DOUBT = ("twice_in_doubt", "several_candidates", "look_crashed", "same_mark_there")


def schedule(actor: User, campaign: Campaign, token: UUID | None = None) -> list[Mailing]:
    """Schedule every language that is not scheduled yet. `token`: the form's one-time id, so that two clicks are one.

    Needs the right to send and an approval of exactly what is written. Returns the mailings recorded by this call.
    """
    require(actor, "send", campaign.account)
    with transaction.atomic():
        row: Campaign = record.lock(campaign)
        if token is not None and not services.once(token, actor):
            return []
        approval = row.approvals.filter(state=Approval.State.APPROVED).first()
        editions = left_to_schedule(row.editions.all())
        if not editions:
            raise ValidationError(_("Every language of this campaign is scheduled or sent already."))
        _check_ready(row, approval, editions)
        made = [_record(actor, _from_edition(row, one, approval)) for one in editions]
        states.refresh(row.pk)
        audit.record(
            "campaign.scheduled", actor=actor, account=row.account, campaign=row.pk, mailings=[one.pk for one in made]
        )
    return made


def send_test(actor: User, edition: Edition, group: Group, minutes: int = 5) -> Mailing:
    """Send the edition as it is to a group of one contact: a real mailing, told apart and left out of statistics."""
    account = edition.campaign.account
    require(actor, "edit", account)
    with transaction.atomic():
        row: Edition = record.lock(edition)
        if not (row.subject and (row.body_html or row.body_text)):
            raise ValidationError(_("Write a subject and a body first."))
        if not test_groups(account).filter(pk=group.pk).exists():
            raise ValidationError(_("A test goes to a group of exactly one contact. Choose such a group."))
        mailing = _mailing(account, row, [group])
        mailing.purpose = Mailing.Purpose.TEST
        mailing.send_at = _whole_minute(now() + max(timedelta(minutes=minutes), TEST_LEAD + timedelta(minutes=1)))
        if not times.is_sayable(mailing.send_at):
            raise ValidationError(_("The clocks are being put back just now. Send the test in an hour."))
        made = _record(actor, mailing)
        audit.record("campaign.tested", actor=actor, account=account, campaign=row.campaign_id, mailing=made.pk)
    return made


def test_groups(account: Account) -> MirrorQuerySet:
    """The groups of this client that a test may go to: those with one contact, as the vendor last counted."""
    groups: MirrorQuerySet = Group.objects.filter(
        account=account, gone_at=None, deleted_at=None, members_count=1, remote_id__isnull=False
    )
    return groups


def cancel(actor: User, mailing: Mailing, why: str = "") -> Change | None:
    """Stop a scheduled mailing, made here or elsewhere. Whoever may edit may stop.

    Returns the change that carries it to the vendor; None when nothing had left for there yet.
    """
    require(actor, "edit", mailing.account)
    with transaction.atomic():
        row: Mailing = record.lock(mailing)
        change = _stop(actor, row, why)
        audit.record(
            "mailing.cancelled",
            actor=actor,
            account=row.account,
            mailing=row.pk,
            remote_id=row.remote_id,
            subject=row.subject,
            why=why,
        )
    return change


def move(
    actor: User,
    mailing: Mailing,
    local: datetime,
    which: times.Which | None = None,
    typed_count: int | None = None,
    why: str = "",
) -> Mailing:
    """Send a scheduled mailing at another time: it is cancelled, then made anew; both numbers are kept.

    Who moves it may send and thereby approves the new time; everything else stays as it was approved. Raises
    ValidationError where the new mailing would be stopped: a list that lived, a group that is gone, a consent that ends.
    """
    require(actor, "send", mailing.account)
    moment = clean_time(mailing.account, local, which)
    if moment - now() < LEAD + MARGIN:
        raise ValidationError({"send_at": _too_near()})
    with transaction.atomic():
        row: Mailing = record.lock(mailing)
        edition, approval = moving.check_movable(row, moment)
        approvals.check_typed(approval.recipients.get(row.language, 0), typed_count)
        # Both languages may be moved at once, and the approval of both is one.
        campaign = record.lock(edition.campaign)
        edition.send_at = moment
        edition.version += 1
        moving.check_people(edition, approval)
        edition.save()
        again = moving.approve_time(actor, approval, campaign, edition)
        gone = _stop(actor, row, why)
        made = _from_edition(campaign, edition, again)
        made.moved_from, made.moved_from_remote_id = row, row.remote_id
        _record(actor, made, why, (gone,) if gone else ())
        states.refresh(campaign.pk)
        audit.record(
            "mailing.moved",
            actor=actor,
            account=row.account,
            mailing=row.pk,
            remote_id=row.remote_id,
            became=made.pk,
            send_at=moment.isoformat(),
            why=why,
        )
    return made


def countdown(mailing: Mailing) -> timedelta | None:
    """How long until it leaves; None when it is not scheduled at the vendor."""
    if mailing.stage != Mailing.Stage.SCHEDULED or not mailing.is_live or mailing.send_at is None:
        return None
    return max(mailing.send_at - now(), timedelta(0))


def twins(account: Account) -> list[Mailing]:
    """Scheduled mailings that double one of ours: the surplus is cancelled after a person said so."""
    doubles = Mailing.objects.filter(account=account, gone_at=None, deleted_at=None, stage=Mailing.Stage.SCHEDULED)
    return list(doubles.exclude(twin_of=None).select_related("twin_of"))


# --- making ---
def _check_ready(campaign: Campaign, approval: Approval | None, editions: list[Edition]) -> None:
    covered = approval is not None and all(
        approval.covers(one.language, fingerprint.of_edition(one)) for one in editions
    )
    if not covered:
        raise ValidationError(_("This campaign is not approved as it is now. Have it approved first."))
    if any(one.send_at is None or one.send_at - now() < LEAD + MARGIN for one in editions):
        raise ValidationError(_too_near())
    blocks = gather.check(campaign, None).blocks
    if blocks:
        raise ValidationError([finding.sentence for finding in blocks])


def _too_near() -> str:
    minutes = int((LEAD + MARGIN).total_seconds() // 60)
    return _("Choose a time at least %(minutes)s minutes ahead, so that it can still be stopped.") % {
        "minutes": minutes
    }


def _from_edition(campaign: Campaign, edition: Edition, approval: Approval | None) -> Mailing:
    chosen = edition.groups.select_related("group").order_by("group__remote_id")
    mailing = _mailing(campaign.account, edition, [one.group for one in chosen if one.group is not None])
    mailing.purpose, mailing.approval = Mailing.Purpose.REAL, approval
    return mailing


def _mailing(account: Account, edition: Edition, groups: Iterable[Group]) -> Mailing:
    """An unsaved mailing with the content of an edition."""
    there = sorted((group for group in groups if group.remote_id is not None), key=lambda group: group.remote_id or 0)
    return Mailing(
        account=account,
        edition=edition,
        language=edition.language,
        subject=edition.subject,
        mail_from=edition.mail_from,
        from_name=edition.from_name,
        reply_to=edition.reply_to,
        body_html=edition.body_html,
        body_text=edition.body_text,
        body_available=True,
        send_at=edition.send_at,
        group_ids=[group.remote_id for group in there],
        groups=[{"id": group.remote_id, "title": group.title} for group in there],
    )


def _record(actor: User, mailing: Mailing, why: str = "", waits_for: tuple[Change, ...] = ()) -> Mailing:
    record.create(KIND, mailing, record.Intent(actor, why, waits_for=waits_for))
    return mailing


def _whole_minute(moment: datetime) -> datetime:
    """The next whole minute: the vendor may keep no seconds (docs/engine.md)."""
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)


# --- stopping ---
def _stop(actor: User, row: Mailing, why: str) -> Change | None:
    if row.gone_at is not None or row.deleted_at is not None:
        raise ValidationError(_("This mailing is cancelled or being cancelled already."))
    if row.stage not in (Mailing.Stage.NEW, Mailing.Stage.SCHEDULED):
        raise ValidationError(_("This mailing has already started, so it cannot be cancelled any more."))
    if row.remote_id is None and not _was_taken(row):
        _forget(row)
        return None
    row.deleted_at = now()
    record.begin(KIND, row, {})
    change = record.act(KIND, row, Change.Verb.DELETE, {}, record.Intent(actor, why))
    _refresh(row)
    return change


def _was_taken(row: Mailing) -> bool:
    """Whether a worker is making this mailing just now; else its creation is taken out of the queue.

    Raises ValidationError where nobody knows whether it was made: a person looks first.
    """
    changes = record.open_changes(KIND, row)
    if any(change.state not in Change.IN_FLIGHT and change.reason in IN_DOUBT for change in changes):
        raise ValidationError(
            _("Nobody knows yet whether Cyberimpact made this mailing. Open it in the Outbox and decide there first.")
        )
    record.supersede(changes, "deleted_since")
    return any(change.state in Change.IN_FLIGHT for change in record.open_changes(KIND, row))


def _forget(row: Mailing) -> None:
    row.gone_at, row.snapshot = now(), None
    record.save(row)
    _refresh(row)


def _refresh(row: Mailing) -> None:
    if row.edition is not None:
        states.refresh(row.edition.campaign_id)
