"""One page of a list: raw rows at hand, typed items on demand.

A pull hashes raw rows and converts only those that changed, so a page of 10,000 members must not
cost 10,000 dataclasses.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Generic, Self, TypeVar

from cyberadmin.api.errors import SchemaError, UnexpectedResponse
from cyberadmin.api.types import fields

# Highest `limit` the vendor takes (api/README.md 3).
MAX_LIMIT = 10_000

T = TypeVar("T")


class Page(Generic[T]):
    """Rows of one page as the vendor sent them (objects, no more than asked for), and its envelope.

    `limit` and `page` are those the vendor says it used; `server_date` its Date header in UTC.
    """

    __slots__ = ("_convert", "_items", "_path", "limit", "page", "rows", "server_date", "sort", "total_count")

    def __init__(
        self,
        rows: list[dict[str, Any]],
        convert: Callable[[Mapping[str, Any]], T],
        *,
        total_count: int,
        page: int,
        limit: int,
        sort: str = "",
        server_date: datetime | None = None,
        path: str = "",
    ) -> None:
        self.rows = rows
        self.total_count = total_count
        self.page = page
        self.limit = limit
        self.sort = sort
        self.server_date = server_date
        self._convert = convert
        self._path = path
        self._items: list[T] | None = None

    @property
    def items(self) -> list[T]:
        """The rows as typed objects, made at the first look. UnexpectedResponse when one does not fit."""
        if self._items is None:
            try:
                self._items = [self._convert(row) for row in self.rows]
            except SchemaError as error:
                raise UnexpectedResponse(
                    f"GET {self._path} answered a row that does not fit: {error}", method="GET", path=self._path
                ) from None
        return self._items

    def __repr__(self) -> str:
        return f"Page({len(self.rows)} of {self.total_count}, page={self.page}, limit={self.limit})"

    @classmethod
    def from_json(
        cls,
        envelope: Mapping[str, Any],
        key: str,
        convert: Callable[[Mapping[str, Any]], T],
        *,
        asked: int,
        server_date: datetime | None,
        path: str,
    ) -> Self:
        """Read the page whose rows are under `key`. SchemaError unless the envelope is whole."""
        rows = fields.array(fields.present(envelope, key), key)
        if len(rows) > asked:
            raise SchemaError(key, "more rows than asked for")
        if not all(type(row) is dict for row in rows):
            raise SchemaError(key, "a row is not an object")
        return cls(
            rows,
            convert,
            total_count=fields.integer(envelope, "totalCount"),
            page=fields.integer(envelope, "page"),
            limit=fields.integer(envelope, "limit"),
            sort=fields.text(envelope, "sort"),
            server_date=server_date,
            path=path,
        )


def list_query(page: int, limit: int, sort: str, **filters: date | str | None) -> dict[str, str]:
    """The query of a list; filters that are None or empty are left out."""
    if page < 1 or not 1 <= limit <= MAX_LIMIT:
        raise ValueError(f"page starts at 1, limit goes from 1 to {MAX_LIMIT}")
    query = {"page": str(page), "limit": str(limit)}
    for name, value in {"sort": sort, **filters}.items():
        if value:
            query[name] = value if isinstance(value, str) else value.isoformat()
    return query
