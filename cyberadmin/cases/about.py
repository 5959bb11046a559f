"""Which open cases name an address: their details are sealed, so each is opened and looked at."""

from django.contrib.auth.models import User

from contacts.models import email_key
from cyberadmin.accounts.models import Account

from . import details, services
from .models import Case, CasePart

#: Cases looked through, the newest first: an agency has tens of open ones.
MOST = 300


def open_cases(user: User, email: str, account: Account | None = None) -> list[Case]:
    """The cases about this address that are open in a client that the person may see, or in that one alone."""
    parts = services.parts_for(user).filter(state__in=CasePart.OPEN)
    if account is not None:
        parts = parts.filter(account=account)
    rows = Case.objects.filter(pk__in=parts.values("case")).exclude(sealed="").order_by("-pk")[:MOST]
    key = email_key(email)
    return [case for case in rows if key in details.read(case).keys]
