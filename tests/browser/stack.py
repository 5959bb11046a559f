"""The whole console as people meet it: web server, worker and sandbox as processes, each with files of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from tests.infra.console import ROOT, environment, until
from tests.sandbox_server import SandboxServer

ADMIN = "ariane"
PASSWORD = "a long enough password"


def manage(env: dict[str, str], *arguments: str) -> None:
    """Run a management command of the product."""
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)


class Stack:
    """A running console with its own vendor. `address` is where the browser goes."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.sandbox = SandboxServer(folder / "sandbox.sqlite3")
        self.address = f"http://127.0.0.1:{port}"
        self.env = environment(
            folder,
            DJANGO_SETTINGS_MODULE="tests.browser.settings",
            CYBERIMPACT_SANDBOX_URL=self.sandbox.base_url,
            DJANGO_SUPERUSER_USERNAME=ADMIN,
            DJANGO_SUPERUSER_PASSWORD=PASSWORD,
            DJANGO_SUPERUSER_EMAIL="ariane@example.com",
        )
        (folder / "static").mkdir()
        manage(self.env, "compile_catalogues")
        manage(self.env, "migrate", "--verbosity", "0")
        manage(self.env, "createsuperuser", "--noinput")
        self.web = self.start(
            "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "4", "--no-control-socket", "cyberadmin.wsgi"
        )
        self.worker: subprocess.Popen[bytes] | None = None
        self.start_worker()
        until(self.answers, 60, "the web server answers")

    def start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        """A process of the product; what it says is kept beside its files."""
        log = (self.folder / f"{module}.log").open("ab")
        with log:
            return subprocess.Popen(
                [sys.executable, "-m", module, *arguments], cwd=ROOT, env=self.env, stdout=log, stderr=log
            )

    def start_worker(self) -> None:
        """Start the worker with its beat."""
        options = [
            "--beat",
            "--pool",
            "threads",
            "--concurrency",
            "4",
            "--loglevel",
            "WARNING",
            "--without-gossip",
            "--without-mingle",
        ]
        self.worker = self.start("celery", "-A", "cyberadmin.celery", "worker", *options)

    def kill_worker(self) -> None:
        """Kill the worker as a power cut would."""
        assert self.worker is not None
        self.worker.kill()
        self.worker.wait()

    def answers(self) -> bool:
        """Whether the log-in page is served."""
        assert self.web.poll() is None, (self.folder / "gunicorn.log").read_text()
        try:
            return requests.get(f"{self.address}/login/", timeout=10).status_code == 200
        except (requests.ConnectionError, requests.Timeout):
            return False

    def stop(self) -> None:
        """End everything that was started."""
        for process in (self.web, self.worker):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self.sandbox.stop()


class Vendor:
    """One client's account at the vendor, with a little of everything in it."""

    def __init__(self, stack: Stack, name: str) -> None:
        self.stack = stack
        self.name = name
        made = stack.sandbox.new_account(name)
        self.token: str = made["token"]
        self.id = made.get("id", name)
        control = stack.sandbox.control
        control("POST", "customfields", account=name, name="Numéro de membre", type="integer")
        control("POST", "customfields", account=name, name="Ville", type="text")
        for number in range(12):
            self.member(f"personne{number}@example.com", firstname="Zoé", lastname=f"Bélanger {number}")
        control("POST", "groups", account=name, title="Bénévoles", isPublic=False)
        control("POST", "groups", account=name, title="Infolettre", isPublic=True)
        control("POST", "groups", account=name, title="Ouvreurs récents", isDynamic=True)

    def member(self, email: str, **fields: Any) -> None:
        """Add a person in the vendor's application."""
        self.stack.sandbox.control("POST", "members", account=self.name, email=email, **fields)

    def edit(self, email: str, **fields: Any) -> None:
        """Edit a person in the vendor's application."""
        self.stack.sandbox.control("PATCH", "members", account=self.name, email=email, set=fields)

    def held(self) -> dict[str, Any]:
        """Everything the vendor holds."""
        return self.stack.sandbox.state(self.name)

    def held_member(self, email: str) -> dict[str, Any] | None:
        """The subscribed person with this address, or None."""
        return next((one for one in self.held()["members"] if one["email"] == email), None)

    def titles(self) -> list[str]:
        """The titles of the vendor's groups."""
        return sorted(group["title"] for group in self.held()["groups"])

    def delete_tokens(self) -> None:
        """Delete every token in the vendor's application."""
        self.stack.sandbox.control("DELETE", "tokens", account=self.name)

    def new_token(self) -> str:
        """Make a token in the vendor's application."""
        made: dict[str, Any] = self.stack.sandbox.control("POST", "tokens", account=self.name)
        return str(made["token"])


def chromium() -> str:
    """Where Debian's Chromium is, or "" when it is not installed."""
    found = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    return found if Path(found).exists() else ""
