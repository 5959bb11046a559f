"""A call: one exchange, its error or its parsed answer, and the record of it.

`Caller` is what the endpoint families stand on. It decides nothing: it gives every failure its class
(`errors`), parses a success, and reports each exchange exactly once.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import orjson

from cyberadmin.api import errors
from cyberadmin.api.credentials import Credential
from cyberadmin.api.pagination import Page
from cyberadmin.api.transport import (
    ExchangeFailed,
    Reply,
    Request,
    Transport,
    fill_path,
    headers_kept,
    request_headers,
    retry_after_seconds,
)

T = TypeVar("T")
Json = Mapping[str, Any]

RECORDED_BODY_LIMIT = 64 * 1024
REQUEST_HEADERS_KEPT = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_ID_HEADERS = ("X-Request-Id", "X-Correlation-Id", "Request-Id")
RESPONSE_HEADERS_KEPT = (
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "Date",
    "Retry-After",
    "Server",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    *_ID_HEADERS,
)
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One exchange as it happened, for whoever keeps the log. Never holds the secret.

    `path` is filled and the bodies are whole or cut at 64 KiB: personal data, the receiver decides
    what to keep. `error_class` is the name of the `errors` class raised, None on success.
    """

    method: str
    path_pattern: str
    path: str
    query: dict[str, str]
    status: int | None
    error_class: str | None
    started_at: datetime
    duration_ms: int
    request_body: dict[str, Any] | None
    response_body: bytes
    request_headers: dict[str, str]
    response_headers: dict[str, str]
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: its JSON object and the server's clock."""

    json: dict[str, Any] = field(repr=False)
    server_date: datetime | None


class Caller:
    """Makes calls with one transport; see `ApiClient` for the arguments."""

    def __init__(
        self,
        transport: Transport,
        credential: Credential,
        on_call: Callable[[CallRecord], None] | None,
        before_call: Callable[[str], None] | None = None,
    ) -> None:
        self._transport = transport
        self._credential = credential
        self._on_call = on_call
        self._before_call = before_call

    def call(
        self,
        method: str,
        pattern: str,
        parse: Callable[[Answer], T],
        *,
        fill: Mapping[str, int | str] | None = None,
        query: Mapping[str, str] | None = None,
        body: dict[str, Any] | None = None,
        secret_answer: bool = False,
    ) -> T:
        """Make one call and parse its answer. Raises an `ApiError`; ValueError for an unsendable body.

        secret_answer: the answer holds a secret and stays out of the record.
        """
        # ATOM: no date of an answer has to be guessed (api/README.md 3).
        query = {"dateReturnFormat": "ATOM", **(query or {})}
        encoded = None if body is None else _encoded(body)
        request = Request(method, pattern, fill_path(pattern, fill or {}), query, encoded)
        if self._before_call is not None:
            self._before_call(method)
        started_at, started = datetime.now(UTC), time.monotonic()
        reply, outcome = self._outcome(request, parse)
        if self._on_call is not None:
            duration_ms = round((time.monotonic() - started) * 1000)
            self._on_call(self._record(request, body, reply, outcome, secret_answer, started_at, duration_ms))
        if isinstance(outcome, errors.ApiError):
            raise outcome
        return outcome

    def get_page(
        self,
        pattern: str,
        key: str,
        convert: Callable[[Json], T],
        query: Mapping[str, str],
        fill: Mapping[str, int | str] | None = None,
    ) -> Page[T]:
        """GET one page of a list whose rows are under `key`."""

        def parse(answer: Answer) -> Page[T]:
            return Page.from_json(
                answer.json, key, convert, asked=int(query["limit"]), server_date=answer.server_date, path=pattern
            )

        return self.call("GET", pattern, parse, fill=fill, query=query)

    def _record(
        self,
        request: Request,
        body: dict[str, Any] | None,
        reply: Reply | None,
        outcome: object,
        secret_answer: bool,
        started_at: datetime,
        duration_ms: int,
    ) -> CallRecord:
        error = outcome if isinstance(outcome, errors.ApiError) else None
        headers: Mapping[str, str] = reply.headers if reply else {}
        answer = b"" if secret_answer or reply is None else reply.body[:RECORDED_BODY_LIMIT]
        return CallRecord(
            method=request.method,
            path_pattern=request.pattern,
            path=request.path,
            query=dict(request.query),
            status=reply.status if reply else (error.status if error else None),
            error_class=type(error).__name__ if error else None,
            started_at=started_at,
            duration_ms=duration_ms,
            request_body=body,
            response_body=self._credential.scrub_bytes(answer),
            request_headers=headers_kept(request_headers(body is not None), REQUEST_HEADERS_KEPT),
            response_headers=headers_kept(headers, RESPONSE_HEADERS_KEPT),
            request_id=_request_id(headers),
        )

    def _outcome(self, request: Request, parse: Callable[[Answer], T]) -> tuple[Reply | None, T | errors.ApiError]:
        try:
            reply = self._transport.exchange(request)
        except ExchangeFailed as failed:
            return None, _exchange_error(request, failed)
        if reply.status not in (200, 201):
            return reply, self._status_error(request, reply)
        problem = _not_json(reply)
        if not problem:
            try:
                answer = Answer(_object(reply.body), reply.server_date)
                return reply, parse(answer)
            except errors.SchemaError as error:
                problem = str(error)
        return reply, errors.UnexpectedResponse(
            f"{request.method} {request.pattern} answered {reply.status} with {problem}",
            method=request.method,
            path=request.pattern,
            status=reply.status,
            request_id=_request_id(reply.headers),
        )

    def _status_error(self, request: Request, reply: Reply) -> errors.ApiError:
        kind = errors.class_for_status(reply.status)
        message, field_errors = _vendor_words(reply)
        error = kind(
            f"{request.method} {request.pattern} answered {reply.status}",
            method=request.method,
            path=request.pattern,
            status=reply.status,
            retry_after=retry_after_seconds(reply.headers),
            request_id=_request_id(reply.headers),
            vendor_message=self._credential.scrub(message),
            field_errors={
                field: [self._credential.scrub(word) for word in words] for field, words in field_errors.items()
            },
        )
        if isinstance(error, errors.Redirected):
            error.location_host = _host(reply.headers.get("Location", ""))
        return error


