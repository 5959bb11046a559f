"""Cases that need somebody, for the page of what needs me (cyberadmin/console/needs.py)."""

from collections.abc import Iterable, Sequence

from django.contrib.auth.models import User
from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cyberadmin.accounts.models import Account
from cyberadmin.console.needs import Need, Severity

from . import clocks
from .models import Case, CasePart


def needs_of(user: User, accounts: Sequence[Account]) -> Iterable[Need]:
    """Open cases of each client, with the nearest deadline; held ones apart. One query."""
    day = clocks.today()
    unsubscribe = Q(case__kind=Case.Kind.UNSUBSCRIBE)
    red = (unsubscribe & Q(case__due_on__lte=clocks.red_until(Case.Kind.UNSUBSCRIBE, day))) | (
        ~unsubscribe & Q(case__due_on__lte=clocks.red_until(Case.Kind.ACCESS, day))
    )
    rows = (
        CasePart.objects.filter(account__in=accounts, state__in=CasePart.OPEN)
        .values("account")
        .annotate(
            open=Count("pk"),
            red=Count("pk", filter=red),
            over=Count("pk", filter=Q(case__due_on__lt=day)),
            held=Count("pk", filter=Q(state=CasePart.State.HELD)),
            due=Min("case__due_on"),
        )
        .order_by()
    )
    by_pk = {account.pk: account for account in accounts}
    for row in rows:
        account = by_pk[row["account"]]
        query = f"client={account.slug}&state=unfinished"
        urgent = row["red"] or row["over"]
        yield Need(
            account,
            "cases",
            _words(row),
            Severity.BROKEN if urgent else Severity.LATE if row["held"] else Severity.SOON,
            page="admin:cases",
            query=query,
            count=row["open"],
            due=row["due"],
            inside=False,
        )


def _words(row: dict[str, int]) -> str:
    said = [ngettext("%(n)s legal case is open", "%(n)s legal cases are open", row["open"]) % {"n": row["open"]}]
    if row["over"]:
        said.append(_("%(n)s past the deadline") % {"n": row["over"]})
    if row["red"] > row["over"]:
        said.append(_("%(n)s nearly at the deadline") % {"n": row["red"] - row["over"]})
    if row["held"]:
        said.append(_("%(n)s held") % {"n": row["held"]})
    return ", ".join(said)
