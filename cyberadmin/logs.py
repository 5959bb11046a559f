"""Log lines: one JSON object each, in UTC, with who and which client; never a token, never an address.

`context` binds what the lines of one request or one task have in common. `scrub` is the last thing before a line is
written, so that a secret in an exception, in a library's message or in a value is masked like any other
(docs/engine.md section 4, lines 27-29: ASVS 16.2.1, 16.2.2, 16.2.5, 16.4.1).
"""

import logging
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from structlog.typing import EventDict, Processor, WrappedLogger

_ADDRESS = re.compile(r"[^\s\"'<>,;:()\[\]{}=@\\]+@[^\s\"'<>,;:()\[\]{}=@\\]+")
#: A JSON web token, or whatever follows an authorization scheme.
_TOKEN = re.compile(r"[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}|(?i:\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}")


def scrub(text: str) -> str:
    """`text` with tokens and e-mail addresses masked; of an address the first letter stays, to tell two apart."""
    return _ADDRESS.sub(_masked, _TOKEN.sub("[token]", text))


def _masked(found: re.Match[str]) -> str:
    return f"{found[0][0]}…@…"


@contextmanager
def context(**values: Any) -> Iterator[None]:
    """Give every line that is written inside these values; ids only, never names or addresses."""
    with structlog.contextvars.bound_contextvars(**values):
        yield


#: The header of every answer that names the request, as lines and pages of failures do.
REFERENCE = "X-Request-ID"


def reference() -> str:
    """What names the request that is being answered, in its log lines, its header and its page; "" outside of any."""
    return str(structlog.contextvars.get_contextvars().get("request", ""))


class ReferenceMiddleware:
    """Every line written during a request, and its answer, carry an id of its own. Outermost of all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with context(request=uuid.uuid4().hex[:12]):
            response = self.get_response(request)
            response.headers[REFERENCE] = reference()
        return response


class RequestContextMiddleware:
    """Lines written during a request carry the person's and the client's number."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        account = getattr(request, "account", None)
        with context(actor=request.user.pk, account=account.pk if account else None):
            return self.get_response(request)


#: What every line gets before it is rendered, whether it comes from us or from a library.
_COMMON: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)


class _Lines(structlog.stdlib.ProcessorFormatter):
    """The formatter of both forms: the whole line is scrubbed, after everything in it has become text."""

    def __init__(self, renderer: Processor) -> None:
        processors = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        super().__init__(foreign_pre_chain=list(_COMMON), processors=processors)

    def format(self, record: logging.LogRecord) -> str:
        """One record as text, without tokens and addresses."""
        return scrub(super().format(record))


def json_lines() -> logging.Formatter:
    """For machines: one JSON object a line, line breaks escaped, so that no value can forge another line."""
    return _Lines(structlog.processors.JSONRenderer(ensure_ascii=False))


def plain_lines() -> logging.Formatter:
    """For a terminal: time, level, logger and message, then the values, then a trace on lines of its own."""
    return _Lines(_plain)


def _plain(logger: WrappedLogger, method: str, event: EventDict) -> str:
    head = [_one_line(event.pop(name, "")) for name in ("timestamp", "level", "logger", "event")]
    trace = event.pop("exception", "")
    values = [f"{name}={_one_line(value)}" for name, value in event.items()]
    return " ".join([*head, *values]) + (f"\n{trace}" if trace else "")


def _one_line(value: object) -> str:
    return str(value).replace("\r", "\\r").replace("\n", "\\n")
