"""What a move needs beside its two changes: whether it may be made, and the approval that the new time stands on."""

from datetime import datetime

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from cyberadmin.sync import record
from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import PullRun

from . import fingerprint, gate
from .approvals import OPEN
from .models import Approval, Campaign, Edition, Mailing
from .preflight import gather

KIND = "mailing"
#: What may have gone wrong since the approval, or goes wrong at another time. The rest stays as it was approved.
CHECKS = ("groups_there", "groups_filled", "consent")


def check_movable(row: Mailing, moment: datetime) -> tuple[Edition, Approval]:
    """The edition and the approval of a mailing that may be moved. Raises ValidationError for any other."""
    if row.purpose != Mailing.Purpose.REAL or row.edition is None or row.approval is None:
        raise ValidationError(_("This mailing was not made here, so it can only be cancelled here, not moved."))
    if row.stage not in (Mailing.Stage.NEW, Mailing.Stage.SCHEDULED):
        raise ValidationError(_("This mailing has already started, so it cannot be moved any more."))
    if row.remote_id is None or record.open_changes(KIND, row):
        raise ValidationError(_("This mailing is still on its way to Cyberimpact. Wait until it is scheduled there."))
    if row.send_at == moment:
        raise ValidationError({"send_at": _("The mailing is scheduled for that time already.")})
    return row.edition, row.approval


def check_people(edition: Edition, approval: Approval) -> None:
    """Raise ValidationError where the new mailing would be stopped, as far as the mirror knows: the old one then stays."""
    blocks = gather.check(edition.campaign, editions=[edition]).blocks
    problems = [one.sentence for one in blocks if one.check in CHECKS]
    approved, counted = approval.recipients.get(edition.language, 0), _counted_since(edition, approval)
    if counted is not None and gate.has_drifted(approved, counted):
        problems.append(
            _("%(approved)s recipients were approved; there are %(count)s in these groups now.")
            % {"approved": approved, "count": counted}
        )
    if problems:
        raise ValidationError([*problems, _("Cancel the mailing, then have the campaign approved as it is now.")])


def approve_time(actor: User, approval: Approval, campaign: Campaign, edition: Edition) -> Approval:
    """What is approved of the locked campaign, with another time for one language, given by who moves it.

    `approval`: what the moved mailing stands on. Nothing of another language is approved by this but what already was.
    """
    held = campaign.approvals.filter(state=Approval.State.APPROVED).first()
    campaign.approvals.filter(state__in=OPEN).update(state=Approval.State.WITHDRAWN)
    language = edition.language
    again = Approval.objects.create(
        campaign=campaign,
        state=Approval.State.APPROVED,
        fingerprints={**(held.fingerprints if held else {}), language: fingerprint.of_edition(edition)},
        recipients={**(held.recipients if held else {}), language: approval.recipients.get(language, 0)},
        asked_by=actor,
        asked_at=now(),
        decided_by=actor,
        decided_at=now(),
        note=approval.note,
    )
    if held is not None:
        # What still waits to be made in another language stands on the approval that holds now.
        with writing():
            Mailing.objects.filter(edition__campaign=campaign, approval=held, remote_id=None, gone_at=None).update(
                approval=again
            )
    return again


def _counted_since(edition: Edition, approval: Approval) -> int | None:
    """People in the edition's groups; None where they were not read since the approval, which counted at the vendor."""
    account = edition.campaign.account_id
    read = PullRun.objects.filter(account=account, state=PullRun.State.COMPLETE, started_at__gt=approval.decided_at)
    if not read.exists():
        return None
    groups = [one.group for one in edition.groups.select_related("group") if one.group is not None]
    return sum(max(group.members_count, 0) for group in groups)