def _exchange_error(request: Request, failed: ExchangeFailed) -> errors.ApiError:
    kind: type[errors.ApiError] = errors.PerhapsSent if failed.sent else errors.NotSent
    if failed.tls:
        kind = errors.TlsFailed
    return kind(
        f"{request.method} {request.pattern}: {failed.reason}",
        method=request.method,
        path=request.pattern,
        status=failed.status,
    )


def _encoded(body: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        raise ValueError("the body holds something that JSON cannot carry") from None


def _not_json(reply: Reply) -> str:
    """What is wrong with the announced type of an answer, or ""."""
    media_type = reply.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json")):
        return ""
    return "another type than JSON"


def _object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object. orjson refuses NaN, a BOM, other encodings and deep nesting by itself."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise errors.SchemaError("body", "not valid JSON") from None
    if not isinstance(value, dict):
        raise errors.SchemaError("body", "not an object")
    return value


def _vendor_words(reply: Reply) -> tuple[str, dict[str, list[str]]]:
    """Message and field errors of an error body; empty when it has none (api/README.md 6, 1)."""
    try:
        body = _object(reply.body)
    except errors.SchemaError:
        return "", {}
    message = next((body[key] for key in ("message", "error", "description") if isinstance(body.get(key), str)), "")
    found = body.get("errors")
    if isinstance(found, list):
        found = {"": found}
    if not isinstance(found, dict):
        found = {}
    return _one_line(message), {_one_line(field)[:100]: _words(value) for field, value in list(found.items())[:50]}


def _words(value: object) -> list[str]:
    """One or several sentences of a field error as a list."""
    entries = value if isinstance(value, list) else [value]
    return [_one_line(entry if isinstance(entry, str) else orjson.dumps(entry).decode()) for entry in entries[:20]]


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[
        : errors.VENDOR_MESSAGE_LIMIT
    ]


def _request_id(headers: Mapping[str, str]) -> str | None:
    found = next((headers[name] for name in _ID_HEADERS if headers.get(name)), None)
    return _one_line(found)[:100] if found else None


def _host(location: str) -> str:
    """The host a redirect points to, or "" when it names none."""
    try:
        host = urlsplit(location).hostname or ""
    except ValueError:
        return ""
    return host if _HOST.fullmatch(host) else ""
