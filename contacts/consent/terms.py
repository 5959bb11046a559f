"""What a relation means: its type of consent and how long that lasts.

Everything follows from the relation and the date on which consent was given; the day of an import, or today, never
stands in for a date that nobody gave (product.md 3a, 3d-4). Without a date no expiry is known, which is a warning, not
a comfort.
"""

import calendar
from datetime import date

from django.conf import settings

from contacts.models import Contact, Relation
from cyberadmin.accounts.models import Account
from cyberadmin.sync.clock import now

#: The relations that give express consent (api/README.md 4.4); the others give implied consent.
EXPRESS = frozenset({Relation.EXPRESS.value, Relation.CONTEST.value, Relation.PURCHASED.value})
#: Months that implied consents last: six after an inquiry, else twenty-four (api/README.md 6, row 25).
_MONTHS = {relation: 24 for relation in Relation.values if relation not in EXPRESS} | {Relation.INFORMATION.value: 6}
#: Asked for every row of an import.
_TYPES = {
    relation: str((Contact.Consent.EXPRESS if relation in EXPRESS else Contact.Consent.IMPLIED).value)
    for relation in Relation.values
}


def type_of(relation: str) -> str:
    """`express` or `implied`; "" for a relation that is not known."""
    return _TYPES.get(relation, "")


def months(relation: str) -> int | None:
    """How many months a consent of this relation lasts; None = it does not end, or the relation is not known.

    The setting `CONSENT_MONTHS` changes single relations; 0 there means that it does not end.
    """
    if relation in settings.CONSENT_MONTHS:
        return int(settings.CONSENT_MONTHS[relation]) or None
    return _MONTHS.get(relation)


def expires_on(relation: str, given_on: date | None) -> date | None:
    """The first day on which the consent does not hold any more; None = it does not end, or the date is not known."""
    lasting = months(relation)
    return None if lasting is None or given_on is None else add_months(given_on, lasting)


def today(account: Account) -> date:
    """The day that it is now for this client."""
    return now().astimezone(account.zone).date()


def add_months(day: date, number: int) -> date:
    """The same day some months later, cut to the length of that month, as the vendor does (api/README.md 4.4)."""
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
