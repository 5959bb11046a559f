"""Whom we may ask for express consent: the rules of an opt-in request, for one contact or for many (product.md S3, 3a).

A request is itself a commercial message, so it takes a basis: somebody states it, nobody presumes it. Nobody is asked
twice within 24 hours, nor after having given express consent. The machine never asks by itself and never sends a doubted
request again (docs/engine.md).
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models import ConsentRecord, Contact, Relation, email_key
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Change

from . import terms

PAUSE = timedelta(hours=24)
_PART = 500


class Basis(models.TextChoices):
    """Why the person may be written to at all."""

    ASKED = "asked", _("They have just asked for it: by a form, at a counter, at an event")
    IMPLIED = "implied", _("Their implied consent still holds: a client, a member, an inquiry")
    PUBLISHED = "published", _("They published or handed over their address, and the matter concerns their role")


#: Why a request is refused, by code; each says what to do.
REFUSALS = {
    "asked_lately": _("This person was already asked within the last 24 hours."),
    "express_already": _("This person gave express consent already; there is nothing to ask for."),
    "no_implied": _(
        "No implied consent that still holds is known for this person. Choose another basis, or set the consent that they gave."
    ),
}


def refusal(contact: Contact, basis: str, asked_lately: bool) -> str:
    """A code of `REFUSALS`, or "" when this contact may be asked on this basis."""
    if asked_lately:
        return "asked_lately"
    bought = contact.consent_relation == Relation.PURCHASED
    if contact.consent_type == Contact.Consent.EXPRESS and not bought:
        return "express_already"
    if basis == Basis.IMPLIED and not implied_holds(contact):
        return "no_implied"
    return ""


def implied_holds(contact: Contact) -> bool:
    """Whether an implied consent with a date was read for this contact and has not expired."""
    expires_on = contact.consent_expires_on
    return (
        contact.consent_type == Contact.Consent.IMPLIED
        and expires_on is not None
        and expires_on > terms.today(contact.account)
    )


def asked_lately(account_id: int, emails: Iterable[str]) -> set[str]:
    """The `email_key`s of those who were sent a request within the last 24 hours, or for whom one is on its way."""
    keys = sorted({email_key(email) for email in emails})
    asked = ConsentRecord.objects.filter(
        account_id=account_id, source=ConsentRecord.Source.ASKED, at__gte=now() - PAUSE
    ).exclude(change__state__in=(Change.State.CANCELLED, Change.State.SUPERSEDED))
    found: set[str] = set()
    for start in range(0, len(keys), _PART):
        part = asked.filter(email_key__in=keys[start : start + _PART])
        found.update(part.values_list("email_key", flat=True))
    return found
