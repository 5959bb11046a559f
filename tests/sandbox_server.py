"""The vendor's sandbox as a process of its own, for any test that needs a vendor.

``SandboxServer`` starts it on a free loopback port with a file of its own and hands out what it printed. One server
can serve a whole session: ``new_account()`` gives a test an account nobody else touches, ``reset()`` puts settings,
clock and fault rules back.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import requests

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 10


class SandboxServer:
    """A running sandbox. ``accounts`` is the list printed at the start (name, username, password, token)."""

    def __init__(self, data: Path, *, seed: str = "none", port: int = 0) -> None:
        self.data = data
        self._stderr = (data.parent / f"{data.name}.stderr").open("w+b")
        command = [sys.executable, "-m", "cyberadmin.sandbox", "--port", str(port), "--data", str(data), "--seed", seed]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._stderr)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the sandbox did not start: {self.errors()}")
        started = json.loads(line)
        self.base_url: str = started["base_url"]
        self.control_url: str = started["control_url"]
        self.accounts: list[dict[str, Any]] = started["accounts"]
        self._session = requests.Session()
        self._session.trust_env = False

    def errors(self) -> str:
        """What the process wrote on its error output: empty unless a handler broke."""
        self._stderr.flush()
        self._stderr.seek(0)
        return self._stderr.read().decode()

    def control(self, method: str, path: str, **body: Any) -> Any:
        """Call a control route; GET sends the keywords as query. Raises AssertionError when it is refused."""
        url = f"{self.control_url}/{path}"
        if method == "GET":
            answer = self._session.get(f"{url}?{urlencode(body)}" if body else url, timeout=60)
        else:
            answer = self._session.request(method, url, json=body, timeout=120)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def new_account(self, name: str, **fields: Any) -> dict[str, Any]:
        """A fresh, empty vendor account with one token."""
        made: dict[str, Any] = self.control("POST", "accounts", name=name, **fields)
        return made

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change settings; answers all of them."""
        changed: dict[str, Any] = self.control("PATCH", "settings", **changes)
        return changed

    def faults(self, *rules: dict[str, Any]) -> list[dict[str, Any]]:
        """Add fault rules; answers them with their ids."""
        made: list[dict[str, Any]] = self.control("POST", "faults", rules=list(rules))["faults"]
        return made

    def clear_faults(self) -> None:
        self.control("DELETE", "faults")

    def release(self, rule_id: int) -> None:
        """Let go of what a ``hold`` rule holds."""
        self.control("POST", f"faults/{rule_id}/release")

    def wait_held(self, rule_id: int, count: int = 1, timeout: float = 10) -> None:
        """Wait until a rule holds that many requests."""
        held = self.control("POST", f"faults/{rule_id}/await", count=count, timeout=timeout)["held"]
        assert held, f"rule {rule_id} did not get {count} request(s) within {timeout} s"

    def advance(self, seconds: float) -> None:
        """Move the vendor's clock forward; due batches are carried out at once."""
        self.control("POST", "clock", advance=seconds)

    def journal(self, since: int = 0, account: str | int | None = None) -> list[dict[str, Any]]:
        """Applied effects, oldest first."""
        query = {"since": since} | ({} if account is None else {"account": account})
        entries: list[dict[str, Any]] = self.control("GET", "journal", **query)["journal"]
        return entries

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """Requests received, oldest first."""
        received: list[dict[str, Any]] = self.control("GET", "requests", since=since)["requests"]
        return received

    def state(self, account: str | int, email: str | None = None) -> dict[str, Any]:
        """What one account holds: members, unsubscribed, bounced, groups."""
        query = {"account": account} | ({} if email is None else {"email": email})
        dump: dict[str, Any] = self.control("GET", "state", **query)
        return dump

    def reset(self, *, data: bool = False) -> None:
        """Settings, clock, faults, throttle and request log as at the start; with ``data`` no accounts either."""
        self.control("POST", "reset", data=data)

    def account_path(self, account: str | int) -> str:
        """The control path of one account, for PATCH."""
        return f"accounts/{quote(str(account), safe='')}"

    def stop(self) -> None:
        """SIGTERM, then wait; the data file stays."""
        self._session.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(STOP_SECONDS)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._stderr.close()
