"""Off-boardings that need somebody, for the page of what needs me (cyberadmin/console/needs.py)."""

from collections.abc import Iterable, Sequence

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from cyberadmin.accounts import policy
from cyberadmin.accounts.models import Account
from cyberadmin.console.needs import Need, Severity

from .models import OffBoarding


def needs_of(user: User, accounts: Sequence[Account]) -> Iterable[Need]:
    """Clients who leave, for whoever manages them. Two queries."""
    mine = set(policy.accounts_for(user, "manage").values_list("pk", flat=True))
    by_pk = {account.pk: account for account in accounts if account.pk in mine}
    rows = OffBoarding.objects.filter(account__in=by_pk, state=OffBoarding.State.OPEN).order_by("begun_at")
    for row in rows:
        account = by_pk[row.account_id]
        words = _("Off-boarding: nothing is sent any more") if account.is_leaving else _("Off-boarding has begun")
        yield Need(account, "off_boarding", words, Severity.SOON, "admin:leaving", due=row.mandate_ends_on)
