"""Readers of one field of a JSON object, and `UNSET`.

A missing field is always an error, never an empty value: a vendor that drops a field must not make
us clear what we hold. A null text is empty (api/README.md 3); unknown keys and unknown enum values
pass; integers may come as numeric strings.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from cyberadmin.api.errors import SchemaError


class Unset(Enum):
    """Type of `UNSET`; an enum, so that type checkers narrow on `is UNSET`."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> Literal[False]:
        return False


UNSET: Final = Unset.UNSET

TORONTO = ZoneInfo("America/Toronto")

_DIGITS = re.compile(r"[0-9]{1,18}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_FIELD_ID = re.compile(r"[0-9]{1,9}")

CustomValue = str | int | float | None


def obj(value: object, field: str) -> dict[str, Any]:
    """`value` as a JSON object."""
    if not isinstance(value, dict):
        raise SchemaError(field, "not an object")
    return value


def array(value: object, field: str) -> list[Any]:
    """`value` as a JSON array."""
    if not isinstance(value, list):
        raise SchemaError(field, "not a list")
    return value


def present(row: Mapping[str, Any], name: str) -> Any:
    """The field's raw value; SchemaError when it is missing."""
    try:
        return row[name]
    except KeyError:
        raise SchemaError(name, "missing") from None


def text(row: Mapping[str, Any], name: str) -> str:
    """A string; null reads as ""."""
    value = row.get(name)
    if type(value) is str:  # nearly always, and a pull reads millions of them
        return value
    value = present(row, name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise SchemaError(name, "not a string")
    return value


def filled_text(row: Mapping[str, Any], name: str) -> str:
    """A string that is never empty."""
    value = text(row, name)
    if not value:
        raise SchemaError(name, "empty")
    return value


def integer(row: Mapping[str, Any], name: str) -> int:
    """An integer of zero or more; a numeric string is accepted."""
    value = row.get(name)
    if type(value) is int and 0 <= value < 10**18:
        return value
    value = present(row, name)
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**18:
        raise SchemaError(name, "not a whole number")
    return value


def boolean(row: Mapping[str, Any], name: str) -> bool:
    """A JSON boolean and nothing else."""
    value = present(row, name)
    if not isinstance(value, bool):
        raise SchemaError(name, "not a boolean")
    return value


def instant(row: Mapping[str, Any], name: str) -> datetime:
    """A moment, in UTC. Without offset it is Eastern time; of a doubled hour, the first one."""
    value = present(row, name)
    match = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise SchemaError(name, "not a date-time")
    try:
        moment = datetime.fromisoformat(match[0])
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=TORONTO)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise SchemaError(name, "no such date-time") from None


def optional_instant(row: Mapping[str, Any], name: str) -> datetime | None:
    """A moment, or None when it is null or empty (it has not happened)."""
    return None if present(row, name) in (None, "") else instant(row, name)


def optional_day(row: Mapping[str, Any], name: str) -> date | None:
    """A calendar day or None. Of a full date-time (consent dates are, api/README.md 4.4), the day as written."""
    value = present(row, name)
    if value in (None, ""):
        return None
    if not isinstance(value, str) or not _DAY.match(value):
        raise SchemaError(name, "not a day")
    if len(value) > 10:
        instant(row, name)
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise SchemaError(name, "no such day") from None


def custom_values(row: Mapping[str, Any], name: str) -> dict[int, CustomValue]:
    """Values by custom field id. An empty list stands for an empty object (api/README.md 3)."""
    values = present(row, name)
    if values == []:
        return {}
    result: dict[int, CustomValue] = {}
    for key, value in obj(values, name).items():
        if not _FIELD_ID.fullmatch(key):
            raise SchemaError(name, "a key is not a field id")
        if isinstance(value, bool) or not isinstance(value, str | int | float | None):
            raise SchemaError(name, "a value is neither text nor number")
        result[int(key)] = value
    return result


def id_or_email(value: object, field: str) -> int | str:
    """An entry of a batch, as it was submitted: number or string."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise SchemaError(field, "neither an id nor an e-mail address")
    return value
