"""One sandbox for the session; each test gets an account of its own and leaves the switches as they were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.sandbox.contract import assert_matches
from tests.sandbox_server import SandboxServer


class VendorApi:
    """Calls the API with one account's token; every answer is held to the contract."""

    def __init__(self, server: SandboxServer, account: dict[str, Any]) -> None:
        self.server = server
        self.account = account
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {account['token']}"

    def raw(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Without a check: for answers that are broken on purpose."""
        return self.session.request(method, self.server.base_url + path, timeout=20, allow_redirects=False, **kwargs)

    def call(self, method: str, path: str, expect: int = 200, **kwargs: Any) -> Any:
        """The JSON of an answer with the expected status."""
        answer = self.raw(method, path, **kwargs)
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        assert answer.headers["Content-Type"] == "application/json"
        body = answer.json()
        assert_matches(method, path.partition("?")[0], expect, body)
        return body

    def get(self, path: str, expect: int = 200, **query: Any) -> Any:
        return self.call("GET", path, expect, params=query)

    def post(self, path: str, expect: int = 200, **body: Any) -> Any:
        return self.call("POST", path, expect, json=body)

    def put(self, path: str, expect: int = 200, **body: Any) -> Any:
        return self.call("PUT", path, expect, json=body)

    def patch(self, path: str, expect: int = 200, **body: Any) -> Any:
        return self.call("PATCH", path, expect, json=body)

    def delete(self, path: str, expect: int = 200) -> Any:
        return self.call("DELETE", path, expect)

    # -- shorthands ----------------------------------------------------------------------------------------------

    def member(self, email: str, **fields: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.post("/members", 201, email=email, **fields)
        return made

    def group(self, title: str = "Infolettre", **fields: Any) -> int:
        return int(self.post("/groups", 201, title=title, **fields)["id"])

    def dynamic_group(self, title: str = "Ouvertures") -> int:
        return int(self.control("POST", "groups", title=title, isDynamic=True)["id"])

    def batch(self, **body: Any) -> dict[str, Any]:
        """Submit a batch, let its time pass, and give back what became of it."""
        number = self.post("/batches", 201, **body)["id"]
        self.server.advance(5)
        done: dict[str, Any] = self.get(f"/batches/{number}")
        return done

    def batch_raw(self, **body: Any) -> dict[str, Any]:
        """The same for results that the contract does not describe."""
        number = self.post("/batches", 201, **body)["id"]
        self.server.advance(5)
        done: dict[str, Any] = self.raw("GET", f"/batches/{number}").json()
        return done

    def key(self, email: str) -> str:
        return f"/members/{quote(email, safe='')}"

    def control(self, method: str, path: str, **body: Any) -> Any:
        return self.server.control(method, path, account=self.account["id"], **body)

    def fault(self, action: str, **rule: Any) -> int:
        return int(self.server.faults({"action": action, "account": self.account["id"], **rule})[0]["id"])

    def journal(self, **match: Any) -> list[dict[str, Any]]:
        """This account's effects, those whose keys have these values."""
        entries = self.server.journal(account=self.account["id"])
        return [one for one in entries if all(one[name] == value for name, value in match.items())]

    def person(self, email: str) -> dict[str, Any]:
        """One person as the store holds them, in whatever state."""
        dump = self.server.state(self.account["id"], email)
        found = dump["members"] + dump["unsubscribed"] + dump["bounced"]
        assert len(found) == 1, f"{len(found)} people have the address {email}"
        person: dict[str, Any] = found[0]
        return person


def choose(api: VendorApi, **changes: object) -> None:
    """Change settings for the rest of this test."""
    api.server.settings(**changes)


def left(api: VendorApi, email: str = "gone@example.com", how: str = "unsubscribe") -> dict[str, Any]:
    """Somebody who was a member and unsubscribed (or bounced)."""
    made = api.member(email)
    api.control("POST", how, email=email)
    return made


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    server = SandboxServer(tmp_path_factory.mktemp("sandbox") / "vendor.sqlite3")
    yield server
    errors = server.errors()
    server.stop()
    assert errors == "", errors


@pytest.fixture(scope="session")
def demo_stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    server = SandboxServer(tmp_path_factory.mktemp("demo") / "vendor.sqlite3", seed="demo")
    yield server
    server.stop()


@pytest.fixture
def api(stand_in: SandboxServer, request: pytest.FixtureRequest) -> Iterator[VendorApi]:
    """An empty account with four custom fields: 1 text, 2 date, 3 integer, 4 decimal number."""
    client = VendorApi(stand_in, stand_in.new_account(request.node.name))
    for number, kind in enumerate(("text", "date", "integer", "decimal number"), start=1):
        client.control("POST", "customfields", id=number, name=f"Champ {number}", type=kind)
    yield client
    client.session.close()
    stand_in.reset()
