"""Mailings and their recipients (api/README.md 4.7). Nothing edits a mailing: delete it and make another."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from cyberadmin.api.calls import Caller
from cyberadmin.api.pagination import MAX_LIMIT, Page, list_query
from cyberadmin.api.status_map import parse_deleted
from cyberadmin.api.types import (
    RECIPIENT_KINDS,
    ArchivedMailing,
    Mailing,
    MailingDetail,
    MailingWrite,
    Recipient,
    RecipientKind,
    ScheduledMailing,
    SentMailing,
)

T = TypeVar("T")


class MailingEndpoints:
    """/mailings. `group_id` keeps what was, or will be, sent to that group."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create(self, mailing: MailingWrite) -> Mailing:
        """Schedule a real send. Not idempotent: made twice, everyone gets it twice."""
        parse = Mailing.from_json
        return self._caller.call("POST", "/mailings", lambda answer: parse(answer.json), body=mailing.to_json())

    def list_sent(
        self, *, page: int = 1, limit: int = MAX_LIMIT, sort: str = "", group_id: int | None = None
    ) -> Page[SentMailing]:
        """One page of sent mailings, without the archived ones."""
        return self._list("/mailings/sent", SentMailing.from_json, page, limit, sort, group_id)

    def list_scheduled(
        self, *, page: int = 1, limit: int = MAX_LIMIT, sort: str = "", group_id: int | None = None
    ) -> Page[ScheduledMailing]:
        """One page of mailings that wait for their time."""
        return self._list("/mailings/scheduled", ScheduledMailing.from_json, page, limit, sort, group_id)

    def list_archived(
        self, *, page: int = 1, limit: int = MAX_LIMIT, sort: str = "", group_id: int | None = None
    ) -> Page[ArchivedMailing]:
        """One page of archived mailings."""
        return self._list("/mailings/archived", ArchivedMailing.from_json, page, limit, sort, group_id)

    def get(self, id: int) -> MailingDetail:
        """One mailing, scheduled or sent, with its results."""
        parse = MailingDetail.from_json
        return self._caller.call("GET", "/mailings/{id}", lambda answer: parse(answer.json), fill={"id": id})

    def delete(self, id: int) -> None:
        """Cancel and delete a mailing that has not been sent; refused when it has."""
        self._caller.call("DELETE", "/mailings/{id}", parse_deleted, fill={"id": id})

    def list_recipients(
        self,
        id: int,
        kind: RecipientKind = "all",
        *,
        page: int = 1,
        limit: int = MAX_LIMIT,
        sort: str = "",
        group_id: int | None = None,
    ) -> Page[Recipient]:
        """One page of a mailing's recipients with this outcome. ValueError for a kind that does not exist."""
        if kind not in RECIPIENT_KINDS:
            raise ValueError("there is no such kind of recipients")
        query = _query(page, limit, sort, group_id)
        path = "/mailings/{id}/recipients" + ("" if kind == "all" else f"/{kind}")
        return self._caller.get_page(path, "recipients", partial(Recipient.from_json, kind=kind), query, {"id": id})

    def _list(
        self,
        path: str,
        from_json: Callable[[Mapping[str, Any]], T],
        page: int,
        limit: int,
        sort: str,
        group_id: int | None,
    ) -> Page[T]:
        return self._caller.get_page(path, "mailings", from_json, _query(page, limit, sort, group_id))


def _query(page: int, limit: int, sort: str, group_id: int | None) -> dict[str, str]:
    return list_query(page, limit, sort, idGroup=None if group_id is None else str(group_id))
