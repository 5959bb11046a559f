"""Recipients of a mailing: one list for each outcome (api/README.md 4.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from cyberadmin.api.types import fields
from cyberadmin.api.types.members import ContactFields, contact_fields

RecipientKind = Literal[
    "all", "delivered", "stopped", "hard-bounced", "soft-bounced", "unsubscribed", "opened", "clicked"
]

# Each kind of list, and the vendor's name of the date that only its rows carry.
RECIPIENT_KINDS: Mapping[RecipientKind, str | None] = {
    "all": None,
    "delivered": None,
    "stopped": None,
    "hard-bounced": "hardBouncedOn",
    "soft-bounced": "softBouncedOn",
    "unsubscribed": "unsubscribedOn",
    "opened": "openedOn",
    "clicked": "clickedOn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient(ContactFields):
    """A person a mailing was addressed to.

    member_id: None when the person is no longer a member.
    happened_at: when the mailing bounced, was opened, clicked or made the person leave. None in the
    lists of all, delivered and stopped recipients, which carry no such date, and where the vendor knows
    none, as it may for hard bounces (api/README.md 4.2).
    """

    member_id: int | None
    happened_at: datetime | None

    @classmethod
    def from_json(cls, row: Mapping[str, Any], kind: RecipientKind = "all") -> Self:
        """Read one row of a list of this kind; SchemaError when a field is missing or of a wrong type."""
        date = RECIPIENT_KINDS[kind]
        return cls(
            member_id=None if fields.present(row, "idMember") is None else fields.integer(row, "idMember"),
            happened_at=None if date is None else fields.optional_instant(row, date),
            **contact_fields(row),
        )
