"""Connections that know the exchange under way: its deadline, and whether a byte of it has left.

requests and urllib3 time out between two packets and tell "not sent" from "perhaps sent" only by
guessing from exception types. Here both are facts. Every connection of a client shares one `Line`:
each send and each receive gets only what is left of the deadline (so a drip cannot outlive it), and
the first byte handed to the socket sets `sent`. Addresses are resolved here, offered to the caller's
check, and connected to as resolved: a name that changes its mind later changes nothing.
"""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any, cast

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context

CONNECT_SECONDS = 5.0

ResolveCheck = Callable[[str, str], None]
Address = tuple[int, tuple[Any, ...]]

# The peer went away during the handshake: an outage, not a question of identity.
_HUNG_UP = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


class NotConnected(Exception):
    """No usable connection. Deliberately no OSError: urllib3 would wrap it and lose the reason."""


class TlsRefused(NotConnected):
    """The TLS handshake failed for another reason than a lost connection."""


class Line:
    """What the connections of one client know about the exchange under way. For one thread."""

    def __init__(self, resolve_check: ResolveCheck | None) -> None:
        self.resolve_check = resolve_check
        self.sent = False
        self._ends = 0.0

    def begin(self, seconds: float) -> None:
        """Start an exchange that must be over in `seconds`."""
        self.sent = False
        self._ends = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left; TimeoutError when none are."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("deadline")
        return left

    def check_address(self, host: str, ip: str) -> None:
        """Ask the caller about the address about to be connected to; any objection is final."""
        if self.resolve_check is None:
            return
        try:
            self.resolve_check(host, ip)
        except Exception:  # noqa: BLE001 whatever it raises, the answer is no (fail closed)
            raise NotConnected("address not allowed") from None

    def connect_seconds(self) -> float:
        """Seconds one step of connecting may take."""
        return min(CONNECT_SECONDS, self.remaining())


class _TimedSocket(socket.socket):
    """A socket that never waits past the deadline."""

    line: Line

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.line.remaining())
        return super().recv_into(*args, **kwargs)


class _TimedTlsSocket(ssl.SSLSocket):
    """The same over TLS. `line` is set once the handshake is done."""

    line: Line

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.line.remaining())
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.line.remaining())
        return super().send(*args, **kwargs)


def _resolve(host: str, port: int, seconds: float) -> list[Address]:
    """Addresses of a name, both families in turn (a dead one then costs one attempt, not all).

    In a thread, since the resolver of the system takes no time limit.
    """
    answers: queue.SimpleQueue[list[Address] | OSError | UnicodeError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([(family, address) for family, _, _, _, address in found])
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=look_up, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise NotConnected("name resolution timed out") from None
    if not isinstance(answer, list):
        raise NotConnected("name not resolved")
    first = answer[0][0]
    ranks = {True: 0, False: 0}
    ranked = []
    for family, address in answer:
        ranked.append((ranks[family == first], (family, address)))
        ranks[family == first] += 1
    return [entry for _, entry in sorted(ranked, key=lambda pair: pair[0])]


def _open_socket(line: Line, host: str, port: int) -> _TimedSocket:
    """A connected socket to the first address that answers; NotConnected when there is none."""
    addresses = _resolve(host, port, line.connect_seconds())
    reason = "no address"
    for family, address in addresses:
        line.check_address(host, str(address[0]))
        seconds = line.connect_seconds()
        sock = _TimedSocket(family, socket.SOCK_STREAM)
        sock.line = line
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(seconds)
            sock.connect(address)
            return sock
        except TimeoutError:
            reason = "connection timed out"
        except OSError:
            reason = "connection refused or unreachable"
        sock.close()
    raise NotConnected(reason)


def _hand_over(connection: HTTPConnection, line: Line) -> None:
    """Called before bytes go to the socket: connect if need be, then they count as sent."""
    if connection.sock is None:
        connection.connect()
    connection.sock.settimeout(line.remaining())
    line.sent = True


class _PlainConnection(HTTPConnection):
    line: Line

    def _new_conn(self) -> socket.socket:
        return _open_socket(self.line, self._dns_host, self.port)

    def send(self, data: Any) -> None:
        _hand_over(self, self.line)
        super().send(data)


class _TlsConnection(HTTPSConnection):
    line: Line

    def _new_conn(self) -> socket.socket:
        sock = _open_socket(self.line, self._dns_host, self.port)
        sock.settimeout(self.line.connect_seconds())
        return sock

    def connect(self) -> None:
        try:
            super().connect()
        except _HUNG_UP:
            raise NotConnected("connection lost during the TLS handshake") from None
        except ssl.SSLError as error:
            raise TlsRefused(getattr(error, "verify_message", "") or error.reason or "handshake failed") from None
        cast(_TimedTlsSocket, self.sock).line = self.line

    def send(self, data: Any) -> None:
        _hand_over(self, self.line)
        super().send(data)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection
    line: Line

    def _new_conn(self) -> Any:
        connection: Any = super()._new_conn()
        connection.line = self.line
        return connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection
    line: Line

    def _new_conn(self) -> Any:
        connection: Any = super()._new_conn()
        connection.line = self.line
        return connection


class LineAdapter(HTTPAdapter):
    """requests' adapter over these connections: no retries, no proxies, TLS >= 1.2 always verified."""

    def __init__(self, line: Line) -> None:
        self.line = line
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        context = create_urllib3_context()
        context.sslsocket_class = _TimedTlsSocket
        super().init_poolmanager(*args, ssl_context=context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}

    def get_connection_with_tls_context(self, request: PreparedRequest, verify: Any, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(request, verify, *args, **kwargs)
        pool.line = self.line
        return pool

    def drop_idle(self) -> None:
        """Close the connections kept for reuse."""
        self.poolmanager.clear()
