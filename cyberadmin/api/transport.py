"""One HTTP exchange: build, send once, read within the limits, or say exactly what failed.

An adapter of requests is used directly rather than `Session.send`: the session would read the whole
body of a redirect (unbounded) to prepare a request we never make, and would merge cookies, proxies
and .netrc from the environment. The session is what keeps the connection alive.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from urllib3.exceptions import HTTPError

from cyberadmin.api.credentials import Credential
from cyberadmin.api.wire import Line, LineAdapter, NotConnected, ResolveCheck, TlsRefused

USER_AGENT = "cyberadmin/1 (+python-requests)"
CHUNK = 256 * 1024
# Of an error's body only its words matter.
ERROR_BODY_LIMIT = 64 * 1024
# A connection idle for longer may be closed by the server just as a write is sent, leaving the
# question whether it arrived: a write pays for a new connection instead.
IDLE_SECONDS = 2.0

_FAILURES = (requests.RequestException, HTTPError, HTTPException, OSError, NotConnected)


@dataclass(frozen=True, slots=True)
class Request:
    """A request before it is sent. `path` is `pattern` filled."""

    method: str
    pattern: str
    path: str = field(repr=False)
    query: Mapping[str, str]
    body: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer: `body` is whole for a success, cut for anything else.

    Only the status shows in repr: a server may echo a secret, and error reporters print locals.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def server_date(self) -> datetime | None:
        """The Date header in UTC, or None when absent or unreadable."""
        return http_date(self.headers.get("Date", ""))


class ExchangeFailed(Exception):
    """No usable answer. `sent`: a byte may have left. `tls`: no trust. `status`: what had begun to arrive."""

    def __init__(self, reason: str, *, sent: bool, tls: bool = False, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent
        self.tls = tls
        self.status = status


class Transport:
    """Sends requests of one client to one base URL. For one thread."""

    def __init__(
        self,
        base_url: str,
        credential: Credential,
        *,
        deadline: float,
        max_bytes: int,
        session: requests.Session | None,
        resolve_check: ResolveCheck | None,
        ca_file: str | None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._base_url = checked_base_url(base_url)
        self._credential = credential
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._line = Line(resolve_check)
        self._adapter = LineAdapter(self._line)
        self._verify: bool | str = ca_file or True
        self._idle_seconds = idle_seconds
        self._idle_since = time.monotonic()
        self.session = session or requests.Session()
        # Nothing of the session is used but its keeping; this is for whoever else may hold it.
        self.session.trust_env = False
        self.session.mount(self._base_url, self._adapter)

    def exchange(self, request: Request) -> Reply:
        """Send once and read the answer, whatever its status; ExchangeFailed without one."""
        prepared = requests.Request(
            request.method,
            self._base_url + request.path,
            params=dict(request.query),
            data=request.body,
            headers=request_headers(request.body is not None),
            auth=self._credential,
        ).prepare()
        if request.method != "GET" and time.monotonic() - self._idle_since > self._idle_seconds:
            self._adapter.drop_idle()
        self._line.begin(self._deadline)
        outcome = self._attempt(prepared)
        self._idle_since = time.monotonic()
        if isinstance(outcome, ExchangeFailed):
            # Raised here, outside any handler, so that no chained exception carries the URL along.
            raise outcome
        return outcome

    def _attempt(self, prepared: requests.PreparedRequest) -> Reply | ExchangeFailed:
        status: int | None = None
        try:
            response = self._adapter.send(prepared, stream=True, timeout=self._deadline, verify=self._verify)
            try:
                status = response.status_code
                body = self._read(response)
            finally:
                # A whole body has given its connection back already; anything else is thrown away.
                response.close()
        except TlsRefused as error:
            return ExchangeFailed(f"TLS failed: {error}", sent=False, tls=True)
        except NotConnected as error:
            return ExchangeFailed(str(error), sent=False)
        except _FAILURES:
            return ExchangeFailed(self._reason(), sent=self._line.sent, status=status)
        if body is None:
            return ExchangeFailed(f"answer larger than {self._max_bytes} bytes", sent=True, status=status)
        return Reply(response.status_code, response.headers, body)

    def _reason(self) -> str:
        try:
            self._line.remaining()
        except TimeoutError:
            return f"no whole answer within {self._deadline:g} s"
        return "connection lost or answer unreadable" if self._line.sent else "connection failed"

    def _read(self, response: requests.Response) -> bytes | None:
        """The decoded body; None when a success is larger than the limit, counted while decoding."""
        if response.status_code not in (200, 201):
            return self._read_words(response)
        parts: list[bytes] = []
        size = 0
        for part in response.raw.stream(CHUNK, decode_content=True):
            size += len(part)
            if size > self._max_bytes:
                return None
            parts.append(part)
        return b"".join(parts)

    def _read_words(self, response: requests.Response) -> bytes:
        """What could be read of an error's body: the status alone already tells what to do."""
        parts: list[bytes] = []
        size = 0
        try:
            for part in response.raw.stream(ERROR_BODY_LIMIT, decode_content=True):
                parts.append(part)
                size += len(part)
                if size >= ERROR_BODY_LIMIT:
                    break
        except _FAILURES:
            pass
        return b"".join(parts)[:ERROR_BODY_LIMIT]


def checked_base_url(url: str) -> str:
    """The base URL without its last slash. ValueError unless it is plain http(s)://host[:port][/path]."""
    parts = urlsplit(url)
    plain = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    if not plain or parts.query or parts.fragment:
        raise ValueError("a base URL is http(s)://host[:port], without user, query or fragment")
    try:
        requests.Request("GET", url).prepare()
    except requests.RequestException:
        raise ValueError("no such host name or port") from None
    return url.rstrip("/")


def request_headers(has_body: bool) -> dict[str, str]:
    """The headers of every request, less the credential's."""
    headers = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}
    if has_body:
        headers["Content-Type"] = "application/json"
    return headers


def http_date(value: str) -> datetime | None:
    """An HTTP date in UTC, or None."""
    try:
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds of Retry-After, given as a number or as a date; None when absent or unreadable."""
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    until = http_date(value)
    if until is None:
        return None
    now = http_date(headers.get("Date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def fill_path(pattern: str, fill: Mapping[str, int | str]) -> str:
    """`pattern` with its `{name}` places filled, each value percent-encoded whole.

    ValueError for a value that would change the path itself.
    """
    if any(value in ("", ".", "..") for value in fill.values()):
        raise ValueError("this key cannot stand in a path")
    return pattern.format(**{name: quote(str(value), safe="") for name, value in fill.items()})


def headers_kept(headers: Mapping[str, str], allowed: tuple[str, ...]) -> dict[str, Any]:
    """The headers worth recording: a list of what is kept, so that no new one slips through."""
    return {name: headers[name] for name in allowed if name in headers}
