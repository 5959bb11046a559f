"""The parts of bench/push.py that need Django to be set up."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections

from contacts import services as contacts
from contacts.models import Contact
from cyberadmin.api.client import ApiClient
from cyberadmin.api.credentials import BearerToken
from cyberadmin.api.types import MemberWrite
from cyberadmin.sync import push
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Change
from tests.sandbox_server import SandboxServer
from tests.world import World

ROUNDS = 3
PATIENCE = 60.0


class Bench:
    """One sandbox and its connected accounts."""

    def __init__(self, folder: Path, accounts: int, edits: int) -> None:
        self.sandbox = SandboxServer(folder / "sandbox.sqlite3")
        settings.CYBERIMPACT_SANDBOX_URL = self.sandbox.base_url
        self.each = edits // accounts
        self.worlds = [World.build(self.sandbox) for _ in range(accounts)]
        for world in self.worlds:
            self.sandbox.control("POST", "generate", account=world.remote, members=self.each)
            _mirror(world)
        self.round = 0

    def throughput(self) -> tuple[list[float], list[float], float]:
        """Seconds of the bare loop and of the engine for all edits, several times, and the engine's requests per edit."""
        bare, engine, counts = [], [], []
        for _ in range(ROUNDS):
            bare.append(_together([lambda world=world: self._bare(world) for world in self.worlds]))
            for world in self.worlds:
                self._record(world)
            before = len(self.sandbox.requests())
            engine.append(_together([lambda world=world: _drain(world) for world in self.worlds]))
            counts.append((len(self.sandbox.requests()) - before) / (self.each * len(self.worlds)))
            assert not Change.objects.exclude(state="done").exists()
        return bare, engine, max(counts)

    def latency(self, edits: int) -> list[float]:
        """Seconds from each save's commit to the arrival of its PATCH, with a real worker."""
        worker = _start_worker(self.sandbox.base_url)
        try:
            return [self._one(self.worlds[number % len(self.worlds)], number) for number in range(edits + 10)][10:]
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(90)

    def stop(self) -> None:
        self.sandbox.stop()

    def _one(self, world: World, number: int) -> float:
        contact = Contact.objects.filter(account=world.account).order_by("?").first()
        assert contact is not None
        seen = len(self.sandbox.requests())
        change = contacts.edit_contact(world.editor, contact, {"note": f"paced {number}"}, contact.edit_version)
        assert change is not None
        saved = time.monotonic()
        end = saved + PATIENCE
        while time.monotonic() < end:
            for request in self.sandbox.requests(since=seen):
                if request["method"] == "PATCH":
                    return float(request["started"]) - saved
            time.sleep(0.01)
        raise RuntimeError("an edit did not arrive within a minute")

    def _bare(self, world: World) -> None:
        keys = list(Contact.objects.filter(account=world.account).values_list("remote_id", flat=True))
        with ApiClient(self.sandbox.base_url, BearerToken(world.token)) as client:
            for key in keys:
                client.members.get(key)
                client.members.edit(key, MemberWrite(note=f"bare {time.monotonic_ns()}"))

    def _record(self, world: World) -> None:
        self.round += 1
        # The bare loop wrote notes: the mirror takes them as known, so that the edits below are no conflicts.
        held = {member["id"]: member["note"] for member in world.held()["members"]}
        with writing():
            for contact in Contact.objects.filter(account=world.account):
                Contact.objects.filter(pk=contact.pk).update(note=held[contact.remote_id])
        for contact in Contact.objects.filter(account=world.account):
            contacts.edit_contact(world.editor, contact, {"note": f"round {self.round}"}, contact.edit_version)


def _mirror(world: World) -> None:
    run = world.pull()
    assert run.state == "complete", run.problems


def _drain(world: World) -> None:
    while Change.objects.filter(account=world.account, state="queued").exists():
        push.pump(world.account.pk)


def _together(work: list[Callable[[], Any]]) -> float:
    """Run each piece in a thread of its own; the seconds until the last has ended."""

    def run(piece: Callable[[], Any]) -> None:
        try:
            piece()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(piece,)) for piece in work]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - began


def _start_worker(vendor: str) -> subprocess.Popen[bytes]:
    name = str(settings.DATABASES["default"]["NAME"])
    environment = {**os.environ, "CYBERIMPACT_SANDBOX_URL": vendor}
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        environment["DATABASE_URL"] = f"sqlite:///{name}"
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "cyberadmin",
        "worker",
        "-B",
        "--pool",
        "threads",
        "--concurrency",
        "8",
    ]
    return subprocess.Popen([*command, "--loglevel", "ERROR"], env=environment)
