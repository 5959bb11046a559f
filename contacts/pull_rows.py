"""What a listed member says, as the columns of a contact row.

Lists bring 10,000 members at a time, so columns are made directly; `seen_of` gives the same values to the field-by-field
merge of the few rows that carry edits.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from operator import le
from typing import Any

from cyberadmin.api.errors import SchemaError
from cyberadmin.api.types import BouncedMember, Member, UnsubscribedMember, fields
from cyberadmin.api.types.members import ContactFields
from cyberadmin.sync.pull_pages import Row
from cyberadmin.sync.resource import Resource, Seen

from . import search
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
_COLUMNS = {field.name: field for field in Contact._meta.concrete_fields}
#: Widths of the texts that `_fitting` looks at, in its order.
_WIDTHS = {
    wire: _COLUMNS[name].max_length or 0
    for wire, name in {
        "firstname": "first_name",
        "lastname": "last_name",
        "company": "company",
        "gender": "gender",
        "language": "language",
        "postalCode": "postal_code",
        "country": "country",
        "consentType": "consent_type",
    }.items()
}
_LONGEST_ADDRESS, _ID_LIMIT = 254, 10**18
#: What an integer column of PostgreSQL holds.
_MOST = 2**31 - 1
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
    member = _fitting(listing, row)
    key = email_key(member.email)
    if "@" not in key or max(len(member.email), len(key)) > _LONGEST_ADDRESS:
        raise SchemaError("email", "not an e-mail address")
    custom = {
        str(number): value.replace("\x00", "") if isinstance(value, str) else value
        for number, value in member.custom_values.items()
        if value is not None
    }
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
        counters = (
            min(member.mailings_received, _MOST),
            min(member.mailings_opened, _MOST),
            min(member.mailings_clicked, _MOST),
        )
        return (*shown, member.id, *vendor_only, *counters, None, None, key, text)
    left_at = member.unsubscribed_at if isinstance(member, UnsubscribedMember) else None
    bounced_at = member.hard_bounced_at if isinstance(member, BouncedMember) else None
    return (*shown, None, *vendor_only, 0, 0, 0, left_at, bounced_at, key, text)


def _fitting(listing: Listing, row: Row) -> ContactFields:
    """The member, without what no column can hold: NUL characters, and text beyond a column's width."""
    member = listing.parse(row)
    texts = (
        member.first_name,
        member.last_name,
        member.company,
        member.gender,
        member.language,
        member.postal_code,
        member.country,
        member.consent_type,
    )
    if all(map(le, map(len, texts), _WIDTHS.values())) and "\x00" not in "".join((*texts, member.note, member.email)):
        return member
    clean = {wire: value.replace("\x00", "") if isinstance(value, str) else value for wire, value in row.items()}
    return listing.parse(clean | {wire: (clean[wire] or "")[:width] for wire, width in _WIDTHS.items()})


def seen_of(resource: Resource, account_id: int, columns: Columns) -> Seen:
    """The same member as values and extras, for the field-by-field merge."""
    values = dict(zip(NAMES, columns, strict=True))
    contact = Contact(account_id=account_id, **{name: values[name] for name in (*SHOWN, *DERIVED)})
    extra = {name: values[name] for name in VENDOR_ONLY if name != "remote_id"}
    if values["state"] != Contact.State.SUBSCRIBED:
        # The lists of those who left carry no counters: what was counted before stays.
        extra = {name: value for name, value in extra.items() if not name.startswith("mailings_")}
    return Seen(resource.values(contact), values["remote_id"], extra)
