"""Writing into the ledger what was seen at the vendor: a consent that moved, somebody who left, somebody who came back.

A first sight of a subscribed person adds nothing until their consent is really read; who already left is written down at
first sight, since that is the evidence that they said no.
"""

from collections.abc import Iterable
from typing import Any

from contacts.models import Contact

from . import ledger
from .ledger import By, Facts, Source

LEFT = {Contact.State.UNSUBSCRIBED.value: Source.UNSUBSCRIBED, Contact.State.BOUNCED.value: Source.BOUNCED}


def facts_of(contact: Contact) -> Facts:
    """The consent of a contact as the vendor was last seen to hold it."""
    return Facts(
        relation=contact.consent_relation,
        given_on=contact.consent_on,
        proof=contact.consent_proof,
        consent_type=contact.consent_type,
        expires_on=contact.consent_expires_on,
    )


def note(contact: Contact, before: Facts, first: bool) -> None:
    """A contact was read: write its consent down when it moved, or when it was never read before (`first`)."""
    seen = facts_of(contact)
    if seen != before or first:
        ledger.append(contact.account_id, contact.email, Source.SEEN, seen, By())


def left(contact: Contact) -> None:
    """Reading a contact showed that the person is not subscribed any more."""
    source = LEFT.get(contact.state)
    if source is not None:
        happened_at = contact.bounced_at if source == Source.BOUNCED else contact.unsubscribed_at
        ledger.append(contact.account_id, contact.email, source, facts_of(contact), By(), happened_at)


def listed_as_left(account_id: int, state: str, rows: Iterable[tuple[str, str, Any]]) -> None:
    """A list showed people who left since we looked: (address, type of consent, when)."""
    ledger.append_many(
        account_id, LEFT[state], ((email, Facts(consent_type=kind), moment) for email, kind, moment in rows)
    )


def listed_as_subscribed(account_id: int, source: str, rows: Iterable[tuple[str, str]]) -> None:
    """A list showed people who came back, or whose type of consent moved: (address, type of consent now)."""
    ledger.append_many(account_id, source, ((email, Facts(consent_type=kind), None) for email, kind in rows))
