"""Counting consents over clients: what ended, what ends month by month, what is not known (product.md N7, W12)."""

from collections.abc import Sequence
from datetime import date

from django.db.models import Count

from contacts.models import ConsentReading, Contact
from cyberadmin.accounts.models import Account

from . import standing, terms
from .standing import MONTHS, Tally


def tallies(accounts: Sequence[Account], today: date) -> list[Tally]:
    """One tally for each client, in their order, from six queries whatever their number."""
    made = {account.pk: Tally(account, months=dict.fromkeys(months(today), 0)) for account in accounts}
    rows = Contact.objects.filter(account__in=made)
    read, horizon = standing.read(rows).order_by(), terms.add_months(today.replace(day=1), MONTHS)
    for pk, n in standing.unread(rows).order_by().values_list("account").annotate(n=Count("pk")):
        made[pk].unread = n
    for pk, n in read.filter(consent_expires_on__lte=today).values_list("account").annotate(n=Count("pk")):
        made[pk].expired = n
    for pk, n in read.filter(consent_expires_on__gte=horizon).values_list("account").annotate(n=Count("pk")):
        made[pk].later = n
    open_ended = read.filter(consent_expires_on=None).values_list("account", "consent_type")
    for pk, kind, n in open_ended.annotate(n=Count("pk")):
        if kind == Contact.Consent.EXPRESS:
            made[pk].express += n
        else:
            made[pk].unknown += n
    ending = read.filter(consent_expires_on__gt=today, consent_expires_on__lt=horizon)
    for pk, day, n in ending.values_list("account", "consent_expires_on").annotate(n=Count("pk")):
        made[pk].months[day.replace(day=1)] += n
    for pk, n in ConsentReading.objects.filter(account__in=made).values_list("account", "suspicious"):
        made[pk].suspicious = n
    return list(made.values())


def months(today: date) -> list[date]:
    """The first days of the months that are told one by one, this month first."""
    first = today.replace(day=1)
    return [terms.add_months(first, number) for number in range(MONTHS)]


def together(tallies: Sequence[Tally], today: date) -> dict[date, int]:
    """Contacts whose consent ends, month by month, over all of them."""
    return {month: sum(one.months[month] for one in tallies) for month in months(today)}
