"""What the engine needs somebody for: pauses, tokens, changes, plans, mirrors, removals, a restored backup.

Each source makes as many queries for forty clients as for one.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, Max, Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cyberadmin.accounts import policy
from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.models import Account, Credential
from cyberadmin.accounts.numbers import grouped
from cyberadmin.accounts.standing import LEFT_ALIVE, URGENT, WARNED, standing
from cyberadmin.sync import holding
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Change, ChangeSet, HeldSweep, PullRun

from . import needs
from .needs import Need, Severity

CLIENT = "admin:index"
OUTBOX = "admin:sync_change_changelist"
#: A change that waits, or is in doubt, for longer than this needs a look: both are over in minutes.
TOO_LONG = timedelta(hours=1)
#: A mirror is old after so many pulls that should have been, and at least after so long; very old after a day.
MISSED_PULLS, OLD, VERY_OLD = 12, timedelta(hours=6), timedelta(days=1)
#: The end of a mandate is told so long before.
MANDATE = timedelta(days=60)


def managed(user: User) -> set[int]:
    """Primary keys of the clients whose token and settings this person may change."""
    return set(policy.accounts_for(user, "manage").values_list("pk", flat=True))


def paused(user: User, accounts: Sequence[Account]) -> Iterator[Need]:
    """Clients to whom nothing is sent, and how much waits for it."""
    # A client who leaves is told of by its off-boarding.
    stopped = [account for account in accounts if account.paused_reason and not account.is_leaving]
    open_changes = Change.objects.filter(account__in=stopped, state=Change.State.QUEUED).order_by()
    waiting = dict(open_changes.values_list("account").annotate(n=Count("pk")))
    mine = managed(user)
    for account in stopped:
        by_person = account.paused_reason == Account.Paused.PERSON
        words = _("Nothing is sent: %(reason)s") % {"reason": account.get_paused_reason_display()}
        if number := waiting.get(account.pk, 0):
            waits = ngettext("%(number)s change waits", "%(number)s changes wait", number) % {"number": grouped(number)}
            words = f"{words}; {waits}"
        page = CLIENT
        if account.pk in mine:
            page = "admin:account_token" if account.needs_secret else "admin:account_resume"
        yield Need(account, "paused", words, Severity.LATE if by_person else Severity.BROKEN, page)


def taking_on(user: User, accounts: Sequence[Account]) -> Iterator[Need]:
    """Clients that are not connected yet, and mandates that end (product.md 3b)."""
    today = timezone.localdate()
    for account in accounts:
        if account.state == Account.State.REFUSED:
            yield Need(account, "token", _("Its token was refused"), Severity.BROKEN, CLIENT)
        elif account.state != Account.State.CONNECTED:
            words = _("Not connected yet: %(state)s") % {"state": account.get_state_display()}
            yield Need(account, "taking_on", words, Severity.SOON, CLIENT)
        ends = account.mandate_ends_on
        if ends is not None and ends <= today + MANDATE:
            words = _("The agency's mandate is over") if ends < today else _("The agency's mandate ends")
            worst = Severity.BROKEN if ends < today else Severity.SOON
            yield Need(account, "mandate", words, worst, CLIENT, due=ends)


def tokens(user: User, accounts: Sequence[Account]) -> Iterator[Need]:
    """Tokens that end or have ended, older log-ins in use, and replaced tokens that still work (product.md N3, W9)."""
    moment = now()
    by_pk = {account.pk: account for account in accounts}
    in_use = Q(state=Credential.State.ACTIVE) & (Q(expires_at__lte=moment + WARNED) | Q(kind=Credential.Kind.LEGACY))
    alive = Q(state=Credential.State.RETIRED, dead_at=None, retired_at__lte=moment - LEFT_ALIVE) & ~Q(secret="")
    mine = managed(user)
    for credential in Credential.objects.filter(account__in=by_pk).filter(in_use | alive).order_by("pk"):
        account = credential.account = by_pk[credential.account_id]
        page = "admin:account_tokens" if account.pk in mine else CLIENT
        if credential.state == Credential.State.RETIRED:
            words = _("A replaced token: %(state)s") % {"state": standing(credential, moment).text}
            yield Need(account, "old_token", words, Severity.SOON, page)
        elif credential.is_legacy:
            words = _("Connected with a user name and password, the older method; switch to a token")
            yield Need(account, "token", words, Severity.SOON, page)
        else:
            yield _ending(account, credential, moment, page)


def _ending(account: Account, credential: Credential, moment: datetime, page: str) -> Need:
    ends = credential.expires_at or moment
    severity = Severity.SOON
    if ends <= moment + URGENT:
        severity = Severity.BROKEN if ends <= moment else Severity.LATE
    words = _("The token in use has expired") if ends <= moment else _("The token in use ends")
    return Need(account, "token", words, severity, page, due=timezone.localtime(ends, account.zone).date())


def changes(user: User, accounts: Sequence[Account]) -> Iterator[Need]:
    """Changes that were refused, stopped, in conflict, long in doubt, or waiting for too long though nothing is paused."""
    by_pk = {account.pk: account for account in accounts}
    rows = Change.objects.filter(account__in=by_pk, state__in=Change.OPEN).order_by().values_list("account", "state")
    for pk, state, number, made, sent in rows.annotate(n=Count("pk"), made=Min("created_at"), sent=Min("sent_at")):
        account = by_pk[pk]
        late = now() - TOO_LONG
        if state in _WORDS:
            words = _WORDS[state](number) % {"number": grouped(number)}
            yield Need(account, _KINDS[state], words, Severity.LATE, OUTBOX, query="show=attention", count=number)
        elif state == Change.State.UNKNOWN and sent is not None and sent < late:
            words = ngettext(
                "%(number)s change is in doubt: it is still being checked whether it arrived",
                "%(number)s changes are in doubt: it is still being checked whether they arrived",
                number,
            )
            shown = words % {"number": grouped(number)}
            yield Need(account, "doubtful", shown, Severity.SOON, OUTBOX, query="show=waiting", count=number)
        elif state == Change.State.QUEUED and made < late and account.is_working:
            words = ngettext(
                "%(number)s change has been waiting since %(moment)s",
                "%(number)s changes have been waiting, the first since %(moment)s",
                number,
            )
            shown = words % {"number": grouped(number), "moment": moment_text(made, account)}
            yield Need(account, "queue", shown, Severity.SOON, OUTBOX, query="show=waiting", count=number)


_KINDS = {
    Change.State.FAILED.value: "failed",
    Change.State.PARKED.value: "doubtful",
    Change.State.CONFLICT.value: "conflicts",
}
_WORDS = {
    Change.State.FAILED.value: lambda n: ngettext(
        "%(number)s change was refused by Cyberimpact", "%(number)s changes were refused by Cyberimpact", n
    ),
    Change.State.PARKED.value: lambda n: ngettext(
        "%(number)s change is stopped until somebody looks", "%(number)s changes are stopped until somebody looks", n
    ),
    Change.State.CONFLICT.value: lambda n: ngettext(
        "%(number)s change needs a decision: both sides edited",
        "%(number)s changes need a decision: both sides edited",
        n,
    ),
}


def plans(user: User, accounts: Sequence[Account]) -> Iterator[Need]:
    """Bulk changes that are paused, and one's own plans of which nothing was sent yet."""
    by_pk = {account.pk: account for account in accounts}
    own = Q(state=ChangeSet.State.PLANNED, actor=user.pk)
    rows = ChangeSet.objects.filter(own | Q(state=ChangeSet.State.PAUSED), account__in=by_pk, finished_at=None)
    for pk, account, state in rows.order_by("pk").values_list("pk", "account", "state"):
        if state == ChangeSet.State.PAUSED:
            words, severity = _("A bulk change is paused"), Severity.LATE
        else:
            words, severity = _("Your plan of a bulk change is ready; nothing of it was sent"), Severity.SOON
        yield Need(by_pk[account], "bulk", words, severity, "admin:sync_changeset_change", (pk,))


