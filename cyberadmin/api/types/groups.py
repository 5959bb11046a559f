"""Groups and custom fields (api/README.md 4.5, 4.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from cyberadmin.api.types import fields


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberGroup:
    """A group as seen from a member: without counters."""

    id: int
    title: str
    is_public: bool
    created_at: datetime
    is_dynamic: bool

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        return cls(**_group_fields(row))


def _group_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": fields.integer(row, "id"),
        "title": fields.text(row, "title"),
        "is_public": fields.boolean(row, "isPublic"),
        "created_at": fields.instant(row, "createdOn"),
        "is_dynamic": fields.boolean(row, "isDynamic"),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(MemberGroup):
    """A group as the group endpoints answer it."""

    members_count: int
    mailings_count: int

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        return cls(
            members_count=fields.integer(row, "membersCount"),
            mailings_count=fields.integer(row, "mailingsCount"),
            **_group_fields(row),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomField:
    """A field the account defined. Known types: text, date, integer, decimal number."""

    id: int
    name: str
    type: str

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        return cls(id=fields.integer(row, "id"), name=fields.text(row, "name"), type=fields.text(row, "type"))
