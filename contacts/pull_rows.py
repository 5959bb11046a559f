"""What a listed member says, as the columns of a contact row.

Lists bring 10,000 members at a time, so columns are made directly; `seen_of` gives the same values to the field-by-field
merge of the few rows that carry edits.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cyberadmin.api.errors import SchemaError
from cyberadmin.api.types import BouncedMember, Member, UnsubscribedMember, fields
from cyberadmin.api.types.members import ContactFields
from cyberadmin.sync.pull_pages import Row
from cyberadmin.sync.resource import Resource, Seen

from . import search
from .fitting import fit
from .models import Contact, email_key

Columns = tuple[Any, ...]

#: What staff see and edit: the row's version grows when one of these moves.
SHOWN = (
    "email",
    "first_name",
    "last_name",
    "company",
    "gender",
    "language",
    "postal_code",
    "country",
    "note",
    "birth_date",
    "custom_values",
    "state",
)
#: What only the vendor writes.
VENDOR_ONLY = (
    "remote_id",
    "joined_at",
    "remote_updated_at",
    "consent_type",
    "mailings_received",
    "mailings_opened",
    "mailings_clicked",
    "unsubscribed_at",
    "bounced_at",
)
DERIVED = ("email_key", "search_text")
NAMES = (*SHOWN, *VENDOR_ONLY, *DERIVED)
EMAIL_KEY = NAMES.index("email_key")
_LONGEST_ADDRESS, _ID_LIMIT = 254, 10**18
#: Written in Eastern time, as the vendor does, the day can be read off (api/README.md 3).
_EASTERN = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9][^-+Z]+(?:-0[45]:?00)?\Z")


def member_id(row: Row) -> int | None:
    """The vendor's number of a listed member; None for a row without one."""
    value = row.get("id")
    if type(value) is int and 0 < value < _ID_LIMIT:
        return value
    try:
        return fields.integer(row, "id")
    except SchemaError:
        return None


def address_key(row: Row) -> str | None:
    """The compared form of a listed member's address; None for a row without one."""
    email = row.get("email")
    return email_key(email) or None if isinstance(email, str) else None


def joined_day(row: Row) -> str:
    """The Eastern day of joining, as yyyy-mm-dd. Raises SchemaError."""
    value = row.get("joinedOn")
    if not isinstance(value, str) or not _EASTERN.match(value):
        return fields.instant(row, "joinedOn").astimezone(fields.TORONTO).date().isoformat()
    return value[:10]


@dataclass(frozen=True)
class Listing:
    """One of the three lists a person can be in. `mark` keeps their fingerprints apart."""

    name: str
    state: Contact.State
    mark: bytes
    parse: Callable[[Mapping[str, Any]], ContactFields]

    def of_list(self, name: str) -> "Listing":
        """The same kind of list, read a second time under another name."""
        return replace(self, name=name)

    @property
    def departed(self) -> bool:
        """Whether it lists people who left."""
        return self.state != Contact.State.SUBSCRIBED


MEMBERS = Listing("members", Contact.State.SUBSCRIBED, b"m", Member.from_json)
UNSUBSCRIBED = Listing("unsubscribed", Contact.State.UNSUBSCRIBED, b"u", UnsubscribedMember.from_json)
BOUNCED = Listing("bounced", Contact.State.BOUNCED, b"b", BouncedMember.from_json)


def columns_of(listing: Listing, account_id: int, row: Row) -> Columns:
    """The values of `NAMES` for a listed member. Raises SchemaError for a row that does not fit."""
    member = fit(listing.parse(row))
    key = email_key(member.email)
    if "@" not in key or max(len(member.email), len(key)) > _LONGEST_ADDRESS:
        raise SchemaError("email", "not an e-mail address")
    custom = {str(number): value for number, value in member.custom_values.items() if value is not None}
    shown = (
        member.email,
        member.first_name,
        member.last_name,
        member.company,
        member.gender,
        member.language,
        member.postal_code,
        member.country,
        member.note,
        member.birth_date,
        custom,
        str(listing.state.value),
    )
    vendor_only = (member.joined_at, member.updated_at, member.consent_type)
    text = search.document(account_id, member.email, member.first_name, member.last_name, member.company)
    if isinstance(member, Member):
        counters = (member.mailings_received, member.mailings_opened, member.mailings_clicked)
        return (*shown, member.id, *vendor_only, *counters, None, None, key, text)
    left_at = member.unsubscribed_at if isinstance(member, UnsubscribedMember) else None
    bounced_at = member.hard_bounced_at if isinstance(member, BouncedMember) else None
    return (*shown, None, *vendor_only, 0, 0, 0, left_at, bounced_at, key, text)


def seen_of(resource: Resource, account_id: int, columns: Columns) -> Seen:
    """The same member as values and extras, for the field-by-field merge."""
    values = dict(zip(NAMES, columns, strict=True))
    contact = Contact(account_id=account_id, **{name: values[name] for name in (*SHOWN, *DERIVED)})
    extra = {name: values[name] for name in VENDOR_ONLY if name != "remote_id"}
    if values["state"] != Contact.State.SUBSCRIBED:
        # The lists of those who left carry no counters: what was counted before stays.
        extra = {name: value for name, value in extra.items() if not name.startswith("mailings_")}
    return Seen(resource.values(contact), values["remote_id"], extra)
