"""A threading HTTP/1.1 server with keep-alive that runs one WSGI application on loopback.

``wsgiref`` closes the connection after each request and cannot break one on purpose; both are needed here.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from socketserver import TCPServer
from typing import Any

from cyberadmin.sandbox.wire import DropConnection

HOST = "127.0.0.1"
Wsgi = Callable[[dict[str, Any], Callable[[str, list[tuple[str, str]]], object]], Iterable[bytes]]


class SandboxServer(ThreadingHTTPServer):
    """Listens on loopback only. ``on_thread_end`` is called when a connection's thread ends."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, app: Wsgi, on_thread_end: Callable[[], None]) -> None:
        self.app = app
        self.on_thread_end = on_thread_end
        super().__init__((HOST, port), Handler)

    def server_bind(self) -> None:
        """Bind without the name look-up of the parent, which may wait for a DNS that is not there."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.server_port}"

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.on_thread_end()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection: requests one after the other until either side closes."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: SandboxServer

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65_537)
        if not self.raw_requestline:
            self.close_connection = True
            return
        if not self.parse_request():
            self.wfile.flush()
            return
        body = self._read_body()
        if body is None:
            return
        try:
            self._answer(body)
            self.wfile.flush()
        except DropConnection as drop:
            self._drop(drop)

    def _read_body(self) -> bytes | None:
        if self.headers.get("Transfer-Encoding"):
            self.send_error(411)
            self.close_connection = True
            self.wfile.flush()
            return None
        length = self.headers.get("Content-Length") or "0"
        if not length.isdigit():
            self.send_error(400)
            self.close_connection = True
            self.wfile.flush()
            return None
        return self.rfile.read(int(length))

    def _answer(self, body: bytes) -> None:
        def start_response(status: str, headers: list[tuple[str, str]]) -> None:
            lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
            if not any(name == "Content-Length" for name, _ in headers):
                lines.append("Connection: close")
                self.close_connection = True
            self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1", "replace"))

        parts = self.server.app(self._environ(body), start_response)
        if self.command == "HEAD":
            return
        if isinstance(parts, list):
            self.wfile.write(b"".join(parts))
            return
        for part in parts:
            self.wfile.write(part)
            self.wfile.flush()

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": HOST,
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "sandbox.path": path,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        return environ

    def _drop(self, drop: DropConnection) -> None:
        """End the connection: with a reset when asked, else with what was already written and a FIN."""
        self.close_connection = True
        if drop.reset:
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are in the request log."""
