"""What a handler gets: one authenticated request inside one transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

import orjson

from cyberadmin.sandbox import journal
from cyberadmin.sandbox.dates import DateStyle
from cyberadmin.sandbox.settings import Settings
from cyberadmin.sandbox.store import Account
from cyberadmin.sandbox.wire import ApiProblem, Json, Request

SCHEMA_ERROR = (
    "The request you submitted did not match the schema the API was expecting. "
    "Check the Content-Type header and the documentation of the endpoint."
)


@dataclass(slots=True)
class Call:
    """``params`` are the path's placeholders, ``hints`` what a fault rule asks of the handler."""

    conn: sqlite3.Connection
    settings: Settings
    now: int
    account: Account
    request: Request
    operation: str
    params: dict[str, str] = field(default_factory=dict)
    hints: dict[str, object] = field(default_factory=dict)
    secret: str = ""
    source: str = "api"

    @property
    def dates(self) -> DateStyle:
        return DateStyle(self.request.parameter("dateReturnFormat"), self.settings.status("date_digits"))

    def schema_mismatch(self) -> ApiProblem:
        """The vendor's schema error: it does not say which field is wrong (api/README.md 3, source F1333)."""
        return ApiProblem(self.settings.status("schema_error_status"), SCHEMA_ERROR)

    def body(self) -> Json:
        """The JSON object that was sent. Raises ApiProblem for a wrong Content-Type, bad JSON or another type."""
        kind = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise ApiProblem(self.settings.status("content_type_status"), SCHEMA_ERROR)
        try:
            parsed = orjson.loads(self.request.body)
        except orjson.JSONDecodeError:
            raise ApiProblem(self.settings.status("malformed_json_status"), SCHEMA_ERROR) from None
        if not isinstance(parsed, dict):
            raise self.schema_mismatch()
        return parsed

    def record(self, effect: journal.Effect) -> None:
        """Write an applied effect to the journal, in the same transaction."""
        journal.write(self.conn, [self.entry(effect)])

    def entry(self, effect: journal.Effect) -> journal.Entry:
        body = self.request.body.decode("utf-8", "replace") if effect.body is None else effect.body
        return journal.Entry(
            at=self.now,
            source=self.source,
            account_id=self.account.id,
            operation=self.operation,
            method=self.request.method,
            path=self.request.path,
            effect=effect,
            body=body,
        )
