"""Consent for templates."""

from django import template

from contacts.consent import card
from contacts.consent.asking import Basis
from contacts.models import Contact

register = template.Library()


@register.simple_tag
def consent_card(contact: Contact) -> card.Card:
    """What a page says in short about the consent of a contact."""
    return card.of(contact)


@register.filter
def basis_label(code: str) -> str:
    """The basis of a request for consent in words; what is no basis as it is."""
    return str(Basis(code).label) if code in Basis.values else code
