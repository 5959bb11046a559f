"""Checks of the bodies that write members: schema mismatches, field errors, group lists, custom values."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, field

import orjson

from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.dates import parse_day
from cyberadmin.sandbox.people import Member, fold
from cyberadmin.sandbox.settings import Settings
from cyberadmin.sandbox.wire import Json, invalid

EMAIL = re.compile(r"[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+\.[^\s@.\x00-\x1f\x7f]+")
EMAIL_LENGTH = 254
TEXT_COLUMNS = {
    "firstname": "firstname", "lastname": "lastname", "company": "company", "postalCode": "postal_code", "note": "note",
    "gender": "gender", "language": "language", "country": "country",
}  # fmt: skip
SHAPES = {
    "gender": re.compile("[mfo]?"),
    "language": re.compile("(en_ca|fr_ca)?"),
    "country": re.compile("([A-Z]{2})?"),
}
BIRTHDATE = re.compile(r"(\d{4}-\d{2}-\d{2})?", re.ASCII)
FIELD_ID = re.compile(r"\d{1,9}", re.ASCII)
GROUPS_CSV = re.compile(r"(\d+(\s*,\s*\d+)*)?", re.ASCII)


@dataclass(slots=True)
class MemberBody:
    """What a body says: columns to set (only those present), custom values, group ids or None when absent."""

    email: str | None = None
    columns: dict[str, str | None] = field(default_factory=dict)
    custom: dict[str, object] | None = None
    groups: list[int] | None = None

    def write_to(self, member: Member) -> None:
        """Set what is present; custom values are merged, null or "" clears one."""
        for name, value in self.columns.items():
            setattr(member, name, value)
        if self.email is not None:
            member.email, member.email_fold = self.email, fold(self.email)
        if self.custom is not None:
            stored = {**orjson.loads(member.custom), **self.custom}
            kept = {key: value for key, value in stored.items() if value is not None and value != ""}
            member.custom = orjson.dumps(kept).decode()


def clean_email(call: Call, text: object) -> str:
    """The address as stored. Raises ApiProblem (api/README.md 6, row 8)."""
    if not isinstance(text, str):
        raise call.schema_mismatch()
    email = text.strip()
    if len(email) > EMAIL_LENGTH or not EMAIL.fullmatch(email):
        raise invalid("email", "Invalid e-mail address")
    return email.lower() if call.settings.text("email_storage") == "lower" else email


def read_member(call: Call, body: Json) -> MemberBody:
    """Check a body of POST, PUT or PATCH /members and POST /members/optins. Raises ApiProblem."""
    result = MemberBody()
    for name, column in TEXT_COLUMNS.items():
        if name in body:
            result.columns[column] = _text(call, name, body[name])
    if "birthdate" in body:
        result.columns["birthdate"] = _birthdate(call, body["birthdate"])
    if "email" in body:
        result.email = clean_email(call, body["email"])
    if "customFields" in body:
        result.custom = _custom(call, body["customFields"])
    if "groups" in body:
        result.groups = read_groups(call, body["groups"])
    return result


def _text(call: Call, name: str, value: object) -> str:
    if not isinstance(value, str) or (name in SHAPES and not SHAPES[name].fullmatch(value)):
        raise call.schema_mismatch()
    return value


def _birthdate(call: Call, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not BIRTHDATE.fullmatch(value):
        raise call.schema_mismatch()
    if value and not parse_day(value):
        raise invalid("birthdate", "No such day")
    return value or None


def _custom(call: Call, value: object) -> dict[str, object]:
    if not isinstance(value, dict) or not all(FIELD_ID.fullmatch(key) for key in value):
        raise call.schema_mismatch()
    if not all(
        one is None or (isinstance(one, (str, int, float)) and not isinstance(one, bool)) for one in value.values()
    ):
        raise call.schema_mismatch()
    good, errors = check_custom(field_types(call.conn, call.account.id), value, call.settings)
    if errors:
        name, text = next(iter(errors.items()))
        raise invalid(f"customFields.{name}", text)
    return good


def field_types(conn: sqlite3.Connection, account_id: int) -> dict[str, str]:
    """Type by field id, the id as text."""
    rows = conn.execute("SELECT id, type FROM customfields WHERE account_id = ?", (account_id,))
    return {str(row[0]): row[1] for row in rows}


def check_custom(
    types: dict[str, str], given: dict[str, object], settings: Settings
) -> tuple[dict[str, object], dict[str, str]]:
    """Accepted values and errors by field id (api/README.md 6, row 28: refused, or ignored by setting)."""
    good: dict[str, object] = {}
    errors: dict[str, str] = {}
    for key, value in given.items():
        name = str(int(key))
        if name not in types:
            errors[key] = "Unknown custom field"
        elif value is not None and value != "" and not _fits(types[name], value):
            errors[key] = f"Not a value of type {types[name]}"
        else:
            good[name] = value
    return good, ({} if settings.text("custom_value_errors") == "ignore" else errors)


def _fits(kind: str, value: object) -> bool:
    if kind == "text":
        return isinstance(value, str)
    if kind == "date":
        return isinstance(value, str) and parse_day(value) is not None
    if isinstance(value, float):
        return kind == "decimal number" or value.is_integer()
    return isinstance(value, int)


def read_groups(call: Call, value: object, *, dynamic_too: bool = False) -> list[int]:
    """Ids of a CSV string or of one bare number (api/README.md 4.1). Raises ApiProblem."""
    if isinstance(value, int) and not isinstance(value, bool):
        return known_groups(call, [value], dynamic_too=dynamic_too)
    if not isinstance(value, str) or not GROUPS_CSV.fullmatch(value):
        raise call.schema_mismatch()
    ids = [int(part) for part in value.split(",")] if value else []
    return known_groups(call, ids, dynamic_too=dynamic_too)


def known_groups(call: Call, ids: list[int], *, dynamic_too: bool = False) -> list[int]:
    """The ids without doubles. Unknown: 422 or dropped (row 20); dynamic: refused (row 21) unless ``dynamic_too``."""
    rows = call.conn.execute("SELECT id, is_dynamic FROM groups WHERE account_id = ?", (call.account.id,))
    dynamic = {row[0]: bool(row[1]) for row in rows}
    wanted = list(dict.fromkeys(ids))
    unknown = [one for one in wanted if one not in dynamic]
    if unknown and call.settings.text("unknown_group") == "refuse":
        raise invalid("groups", f"No such group: {', '.join(map(str, unknown))}")
    known = [one for one in wanted if one in dynamic]
    if not dynamic_too and any(dynamic[one] for one in known):
        raise invalid("groups", "A dynamic group cannot be changed", call.settings.status("dynamic_group_status"))
    return known