def mirrors(user: User, accounts: Sequence[Account]) -> Iterator[Need]:
    """Mirrors that are old, were never complete, or whose last pull failed. Not of paused clients: the pause is told."""
    by_pk = {account.pk: account for account in accounts if account.is_working}
    runs = PullRun.objects.filter(account__in=by_pk).order_by()
    complete = dict(runs.filter(state=PullRun.State.COMPLETE).values_list("account").annotate(at=Max("started_at")))
    over = runs.filter(state__in=(PullRun.State.COMPLETE, PullRun.State.INCOMPLETE, PullRun.State.FAILED))
    last = {
        run.account_id: run
        for run in PullRun.objects.filter(pk__in=over.values("account").annotate(last=Max("pk")).values("last"))
    }
    for pk, account in by_pk.items():
        need = _mirror(account, complete.get(pk), last.get(pk))
        if need is not None:
            yield need


def _mirror(account: Account, complete: datetime | None, last: PullRun | None) -> Need | None:
    """What is wrong with one mirror, or None."""
    page: tuple[str, tuple[int, ...]] = ("admin:sync_pullrun_changelist", ())
    as_of = complete or account.connected_at
    age = now() - as_of if as_of is not None else timedelta(0)
    if last is not None and last.state != PullRun.State.COMPLETE:
        page = ("admin:sync_pullrun_change", (last.pk,))
    if complete is None:
        if age < OLD and page[1] == ():
            return None
        words, severity = _("Never read completely"), Severity.LATE
    elif age > max(OLD, MISSED_PULLS * timedelta(minutes=settings.SYNC_PULL_MINUTES)):
        words = _("The mirror is old: complete as of %(moment)s") % {"moment": moment_text(complete, account)}
        severity = Severity.LATE if age > VERY_OLD else Severity.SOON
    elif page[1]:
        words, severity = _("The last pull was incomplete or failed"), Severity.SOON
    else:
        return None
    return Need(account, "mirror", words, severity, *page)


