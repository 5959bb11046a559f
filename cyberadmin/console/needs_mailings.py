"""What mailings, approvals and consents need somebody for. As many queries for forty clients as for one."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.models import Approval, Mailing
from contacts.consent import standing
from contacts.models import Contact
from cyberadmin.accounts import policy
from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.models import Account
from cyberadmin.accounts.numbers import grouped
from cyberadmin.sync.bulk import kinds
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import ChangeSet

from . import needs
from .bounces import outliers
from .needs import Need, Severity

WEEK = timedelta(days=7)
MAILING, MAILINGS = "admin:campaigns_mailing_change", "admin:campaigns_mailing_changelist"
WAITING = (Mailing.Stage.NEW, Mailing.Stage.SCHEDULED)


def mailings(user: User, accounts: Sequence[Account]) -> Iterator[Need]:
    """What leaves within seven days; and what stands at Cyberimpact twice or at another time than was asked for."""
    by_pk = {account.pk: account for account in accounts}
    waiting = Mailing.objects.filter(account__in=by_pk, gone_at=None, deleted_at=None, stage__in=WAITING)
    rows = waiting.exclude(purpose=Mailing.Purpose.TEST).filter(send_at__gt=now()).order_by("send_at", "pk")
    wrong = Q(twin_of__isnull=False) | ~Q(alarm="")
    named = ("pk", "account", "send_at", "twin_of", "alarm")
    week: dict[int, list[tuple[int, datetime]]] = {}
    for pk, account, send_at, twin, alarm in rows.filter(wrong | Q(send_at__lt=now() + WEEK)).values_list(*named):
        if twin is not None or alarm:
            words = _("A mailing stands twice at Cyberimpact") if twin else str(Mailing.Alarm(alarm).label)
            day = timezone.localtime(send_at, by_pk[account].zone).date()
            yield Need(by_pk[account], "alarm", words, Severity.BROKEN, MAILING, (pk,), due=day)
        if send_at < now() + WEEK:
            week.setdefault(account, []).append((pk, send_at))
    for account, leaving in week.items():
        yield _leaving(by_pk[account], leaving)


def _leaving(account: Account, leaving: list[tuple[int, datetime]]) -> Need:
    """The line of one client; the first of `leaving` leaves next."""
    pk, first = leaving[0]
    number = len(leaving)
    words = ngettext(
        "%(number)s mailing leaves this week, on %(moment)s",
        "%(number)s mailings leave this week, the next on %(moment)s",
        number,
    ) % {"number": grouped(number), "moment": moment_text(first, account)}
    day = timezone.localtime(first, account.zone).date()
    if number == 1:
        return Need(account, "mailings", words, Severity.NOTE, MAILING, (pk,), due=day)
    query = f"stage={Mailing.Stage.SCHEDULED.value}"
    return Need(account, "mailings", words, Severity.NOTE, MAILINGS, query=query, count=number, due=day)


def bounces(user: User, accounts: Sequence[Account]) -> Iterator[Need]:
    """Mailings that bounced more than their client's mailings usually do (bounces.py says what that means)."""
    by_pk = {account.pk: account for account in accounts}
    for one in outliers(accounts, now()):
        facts = {"back": one.mailing.back, "share": _percent(one.mailing.share)}
        if one.normal is None:
            words = ngettext(
                "%(back)d e-mail of a mailing came back, %(share)s of it",
                "%(back)d e-mails of a mailing came back, %(share)s of it",
                one.mailing.back,
            )
        else:
            words = ngettext(
                "%(back)d e-mail of a mailing came back, %(share)s of it; %(normal)s is usual for this client",
                "%(back)d e-mails of a mailing came back, %(share)s of it; %(normal)s is usual for this client",
                one.mailing.back,
            )
            facts["normal"] = _percent(one.normal)
        account = by_pk[one.mailing.account]
        page = (MAILING, (one.mailing.pk,))
        yield Need(account, "bounces", words % facts, Severity.LATE, *page, count=one.mailing.back)


