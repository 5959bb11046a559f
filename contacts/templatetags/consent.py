"""Consent for templates."""

from collections.abc import Iterable

from django import template

from contacts.consent import card
from contacts.consent.asking import Basis
from contacts.models import ConsentRecord, Contact

register = template.Library()


@register.simple_tag
def consent_card(contact: Contact, records: Iterable[ConsentRecord] | None = None) -> card.Card:
    """What a page says in short about the consent of a contact, and of the ledger that the page shows."""
    return card.of(contact, records)


@register.filter
def basis_label(code: str) -> str:
    """The basis of a request for consent in words; what is no basis as it is."""
    return str(Basis(code).label) if code in Basis.values else code
