"""Groups and custom fields (api/README.md 4.5, 4.6)."""

from datetime import date
from typing import Any

from cyberadmin.api.calls import Answer, Caller
from cyberadmin.api.errors import SchemaError
from cyberadmin.api.pagination import MAX_LIMIT, Page, list_query
from cyberadmin.api.status_map import parse_deleted
from cyberadmin.api.types import UNSET, CustomField, Group, Member, Unset, fields

# Inside the class `list` is a method.
CustomFields = list[CustomField]


class GroupEndpoints:
    """/groups. Dynamic groups can be read, but neither made nor edited."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(self, page: int = 1, limit: int = MAX_LIMIT, sort: str = "") -> Page[Group]:
        """One page of groups."""
        return self._caller.get_page("/groups", "groups", Group.from_json, list_query(page, limit, sort))

    def create(self, title: str, is_public: bool) -> Group:
        """Make a static group. The vendor allows equal titles: not idempotent."""
        return self._caller.call("POST", "/groups", _parse_group, body={"title": title, "isPublic": is_public})

    def get(self, id: int) -> Group:
        """One group."""
        return self._caller.call("GET", "/groups/{id}", _parse_group, fill={"id": id})

    def replace(self, id: int, title: str, is_public: bool) -> Group:
        """Set both attributes."""
        body = {"title": title, "isPublic": is_public}
        return self._caller.call("PUT", "/groups/{id}", _parse_group, fill={"id": id}, body=body)

    def edit(self, id: int, title: str | Unset = UNSET, is_public: bool | Unset = UNSET) -> Group:
        """Set the attributes given."""
        body: dict[str, Any] = {}
        if title is not UNSET:
            body["title"] = title
        if is_public is not UNSET:
            body["isPublic"] = is_public
        return self._caller.call("PATCH", "/groups/{id}", _parse_group, fill={"id": id}, body=body)

    def delete(self, id: int) -> None:
        """Delete the group; its members stay."""
        self._caller.call("DELETE", "/groups/{id}", parse_deleted, fill={"id": id})

    def list_members(
        self,
        id: int,
        *,
        page: int = 1,
        limit: int = MAX_LIMIT,
        sort: str = "",
        joined_from: date | None = None,
        joined_to: date | None = None,
        updated_from: date | None = None,
        updated_to: date | None = None,
    ) -> Page[Member]:
        """One page of the group's members; days are Eastern and inclusive."""
        query = list_query(
            page,
            limit,
            sort,
            joinedOnFrom=joined_from,
            joinedOnTo=joined_to,
            updatedOnFrom=updated_from,
            updatedOnTo=updated_to,
        )
        return self._caller.get_page("/groups/{id}/members", "members", Member.from_json, query, {"id": id})

    def empty(self, id: int) -> None:
        """Take every member out of the group; none is deleted."""
        self._caller.call("DELETE", "/groups/{id}/members", _parse_emptied, fill={"id": id})


class CustomFieldEndpoints:
    """/customfields: read only, not paginated."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(self) -> CustomFields:
        """Every custom field of the account."""
        return self._caller.call("GET", "/customfields", _parse_custom_fields)


def _parse_group(answer: Answer) -> Group:
    return Group.from_json(answer.json)


def _parse_emptied(answer: Answer) -> None:
    if fields.present(answer.json, "members") != []:
        raise SchemaError("members", "not an empty list")


def _parse_custom_fields(answer: Answer) -> CustomFields:
    rows = fields.array(fields.present(answer.json, "customFields"), "customFields")
    return [CustomField.from_json(fields.obj(row, "customFields")) for row in rows]
