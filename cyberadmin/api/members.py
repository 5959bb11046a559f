"""Members, their groups, mailings and consent (api/README.md 4.1 to 4.4).

A key is the member's id or e-mail address. Unsubscribed and bounced members have no id and are in
lists of their own; `/members/{key}` no longer finds them.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from cyberadmin.api.calls import Answer, Caller
from cyberadmin.api.pagination import MAX_LIMIT, Page, list_query
from cyberadmin.api.status_map import only_key, parse_deleted
from cyberadmin.api.types import (
    BouncedMember,
    Consent,
    ConsentWrite,
    Member,
    MemberGroup,
    MemberMailing,
    MemberWrite,
    UnsubscribedMember,
    Unsubscription,
    fields,
)

T = TypeVar("T")
Key = int | str
# Inside the class `list` is a method.
MemberGroups = list[MemberGroup]


class MemberEndpoints:
    """/members. Days of filters are Eastern and inclusive on both sides."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(
        self,
        *,
        status: str = "all",
        page: int = 1,
        limit: int = MAX_LIMIT,
        sort: str = "",
        joined_from: date | None = None,
        joined_to: date | None = None,
        updated_from: date | None = None,
        updated_to: date | None = None,
    ) -> Page[Member]:
        """One page of subscribed members. `status`: all, active (in a group) or orphans (in none)."""
        query = list_query(
            page,
            limit,
            sort,
            status=status,
            joinedOnFrom=joined_from,
            joinedOnTo=joined_to,
            updatedOnFrom=updated_from,
            updatedOnTo=updated_to,
        )
        return self._caller.get_page("/members", "members", Member.from_json, query)

    def list_unsubscribed(
        self,
        *,
        page: int = 1,
        limit: int = MAX_LIMIT,
        sort: str = "",
        updated_from: date | None = None,
        updated_to: date | None = None,
        unsubscribed_from: date | None = None,
        unsubscribed_to: date | None = None,
    ) -> Page[UnsubscribedMember]:
        """One page of the members who unsubscribed."""
        query = list_query(
            page,
            limit,
            sort,
            updatedOnFrom=updated_from,
            updatedOnTo=updated_to,
            unsubscribedOnFrom=unsubscribed_from,
            unsubscribedOnTo=unsubscribed_to,
        )
        return self._caller.get_page("/members/unsubscribed", "members", UnsubscribedMember.from_json, query)

    def list_bounced(
        self,
        *,
        page: int = 1,
        limit: int = MAX_LIMIT,
        sort: str = "",
        updated_from: date | None = None,
        updated_to: date | None = None,
        bounced_from: date | None = None,
        bounced_to: date | None = None,
    ) -> Page[BouncedMember]:
        """One page of the members whose last mailing bounced hard."""
        query = list_query(
            page,
            limit,
            sort,
            updatedOnFrom=updated_from,
            updatedOnTo=updated_to,
            bouncedOnFrom=bounced_from,
            bouncedOnTo=bounced_to,
        )
        return self._caller.get_page("/members/bounced", "members", BouncedMember.from_json, query)

    def get(self, key: Key) -> Member:
        """One subscribed member."""
        return self._on_member("GET", "", key, _reads(Member.from_json))

    def get_unsubscribed(self, email: str) -> UnsubscribedMember:
        """One unsubscribed member, by e-mail address only."""
        parse = _reads(UnsubscribedMember.from_json)
        return self._caller.call("GET", "/members/unsubscribed/{key}", parse, fill={"key": email})

    def create(self, member: MemberWrite, groups: Sequence[int] = ()) -> Member:
        """Add a member with an implied consent, without any mail. An existing address is refused."""
        body = _new_member(member, groups)
        return self._caller.call("POST", "/members", _reads(Member.from_json), body=body)

    def replace(self, key: Key, member: MemberWrite) -> Member:
        """Replace a member: what is UNSET goes back to its empty default. Needs the e-mail address."""
        return self._on_member("PUT", "", key, _reads(Member.from_json), _with_email(member))

    def edit(self, key: Key, member: MemberWrite) -> Member:
        """Change the fields that are set."""
        return self._on_member("PATCH", "", key, _reads(Member.from_json), member.to_json())

    def delete(self, key: Key) -> None:
        """Delete a member for good: it is not an unsubscription."""
        self._on_member("DELETE", "", key, parse_deleted)

    def unsubscribe(self, key: Key) -> Unsubscription:
        """Unsubscribe a member. Idempotent."""
        parse = _reads(Unsubscription.from_json)
        return self._caller.call("POST", "/members/unsubscribed/{key}", parse, fill={"key": key})

    def optin(self, member: MemberWrite, groups: Sequence[int] = (), confirm_url: str | None = None) -> str:
        """Have a confirmation request e-mailed; the id of the request, which nothing can look up."""
        body = _new_member(member, groups)
        if confirm_url:
            body["optinConfirmUrl"] = confirm_url
        return self._caller.call("POST", "/members/optins", lambda answer: only_key(answer, "created"), body=body)

    def list_groups(self, key: Key, *, page: int = 1, limit: int = MAX_LIMIT, sort: str = "") -> Page[MemberGroup]:
        """One page of a member's groups."""
        query = list_query(page, limit, sort)
        return self._caller.get_page("/members/{key}/groups", "groups", MemberGroup.from_json, query, {"key": key})

    def add_groups(self, key: Key, ids: Sequence[int]) -> MemberGroups:
        """Add a member to groups; all its groups afterwards."""
        return self._on_member("POST", "/groups", key, _parse_groups, {"groups": _csv(ids)})

    def replace_groups(self, key: Key, ids: Sequence[int]) -> MemberGroups:
        """Put a member in exactly these groups; all its groups afterwards."""
        return self._on_member("PUT", "/groups", key, _parse_groups, {"groups": _csv(ids)})

    def remove_group(self, key: Key, group_id: int) -> None:
        """Take a member out of one group."""
        fill: Mapping[str, Key] = {"key": key, "groupId": group_id}
        self._caller.call("DELETE", "/members/{key}/groups/{groupId}", parse_deleted, fill=fill)

    def list_mailings(self, key: Key, *, page: int = 1, limit: int = MAX_LIMIT, sort: str = "") -> Page[MemberMailing]:
        """One page of the mailings a member received."""
        query = list_query(page, limit, sort)
        return self._caller.get_page(
            "/members/{key}/mailings", "mailings", MemberMailing.from_json, query, {"key": key}
        )

    def get_consent(self, key: Key) -> Consent:
        """A member's consent."""
        return self._on_member("GET", "/consent", key, _reads(Consent.from_json))

    def set_consent(self, key: Key, consent: ConsentWrite) -> Consent:
        """Set a member's consent. Some cannot be overridden: `Rejected` (api/README.md 4.4)."""
        return self._on_member("PUT", "/consent", key, _reads(Consent.from_json), consent.to_json())

    def _on_member(
        self, method: str, rest: str, key: Key, parse: Callable[[Answer], T], body: dict[str, Any] | None = None
    ) -> T:
        return self._caller.call(method, "/members/{key}" + rest, parse, fill={"key": key}, body=body)


def _reads(from_json: Callable[[Mapping[str, Any]], T]) -> Callable[[Answer], T]:
    return lambda answer: from_json(answer.json)


def _parse_groups(answer: Answer) -> MemberGroups:
    rows = fields.array(fields.present(answer.json, "groups"), "groups")
    return [MemberGroup.from_json(fields.obj(row, "groups")) for row in rows]


def _csv(ids: Sequence[int]) -> str:
    """Group ids as the vendor wants them outside batches: in one string (api/README.md 4.1)."""
    return ",".join(str(id) for id in ids)


def _with_email(member: MemberWrite) -> dict[str, Any]:
    if not member.email:
        raise ValueError("an e-mail address is needed")
    return member.to_json()


def _new_member(member: MemberWrite, groups: Sequence[int]) -> dict[str, Any]:
    body = _with_email(member)
    if groups:
        body["groups"] = _csv(groups)
    return body
