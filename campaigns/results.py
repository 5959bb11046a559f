"""What became of mailings: counters, funnel, time curve, and recipients by outcome."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext_lazy

from cyberadmin.accounts.models import Account
from cyberadmin.sync.clock import now
from cyberadmin.sync.doorbell import ring_now
from cyberadmin.sync.mirror import MirrorQuerySet

from .models import Mailing, MailingRecipient, RecipientList
from .services import require

READ_MAILING = "campaigns.tasks.read_mailing"
READ_RECIPIENTS = "campaigns.tasks.read_recipients"
#: The stages in which a mailing has results.
LEFT = (Mailing.Stage.SENDING, Mailing.Stage.SENT, Mailing.Stage.STOPPED, Mailing.Stage.ARCHIVED)


@dataclass(frozen=True)
class Step:
    """One step of the funnel. `share` is a fraction of the e-mails sent; None = the vendor has not said."""

    name: str
    label: Promise
    count: int | None
    share: float | None


def refresh(actor: User, mailing: Mailing) -> None:
    """Have a worker read the counters, links and groups of one mailing now."""
    require(actor, "view", mailing.account)
    if mailing.remote_id is not None:
        account_id, pk = mailing.account_id, mailing.pk
        transaction.on_commit(lambda: ring_now(READ_MAILING, account_id, pk), robust=True)


def funnel(mailing: Mailing) -> list[Step]:
    """From the people it was for to those who clicked, by the vendor's counters."""
    steps = (
        ("recipients", lazy("recipients"), mailing.recipients_count),
        ("sent", lazy("e-mails sent"), mailing.emails_sent),
        ("delivered", lazy("delivered"), mailing.emails_delivered),
        ("opened", lazy("opened"), mailing.views),
        ("clicked", lazy("clicked"), mailing.clicks),
        ("hard_bounces", lazy("hard bounces"), mailing.incorrect_addresses),
        ("soft_bounces", lazy("soft bounces"), mailing.technical_problems),
        ("stopped", pgettext_lazy("people", "stopped"), mailing.emails_stopped),
    )
    sent = mailing.emails_sent
    return [
        Step(name, label, count, count / sent if count is not None and sent else None) for name, label, count in steps
    ]


def curve(mailing: Mailing, outcome: str) -> list[tuple[datetime, int]]:
    """How many opened or clicked for the first time in each hour (UTC), from the list that was read last."""
    hours = Counter(
        moment.replace(minute=0, second=0, microsecond=0)
        for moment in recipients(mailing, outcome).exclude(happened_at=None).values_list("happened_at", flat=True)
        if moment is not None
    )
    return sorted(hours.items())


def request_recipients(actor: User, mailing: Mailing, outcome: str) -> RecipientList:
    """Have a worker page one of the eight lists from the vendor; poll the row's state, progress and total."""
    require(actor, "view", mailing.account)
    if outcome not in RecipientList.Outcome.values:
        raise ValidationError(_("There is no such list of recipients."))
    if mailing.remote_id is None or mailing.stage not in LEFT:
        raise ValidationError(_("This mailing has not left, so nobody has received it yet."))
    with transaction.atomic():
        wanted, made = RecipientList.objects.get_or_create(
            mailing=mailing, outcome=outcome, defaults={"requested_at": now()}
        )
        if not made:
            idle = RecipientList.objects.filter(pk=wanted.pk).exclude(state=RecipientList.State.READING)
            idle.update(state=RecipientList.State.WAITING, requested_at=now())
            wanted.refresh_from_db()
        transaction.on_commit(lambda: ring_now(READ_RECIPIENTS, wanted.pk), robust=True)
    return wanted


def recipients(mailing: Mailing, outcome: str) -> MirrorQuerySet:
    """The people of one list as it was read last, by address; nobody when it never was."""
    rows: MirrorQuerySet = MailingRecipient.objects.filter(
        list__mailing=mailing, list__outcome=outcome, generation=F("list__generation")
    )
    return rows.order_by("email_key")


def comparable(account: Account) -> MirrorQuerySet:
    """The mailings of a client that left, newest first; tests are no results (product.md 3d-12)."""
    rows: MirrorQuerySet = Mailing.objects.filter(account=account, gone_at=None, stage__in=LEFT)
    return rows.exclude(purpose=Mailing.Purpose.TEST).order_by("-send_at")
