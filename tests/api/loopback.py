"""A server on loopback that does to each request what the test tells it, on the bytes themselves."""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Self

WAIT = 5.0


@dataclass
class Received:
    """A request as it arrived. `connection` numbers the connections from 0."""

    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Peer:
    """The server's end of a connection, given to a script."""

    sock: socket.socket
    stopping: threading.Event
    keep: bool = field(default=True)

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def close(self) -> None:
        """Close in order, as a server that has nothing more to say."""
        self.keep = False

    def reset(self) -> None:
        """Close by RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.keep = False

    def drip(self, parts: Iterable[bytes], every: float = 0.02) -> None:
        """Send the parts one by one until the other side is gone, the test is over or has failed for long."""
        ends = time.monotonic() + WAIT
        with contextlib.suppress(OSError):
            for part in parts:
                self.sock.sendall(part)
                if self.stopping.wait(every) or time.monotonic() > ends:
                    break
        self.keep = False

    def hang(self) -> None:
        """Say nothing until the client gives up or the test is over."""
        self.sock.settimeout(WAIT)
        with contextlib.suppress(OSError):
            self.sock.recv(1)
        self.keep = False


Script = Callable[[Peer], None]


def http(
    status: int = 200, body: bytes = b"", *headers: str, kind: str = "application/json", close: bool = False
) -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status} Words", f"Content-Length: {len(body)}", *headers]
    if kind:
        lines.append(f"Content-Type: {kind}")
    if close:
        lines.append("Connection: close")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answers(status: int = 200, body: bytes = b"", *headers: str, kind: str = "application/json") -> Script:
    """A script that sends this answer and keeps the connection."""
    return lambda peer: peer.send(http(status, body, *headers, kind=kind))


class Loopback:
    """Gives each request, in order of arrival, the next script; the last one again once they are used up."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        self.scripts = list(scripts)
        self.received: list[Received] = []
        self.connections = 0
        self._tls = tls
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._socks: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *unused: object) -> None:
        self._stopping.set()
        # Waking accept() by shutdown is what works on Linux.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._socks:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(WAIT)
            assert not thread.is_alive()

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            number, self.connections = self.connections, self.connections + 1
            self._socks.append(sock)
            self._start(self._serve, sock, number)

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
            self._serve_requests(sock, number)
        except OSError:
            pass
        finally:
            sock.close()

    def _serve_requests(self, sock: socket.socket, number: int) -> None:
        peer = Peer(sock, self._stopping)
        with sock.makefile("rb") as stream:
            while peer.keep:
                request_line = stream.readline().decode("latin-1")
                if not request_line:
                    return
                headers: dict[str, str] = {}
                while line := stream.readline().decode("latin-1").strip():
                    name, _, value = line.partition(":")
                    headers[name.lower()] = value.strip()
                body = stream.read(int(headers.get("content-length", "0")))
                method, target = (request_line.split() + ["", ""])[:2]
                self.received.append(Received(number, method, target, headers, body))
                script = self.scripts[min(len(self.received), len(self.scripts)) - 1]
                script(peer)
