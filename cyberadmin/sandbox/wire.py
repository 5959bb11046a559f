"""What travels between the HTTP server, the routes and the handlers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson

Json = dict[str, object]
JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """One request: ``path`` as sent, ``segments`` percent-decoded, query values by name."""

    method: str
    path: str
    segments: tuple[str, ...]
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    def parameter(self, name: str) -> str:
        """A query parameter; an empty one counts as absent (api/README.md 3)."""
        return self.query.get(name, "").strip()


@dataclass(slots=True)
class Reply:
    """One answer: a JSON payload, or ``raw`` bytes, or ``stream`` for bytes that take their time."""

    status: int
    payload: object = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str = JSON_TYPE
    stream: Iterable[bytes] | None = None
    length: int | None = None

    def body(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return orjson.dumps(self.payload, option=orjson.OPT_NON_STR_KEYS)


class ApiProblem(Exception):
    """A refusal: the transaction is rolled back and the answer is an error body."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = dict(headers or {})


class DropConnection(Exception):
    """The connection ends without (the rest of) an answer; ``reset`` sends RST rather than FIN."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__("connection dropped by a fault rule")
        self.reset = reset


def not_found(what: str = "Not found") -> ApiProblem:
    return ApiProblem(404, what)


def invalid(field_name: str, text: str, status: int = 422) -> ApiProblem:
    """A value that is refused: field errors are shown as ``errors`` (api/README.md 6, row 1)."""
    return ApiProblem(status, "Validation failed", {field_name: [text]})