def removals(user: User, accounts: Sequence[Account]) -> Iterator[Need]:
    """Objects that vanished in great number: somebody who manages the client decides."""
    by_pk = {account.pk: account for account in accounts}
    mine = managed(user)
    held = HeldSweep.objects.filter(account__in=by_pk, state=HeldSweep.State.HELD).order_by("pk")
    for pk, account, total in held.values_list("pk", "account", "total"):
        words = ngettext(
            "%(number)s object vanished at Cyberimpact; its removal here is held",
            "%(number)s objects vanished at Cyberimpact; their removal here is held",
            total,
        )
        where: tuple[str, tuple[int, ...]] = ("admin:account_sweep", (pk,)) if account in mine else (CLIENT, ())
        yield Need(by_pk[account], "removals", words % {"number": grouped(total)}, Severity.LATE, *where, count=total)


def restored(user: User, accounts: Sequence[Account]) -> Iterator[Need]:
    """The whole database is a backup: nothing is sent for anybody."""
    if accounts and holding.holds():
        page = "admin:restored" if user.is_superuser else ""
        words = _("The database was restored from a backup: nothing is sent until an administrator has looked")
        yield Need(None, "restored", words, Severity.BROKEN, page, inside=False)


def register() -> None:
    """Hand all of these to the page."""
    needs.register(paused, {"paused": gettext_lazy("pauses")})
    needs.register(taking_on, {"taking_on": gettext_lazy("taking on"), "mandate": gettext_lazy("mandates")})
    needs.register(tokens, {"token": gettext_lazy("tokens"), "old_token": gettext_lazy("replaced tokens")})
    needs.register(
        changes,
        {
            "failed": gettext_lazy("refused changes"),
            "doubtful": gettext_lazy("doubtful changes"),
            "conflicts": gettext_lazy("conflicts"),
            "queue": gettext_lazy("waiting changes"),
        },
    )
    needs.register(plans, {"bulk": gettext_lazy("bulk changes")})
    needs.register(mirrors, {"mirror": gettext_lazy("mirrors")})
    needs.register(removals, {"removals": gettext_lazy("held removals")})
    needs.register(restored, {"restored": gettext_lazy("restored backup")})
