"""Where the consent of each subscribed contact stands: for one, as a filter of the list, and counted over clients (N7).

An implied consent without a known expiry is a warning, never a comfort (product.md 3a). A consent that was never read is
said to be so. All of it speaks of indexed columns (`contact_by_expiry`, `contact_by_reading`), so that a million contacts
are counted while a page waits; only what looks made up is counted beforehand (reading.py).
"""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.models import ConsentRecord, Contact
from cyberadmin.accounts.models import Account

from . import terms

Rows = QuerySet[Any]
#: How many days before its end a consent is called about to expire.
SOON = timedelta(days=60)
#: So many months are told one by one; what ends later is added up.
MONTHS = 12
#: So many express consents of one day with one text look as if a program had written them (product.md N7).
TOO_ALIKE = 10
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


class Standing(models.TextChoices):
    """How good a consent is today."""

    EXPRESS = "express", _("express")
    HOLDS = "holds", _("implied, holds")
    SOON = "soon", _("expires within 60 days")
    EXPIRED = "expired", _("expired")
    UNKNOWN = "unknown", _("no expiry known")
    UNREAD = "unread", _("not read yet")
    SUSPICIOUS = "suspicious", _("looks made up")


TONES = {
    Standing.EXPRESS: "good", Standing.HOLDS: "good", Standing.SOON: "warn", Standing.EXPIRED: "bad",
    Standing.UNKNOWN: "bad", Standing.UNREAD: "quiet", Standing.SUSPICIOUS: "warn",
}  # fmt: skip


def of(contact: Contact, today: date) -> Standing:
    """How good the consent of one contact is."""
    if contact.consent_read_at is None:
        return Standing.UNREAD
    if contact.consent_expires_on is None:
        return Standing.EXPRESS if contact.consent_type == Contact.Consent.EXPRESS else Standing.UNKNOWN
    if contact.consent_expires_on <= today:
        return Standing.EXPIRED
    return Standing.SOON if contact.consent_expires_on <= today + SOON else Standing.HOLDS


def read(rows: Rows) -> Rows:
    """Subscribed contacts whose consent was read."""
    return rows.filter(gone_at=None, state=Contact.State.SUBSCRIBED, consent_read_at__isnull=False)


def unread(rows: Rows) -> Rows:
    """Subscribed contacts whose consent was never read."""
    return rows.filter(gone_at=None, state=Contact.State.SUBSCRIBED, consent_read_at=None)


def narrow(account: Account, rows: Rows, value: str) -> Rows:
    """The filter `standing` of the list of contacts: a `Standing`, or a month such as 2027-03; another value gives nobody."""
    today = terms.today(account)
    if _MONTH.fullmatch(value):
        start = date.fromisoformat(f"{value}-01")
        after = max(start - timedelta(days=1), today)
        return read(rows).filter(consent_expires_on__gt=after, consent_expires_on__lt=terms.add_months(start, 1))
    if value == Standing.UNREAD:
        return unread(rows)
    if value == Standing.SUSPICIOUS:
        return suspicious(account, rows)
    condition = _CONDITIONS.get(value)
    return read(rows).filter(condition(today)) if condition else rows.none()


_CONDITIONS = {
    Standing.EXPRESS.value: lambda today: Q(consent_expires_on=None, consent_type=Contact.Consent.EXPRESS),
    Standing.UNKNOWN.value: lambda today: Q(consent_expires_on=None) & ~Q(consent_type=Contact.Consent.EXPRESS),
    Standing.EXPIRED.value: lambda today: Q(consent_expires_on__lte=today),
    Standing.SOON.value: lambda today: Q(consent_expires_on__gt=today, consent_expires_on__lte=today + SOON),
    Standing.HOLDS.value: lambda today: Q(consent_expires_on__gt=today),
}


def suspicious(account: Account, rows: Rows) -> Rows:
    """Express consents that nobody proves: without a text, or many of one day with one text; a file kept here clears them."""
    express = read(rows).filter(account=account, consent_type=Contact.Consent.EXPRESS)
    kept = ConsentRecord.objects.filter(account=account, email_key=OuterRef("email_key"), proof_file__isnull=False)
    alike = Q(consent_proof="") | Q(consent_on=None)
    for day, proof in clusters(account):
        alike |= Q(consent_on=day, consent_proof=proof)
    return express.filter(alike).exclude(Exists(kept))


def clusters(account: Account) -> list[tuple[date, str]]:
    """(day, text of proof) that at least `TOO_ALIKE` express consents of a client share; the largest first."""
    express = read(Contact.objects.filter(account=account)).filter(consent_type=Contact.Consent.EXPRESS)
    grouped = express.exclude(consent_proof="").exclude(consent_on=None).values_list("consent_on", "consent_proof")
    alike = grouped.annotate(n=Count("pk")).filter(n__gte=TOO_ALIKE).order_by("-n")[:50]
    return [(day, proof) for day, proof, _n in alike]


@dataclass
class Tally:
    """The consents of one client. `months`: {first of the month: contacts whose consent ends in it}."""

    account: Account
    express: int = 0
    unknown: int = 0
    expired: int = 0
    unread: int = 0
    later: int = 0
    suspicious: int | None = None
    months: dict[date, int] = field(default_factory=dict)

    @property
    def ending(self) -> int:
        """Those whose consent ends within the months that are told one by one."""
        return sum(self.months.values())

    @property
    def total(self) -> int:
        """All subscribed contacts."""
        return self.express + self.unknown + self.expired + self.unread + self.later + self.ending