def _percent(share: float) -> str:
    """A share as people read it."""
    return _("%(number)s %%") % {"number": number_format(share * 100, 1)}


def approvals(user: User, accounts: Sequence[Account]) -> Iterator[Need]:
    """Campaigns that this person may approve or refuse; not those that only a second person may (product.md N10)."""
    by_pk = {account.pk: account for account in accounts}
    sendable = policy.accounts_for(user, "send").values("pk")
    asked = Approval.objects.filter(state=Approval.State.ASKED, campaign__account__in=by_pk)
    rows = asked.filter(campaign__account__in=sendable).select_related("campaign").order_by("pk")
    for approval in rows:
        if approval.asked_by_id == user.pk and approval.total > settings.CAMPAIGNS_SECOND_PERSON_ABOVE:
            continue
        words = _("The campaign “%(name)s” waits for your approval") % {"name": approval.campaign.name}
        page = ("admin:campaigns_campaign_send", (approval.campaign_id,))
        yield Need(by_pk[approval.campaign.account_id], "approvals", words, Severity.LATE, *page)


def plans_to_approve(user: User, accounts: Sequence[Account]) -> Iterator[Need]:
    """Bulk changes that a second person has to approve, and this one may."""
    by_pk = {account.pk: account for account in accounts}
    rows = ChangeSet.objects.filter(account__in=by_pk, state=ChangeSet.State.ASKED, finished_at=None).order_by("pk")
    asked = [row for row in rows.defer("memory", "forecast") if user.pk not in (row.actor_id, row.asked_by_id)]
    rights = {row.pk: kinds.get(row.kind).right(row) for row in asked}
    held = {right: set(policy.accounts_for(user, right).values_list("pk", flat=True)) for right in {*rights.values()}}
    for row in asked:
        if row.account_id in held[rights[row.pk]]:
            words = _("A bulk change waits for your approval")
            page = ("admin:sync_changeset_change", (row.pk,))
            yield Need(by_pk[row.account_id], "approvals", words, Severity.LATE, *page)


def consents(user: User, accounts: Sequence[Account]) -> Iterator[Need]:
    """Subscribed people whose implied consent has ended, or ends soon (product.md N7, W12)."""
    by_pk = {account.pk: account for account in accounts if account.state == Account.State.CONNECTED}
    read = standing.read(Contact.objects.filter(account__in=by_pk)).order_by()
    today = timezone.localdate()
    ended = read.filter(consent_expires_on__lte=today).values_list("account").annotate(n=Count("pk"))
    ending = read.filter(consent_expires_on__gt=today, consent_expires_on__lte=today + standing.SOON)
    contacts = "admin:contacts_contact_changelist"
    for pk, number in ended:
        words = ngettext(
            "The consent of %(number)s subscribed contact has ended",
            "The consent of %(number)s subscribed contacts has ended",
            number,
        ) % {"number": grouped(number)}
        query = f"standing={standing.Standing.EXPIRED.value}"
        yield Need(by_pk[pk], "consents", words, Severity.LATE, contacts, query=query, count=number)
    for pk, number in ending.values_list("account").annotate(n=Count("pk")):
        words = ngettext(
            "The consent of %(number)s contact ends within 60 days",
            "The consent of %(number)s contacts ends within 60 days",
            number,
        ) % {"number": grouped(number)}
        query = f"standing={standing.Standing.SOON.value}"
        yield Need(by_pk[pk], "consents", words, Severity.SOON, contacts, query=query, count=number)


def register() -> None:
    """Hand all of these to the page."""
    needs.register(
        mailings, {"mailings": gettext_lazy("mailings this week"), "alarm": gettext_lazy("alarms of mailings")}
    )
    needs.register(bounces, {"bounces": gettext_lazy("bounces")})
    needs.register(approvals, {"approvals": gettext_lazy("approvals")})
    needs.register(plans_to_approve, {"approvals": gettext_lazy("approvals")})
    needs.register(consents, {"consents": gettext_lazy("consents")})
