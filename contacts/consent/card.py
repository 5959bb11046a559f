"""What a page says in short about the consent of one contact."""

from collections.abc import Iterable
from dataclasses import dataclass

from contacts.models import ConsentRecord, Contact
from cyberadmin.sync.models import Change

from . import ledger, standing, terms
from .standing import Standing


@dataclass(frozen=True)
class Card:
    """Where a consent stands, what is on its way, the last refusal, and the proof files that are kept here."""

    standing: Standing | None
    tone: str
    pending: Change | None
    refused: ConsentRecord | None
    stated: ConsentRecord | None

    @property
    def label(self) -> str:
        """The standing in words."""
        return str(self.standing.label) if self.standing else ""


def of(contact: Contact, records: Iterable[ConsentRecord] | None = None) -> Card:
    """The card of one contact: two short queries. A page that shows the ledger passes it as a query that was not asked
    yet, newest first; then the card never tells of less than the ledger below it.
    """
    subscribed = contact.state == Contact.State.SUBSCRIBED
    now = standing.of(contact, terms.today(contact.account)) if subscribed else None
    # The change is read before the ledger: a refusal that arrives in between stands in the ledger already.
    pending = (
        Change.objects.filter(
            account_id=contact.account_id,
            kind="contact",
            object_id=contact.pk,
            verb=Change.Verb.CONSENT,
            state__in=Change.OPEN,
        )
        .order_by("-id")
        .first()
    )
    said = list(ledger.of_address(contact.account_id, contact.email)[:20] if records is None else records)
    stated = next((one for one in said if one.source in (ledger.Source.SET, ledger.Source.IMPORT)), None)
    last = next((one for one in said if one.source in (ledger.Source.REFUSED, ledger.Source.SET)), None)
    refused = last if last is not None and last.source == ledger.Source.REFUSED else None
    return Card(now, standing.TONES[now] if now else "quiet", pending, refused, stated)
