"""Consent between the vendor's words and ours: what was read there, as columns, and a change, as a request."""

from datetime import date
from typing import Any

from contacts.models import Contact
from cyberadmin.api.types import Consent, ConsentWrite
from cyberadmin.sync.clock import now
from cyberadmin.sync.resource import Values

from . import terms

#: Prefix of the fields of a change that sets a consent: they are beside the contact's own values.
PREFIX = "consent:"


def columns(consent: Consent) -> Values:
    """What the vendor holds, as columns of a contact read now."""
    return {
        "consent_type": consent.consent_type[:10],
        "consent_relation": (consent.relation_type or "")[:30],
        "consent_on": consent.consent_date,
        "consent_expires_on": _expiration(consent),
        "consent_proof": consent.consent_proof.replace("\x00", ""),
        "consent_read_at": now(),
    }


def _expiration(consent: Consent) -> date | None:
    """As the vendor says it; where it names no end, the one that an implied consent has by its relation and date."""
    if consent.consent_expiration is not None or consent.consent_type == Contact.Consent.EXPRESS:
        return consent.consent_expiration
    return terms.expires_on(consent.relation_type or "", consent.consent_date)


def request(wanted: Values) -> ConsentWrite:
    """The request of a change; `wanted` by field name."""
    given_on = wanted[f"{PREFIX}given_on"]
    return ConsentWrite(
        relation_type=wanted[f"{PREFIX}relation"],
        consent_date=date.fromisoformat(given_on) if given_on else None,
        consent_proof=wanted[f"{PREFIX}proof"],
    )


def was_kept(consent: Consent, asked: ConsentWrite) -> bool:
    """Whether the vendor, read back, still holds another consent than the one it was asked to take."""
    return (consent.relation_type, consent.consent_date) != (asked.relation_type, asked.consent_date)


def as_words(consent: Consent) -> str:
    """What the vendor holds, in its own words, for the record of a refusal."""
    parts: list[Any] = [consent.consent_type, consent.relation_type, consent.consent_date, consent.consent_proof]
    return " · ".join(str(part) for part in parts if part)
