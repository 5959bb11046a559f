"""Fixtures of the client's tests: loopback servers and clients that speak to them."""

import contextlib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from cyberadmin.api.client import ApiClient, CallRecord
from cyberadmin.api.credentials import BearerToken
from tests.api.loopback import Loopback, Script
from tests.sandbox_server import SandboxServer

SAMPLES = Path(__file__).parent.parent / "samples"
TOKEN = "canary-7f3a.token.value"
# The time at the sandbox.
NOW = "2025-10-01T09:00:00-04:00"

PING = (SAMPLES / "ping.json").read_bytes()


def sample(name: str) -> Any:
    """A vendor-shaped object of tests/samples, fresh at each call."""
    return orjson.loads((SAMPLES / f"{name}.json").read_bytes())


def sample_bytes(name: str) -> bytes:
    """The same as the bytes of a body."""
    return (SAMPLES / f"{name}.json").read_bytes()


@pytest.fixture
def serve() -> Iterator[Callable[..., Loopback]]:
    """Start a loopback server with these scripts."""
    with contextlib.ExitStack() as stack:

        def start(*scripts: Script, tls: ssl.SSLContext | None = None) -> Loopback:
            return stack.enter_context(Loopback(*scripts, tls=tls))

        yield start


@pytest.fixture
def records() -> list[CallRecord]:
    """What the client reported, in order."""
    return []


@pytest.fixture
def connect(records: list[CallRecord]) -> Iterator[Callable[..., ApiClient]]:
    """Make a client for a server (or a URL); closed after the test."""
    with contextlib.ExitStack() as stack:

        def make(server: Loopback | str, **options: Any) -> ApiClient:
            url = server if isinstance(server, str) else server.url
            options.setdefault("deadline", 5.0)
            return stack.enter_context(ApiClient(url, BearerToken(TOKEN), on_call=records.append, **options))

        yield make


def speak(sandbox: SandboxServer, token: str) -> ApiClient:
    """A client of the sandbox, to be closed."""
    return ApiClient(sandbox.base_url, BearerToken(token), deadline=5)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """One of its own, whose clock stands still."""
    server = SandboxServer(tmp_path_factory.mktemp("sandbox") / "store.sqlite3")
    server.control("POST", "clock", mode="frozen", set=NOW)
    yield server
    server.stop()
    assert server.process.returncode == 0


@pytest.fixture
def account(sandbox: SandboxServer) -> dict[str, Any]:
    return sandbox.new_account("Coopérative Belle-Rive")


@pytest.fixture
def client(sandbox: SandboxServer, account: dict[str, Any]) -> Iterator[ApiClient]:
    with speak(sandbox, account["token"]) as client:
        yield client
