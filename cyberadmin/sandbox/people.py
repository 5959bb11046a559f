"""Rows of the members table: every person an account knows, subscribed, unsubscribed or bounced."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, fields

import orjson

from cyberadmin.sandbox.dates import DateStyle
from cyberadmin.sandbox.settings import Settings
from cyberadmin.sandbox.wire import Json

SUBSCRIBED, UNSUBSCRIBED, BOUNCED = 0, 1, 2
# Deleted, but somebody to whom a mailing went: only that mailing's lists still know them.
ERASED = 3
STATE_NAMES = {SUBSCRIBED: "subscribed", UNSUBSCRIBED: "unsubscribed", BOUNCED: "bounced"}
ABSENT = "absent"
MAX_ID_DIGITS = 15


@dataclass(slots=True)
class Member:
    """One row. Times are UTC milliseconds, ``custom`` is JSON text keyed by field id."""

    id: int
    account_id: int
    state: int
    email: str
    email_fold: str
    firstname: str
    lastname: str
    company: str
    gender: str
    language: str
    postal_code: str
    country: str
    note: str
    birthdate: str | None
    custom: str
    joined_on: int
    updated_on: int | None
    consent_type: str
    relation_type: str | None
    consent_date: int | None
    consent_expiration: int | None
    consent_proof: str
    unsubscribed_on: int | None
    bounced_on: int | None
    received: int
    opened: int
    clicked: int

    @property
    def state_name(self) -> str:
        return STATE_NAMES[self.state]


COLUMN_NAMES = tuple(column.name for column in fields(Member))
COLUMNS = ", ".join(COLUMN_NAMES)
_M_COLUMNS = ", ".join(f"m.{name}" for name in COLUMN_NAMES)
INSERT = f"INSERT INTO members ({COLUMNS}) VALUES ({', '.join('?' * len(COLUMN_NAMES))})"
_UPDATE = f"UPDATE members SET {', '.join(f'{name} = ?' for name in COLUMN_NAMES[1:])} WHERE id = ?"


def fold(email: str) -> str:
    """How two addresses are compared (api/README.md 6, row 8)."""
    return email.strip().casefold()


def values(member: Member) -> tuple[object, ...]:
    return tuple(getattr(member, name) for name in COLUMN_NAMES)


def blank(account_id: int, email: str, now: int) -> Member:
    """A member as POST makes it: empty text, implied consent dated now (api/README.md 6, row 27). Not yet stored."""
    return Member(
        id=0, account_id=account_id, state=SUBSCRIBED, email=email, email_fold=fold(email), firstname="", lastname="",
        company="", gender="", language="", postal_code="", country="", note="", birthdate=None, custom="{}",
        joined_on=now, updated_on=None, consent_type="implied", relation_type=None, consent_date=now,
        consent_expiration=None, consent_proof="", unsubscribed_on=None, bounced_on=None, received=0, opened=0,
        clicked=0,
    )  # fmt: skip


def insert(conn: sqlite3.Connection, member: Member) -> Member:
    """Store a new member and give it its id."""
    row = (None, *values(member)[1:])
    member.id = int(conn.execute(INSERT, row).lastrowid or 0)
    return member


def save(conn: sqlite3.Connection, member: Member) -> None:
    conn.execute(_UPDATE, (*values(member)[1:], member.id))


def remove(conn: sqlite3.Connection, member: Member) -> None:
    """Delete a person; the address is remembered (settings ``deleted_create``), and who got mailings stays countable."""
    leave_groups(conn, member.id)
    if conn.execute("SELECT 1 FROM recipients WHERE member_id = ?", (member.id,)).fetchone():
        conn.execute("UPDATE members SET state = ? WHERE id = ?", (ERASED, member.id))
    else:
        conn.execute("DELETE FROM members WHERE id = ?", (member.id,))
    conn.execute("INSERT OR IGNORE INTO deleted_addresses VALUES (?, ?)", (member.account_id, member.email_fold))


def leave_groups(conn: sqlite3.Connection, member_id: int) -> None:
    conn.execute("DELETE FROM memberships WHERE member_id = ?", (member_id,))


def by_email(conn: sqlite3.Connection, account_id: int, email: str, *, sensitive: bool = False) -> Member | None:
    """The person with this address, in whatever state."""
    found = conn.execute(
        f"SELECT {COLUMNS} FROM members WHERE account_id = ? AND state IN (0, 1, 2) AND email_fold = ? ORDER BY id",
        (account_id, fold(email)),
    )
    for row in found:
        member = Member(*row)
        if not sensitive or member.email == email.strip():
            return member
    return None


def by_id(conn: sqlite3.Connection, account_id: int, member_id: int) -> Member | None:
    where = "id = ? AND account_id = ? AND state <> ?"
    found = conn.execute(f"SELECT {COLUMNS} FROM members WHERE {where}", (member_id, account_id, ERASED)).fetchone()
    return Member(*found) if found else None


def by_key(conn: sqlite3.Connection, account_id: int, key: str, settings: Settings) -> Member | None:
    """``{key}`` is an e-mail address or a numeric id (api/README.md 4.1)."""
    if "@" in key:
        return by_email(conn, account_id, key, sensitive=settings.text("email_case") == "sensitive")
    number = numeric_id(key)
    return by_id(conn, account_id, number) if number is not None else None


def numeric_id(text: str) -> int | None:
    """A positive id in plain digits, or None."""
    if text.isascii() and text.isdigit() and len(text) <= MAX_ID_DIGITS:
        return int(text)
    return None


def by_ids(conn: sqlite3.Connection, ids: list[int]) -> list[Member]:
    """The rows of these ids, in that order."""
    rows = conn.execute(
        f"SELECT {_M_COLUMNS} FROM json_each(?) j JOIN members m ON m.id = j.value ORDER BY j.key",
        (orjson.dumps(ids).decode(),),
    )
    return [Member(*row) for row in rows]


def _contact(member: Member, dates: DateStyle, empty_custom: object) -> Json:
    custom = member.custom
    return {
        "firstname": member.firstname,
        "lastname": member.lastname,
        "company": member.company,
        "email": member.email,
        "gender": member.gender,
        "language": member.language,
        "joinedOn": dates.text(member.joined_on),
        "updatedOn": dates.show(member.updated_on),
        "consentType": member.consent_type,
        "postalCode": member.postal_code,
        "country": member.country,
        "note": member.note,
        "birthdate": member.birthdate,
        "customFields": empty_custom if custom == "{}" else orjson.Fragment(custom),
    }


def _empty_custom(settings: Settings) -> object:
    return [] if settings.text("empty_custom_fields") == "list" else {}


def member_items(members: Iterable[Member], dates: DateStyle, settings: Settings) -> list[Json]:
    """Members as the API shows them (schema Member)."""
    empty = _empty_custom(settings)
    items = []
    for member in members:
        item: Json = {"id": member.id, **_contact(member, dates, empty)}
        item["mailingsReceived"] = member.received
        item["mailingsOpened"] = member.opened
        item["mailingsClicked"] = member.clicked
        items.append(item)
    return items


def member_item(member: Member, dates: DateStyle, settings: Settings) -> Json:
    return member_items([member], dates, settings)[0]


def departed_items(members: Iterable[Member], dates: DateStyle, settings: Settings) -> list[Json]:
    """Unsubscribed and bounced people: no id, no counters, the date of leaving (api/README.md 4.1)."""
    empty = _empty_custom(settings)
    items = []
    for member in members:
        item = _contact(member, dates, empty)
        if member.state == BOUNCED:
            item["hardBouncedOn"] = dates.show(member.bounced_on)
        else:
            item["unsubscribedOn"] = dates.show(member.unsubscribed_on)
        items.append(item)
    return items


def recipient_items(members: Iterable[Member], dates: DateStyle, settings: Settings) -> list[Json]:
    """Recipients of a mailing: ``idMember`` is null once the person is no longer a member (api/README.md 4.7)."""
    empty = _empty_custom(settings)
    return [{"idMember": one.id if one.state == SUBSCRIBED else None, **_contact(one, dates, empty)} for one in members]
