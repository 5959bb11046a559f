"""A canary token and a canary address through the whole console, in trouble and out of it: neither sings anywhere.

Real processes, the most talkative logs, and a vendor whose errors quote both. Afterwards every file that the processes
wrote is searched as bytes (docs/engine.md section 4, lines 8, 27, 28, 29: ASVS 14.2.1, 16.2.5).
"""

from __future__ import annotations

import base64
import html
import re
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.browser.stack import ADMIN, PASSWORD, Stack, Vendor
from tests.infra.console import until

pytestmark = pytest.mark.xdist_group("canary")

ADDRESS = "canari.jaune.7f3a@example.org"


class Visitor:
    """A person without a browser, who keeps everything that was answered."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Accept-Language"] = "en"
        self.pages: list[str] = []

    def get(self, path: str) -> str:
        """A page's text, whatever its status."""
        return self._kept(self.session.get(self.address + path, timeout=30))

    def post(self, path: str, **values: Any) -> str:
        """Submit the form of a page as it stands, with these values in it."""
        form = self.get(path)
        hidden = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', form)
        data = {name: html.unescape(value) for name, value in hidden} | values
        answer = self.session.post(self.address + path, data, headers={"Referer": self.address + path}, timeout=30)
        return self._kept(answer)

    def _kept(self, answer: requests.Response) -> str:
        self.pages.append(f"{answer.url}\n{answer.text}")
        return answer.text


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("SYNC_DEADLINE_SECONDS", "2")
    monkeypatch.setenv("SYNC_BACKOFF_SECONDS", "0.2")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    running = Stack(tmp_path, port)
    yield running
    running.stop()


def connect(visitor: Visitor, vendor: Vendor) -> str:
    """Log in and connect the client; the start of its addresses."""
    visitor.post("/login/", username=ADMIN, password=PASSWORD)
    page = visitor.post(
        "/connect/", name="Canari", colour="#0f766e", language="fr", time_zone="America/Toronto",
        host="sandbox", token=vendor.token,
    )  # fmt: skip
    assert 'name="token"' not in page, page[-3000:]
    base = "/c/canari"
    until(lambda: vendor.name in visitor.get(f"{base}/proving/"), 30, "the token was proved")
    visitor.post(f"{base}/confirm/")
    until(lambda: ADDRESS in visitor.get(f"{base}/contacts/contact/?q=canari"), 40, "the canary was pulled")
    return base


def quarrels(vendor: Vendor) -> list[dict[str, Any]]:
    """Answers of the vendor that quote the token and the address, one of each kind, on the next edits."""
    words = f"{ADDRESS} with {vendor.token} {vendor.token.encode()!r}"
    rule = {"method": "PATCH", "path": "/members/{key}", "times": 1}
    return [
        rule | {"action": "status", "code": 422, "body": {"message": words, "errors": {"firstname": [words]}}},
        rule | {"action": "status", "code": 500, "body": words},
        rule | {"action": "status", "code": 200, "body": f"<html>{words}</html>", "content_type": "text/html"},
        rule | {"action": "status", "code": 409, "body": {"message": words}},
        rule
        | {"action": "status", "code": 302, "headers": {"Location": f"https://elsewhere.example/?t={vendor.token}"}},
    ]


def edit_until_sent(visitor: Visitor, base: str, contact: str, name: str) -> None:
    said = visitor.post(f"{base}/contacts/contact/{contact}/", first_name=name, last_name="Jaune", email=ADDRESS)
    assert "Saved here; on its way to Cyberimpact." in said


def files(folder: Path, *patterns: str) -> dict[str, bytes]:
    """Content of the files that match, by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for pattern in patterns
        for path in sorted(folder.rglob(pattern))
        if path.is_file()
    }


def forms_of(secret: str) -> list[bytes]:
    """A secret as it is, and as other layers would write it."""
    return [secret.encode(), base64.b64encode(secret.encode())[:40], secret.replace("@", "%40").encode()]


def test_no_canary_sings(stack: Stack, tmp_path: Path) -> None:
    vendor = Vendor(stack, "Volière du Nord")
    vendor.member(ADDRESS, firstname="Canari", lastname="Jaune")
    visitor = Visitor(stack.address)
    base = connect(visitor, vendor)
    found = re.search(r"/contacts/contact/(\d+)/", visitor.get(f"{base}/contacts/contact/?q=canari"))
    assert found is not None
    contact = found[1]

    for number, rule in enumerate(quarrels(vendor)):
        made = stack.sandbox.faults(rule)[0]["id"]
        edit_until_sent(visitor, base, contact, f"Canari {number}")

        def fired(rule_id: int = made) -> bool:
            rules = stack.sandbox.control("GET", "faults")["faults"]
            return any(one["id"] == rule_id and one["fired"] for one in rules) or not any(
                one["id"] == rule_id for one in rules
            )

        until(fired, 40, f"quarrel {number} happened")
        visitor.get(f"{base}/contacts/contact/{contact}/")
        visitor.get(f"{base}/sync/change/")
    for path in ("", "/sync/apicall/", "/sync/pullrun/", "/accounts/auditevent/", "/settings/", "/token/"):
        visitor.get(f"{base}{path}")
    # A failure of our own, with a page and a trace.
    with sqlite3.connect(tmp_path / "cyberadmin.sqlite3", timeout=20) as database:
        database.execute("UPDATE accounts_account SET time_zone = 'Nowhere/Land'")
    broken = visitor.get(f"{base}/contacts/contact/?q={ADDRESS}")
    assert "went wrong" in broken
    assert ADDRESS not in broken
    stack.stop()

    logs = files(tmp_path, "*.log")
    written = files(tmp_path, "*.sqlite3*", "ticks", "beat-schedule*")
    assert len(logs) >= 2
    assert b"Traceback" in b"".join(logs.values())
    # The mirror holds the address, of course: the search below would find it.
    assert ADDRESS.encode() in b"".join(written.values())
    for secret in forms_of(vendor.token):
        for name, content in (logs | {k: v for k, v in written.items() if "sandbox" not in k}).items():
            assert secret not in content, f"the token is in {name}"
        for page in visitor.pages:
            assert secret not in page.encode(), page.splitlines()[0]
    for secret in forms_of(ADDRESS):
        for name, content in (logs | {k: v for k, v in written.items() if "broker" in k}).items():
            line = next((one for one in content.splitlines() if secret in one), b"")
            assert secret not in content, f"the address is in {name}: {line[:400]!r}"
