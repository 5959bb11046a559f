"""The parts of bench/bulk.py that need Django to be set up."""

import multiprocessing
import resource
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections

from contacts import services as contacts
from cyberadmin.api.client import ApiClient
from cyberadmin.api.credentials import BearerToken
from cyberadmin.api.types import AddMembers, BatchMember
from cyberadmin.sync import push
from cyberadmin.sync.bulk import applying, planning, services
from cyberadmin.sync.models import ChangeSet
from tests.sandbox_server import SandboxServer
from tests.sync.bulk import kind as _registers_the_kind  # noqa: F401
from tests.world import World

BATCH = 1_000
POLL = 0.05
EDITED = 50


@dataclass
class Spent:
    """What a piece of work cost, in a process of its own."""

    seconds: float
    megabytes: float


class Bench:
    """One sandbox with two equal accounts: one for the bare loop, one for the engine."""

    def __init__(self, folder: Path, rows: int, vendor_ms: int = 0) -> None:
        self.rows = rows
        self.sandbox = SandboxServer(folder / "sandbox.sqlite3")
        settings.CYBERIMPACT_SANDBOX_URL = self.sandbox.base_url
        self.sandbox.settings(batch_start_seconds=0, batch_run_seconds=vendor_ms / 1000)
        self.world, self.other = World.build(self.sandbox), World.build(self.sandbox)
        self.people = [self.world.mirrored(f"known{number}@example.com") for number in range(EDITED)]
        self.change_set: ChangeSet | None = None

    def stop(self) -> None:
        self.sandbox.stop()

    def plan(self) -> Spent:
        """Plan the import."""
        parameters = {"verb": "add", "generate": self.rows}
        self.change_set = services.start(self.world.editor, self.world.account, "sheet", parameters, "bench")
        spent = _apart(planning.plan, self.change_set.pk)
        self.change_set.refresh_from_db()
        assert self.change_set.state == ChangeSet.State.PLANNED, self.change_set.reason
        return spent

    def bare(self) -> float:
        """Seconds for posting the same batches to the other account and polling each to its end."""
        began = time.monotonic()
        with ApiClient(self.sandbox.base_url, BearerToken(self.other.token)) as client:
            for first in range(0, self.rows, BATCH):
                numbers = range(first, min(first + BATCH, self.rows))
                members = [
                    BatchMember(email=f"person{number:07}@example.com", first_name=f"Person {number}")
                    for number in numbers
                ]
                batch = client.batches.create(
                    AddMembers(
                        members=members,
                        relation_type="active-clients",
                        default_consent_date=date(2026, 1, 31),
                        default_consent_proof="Bought in the shop",
                    )
                )
                while not batch.is_finished:
                    batch = client.batches.get(batch.id)
                    if not batch.is_finished:
                        time.sleep(POLL)
                assert batch.result is not None
                assert len(batch.result.successes) == len(members)
        return time.monotonic() - began

    def apply(self, edits: int) -> tuple[Spent, list[float]]:
        """Apply the plan in a process of its own while single edits are saved and sent here."""
        assert self.change_set is not None
        services.approve(self.world.editor, self.change_set, self.change_set.fingerprint)
        services.apply(self.world.editor, self.change_set)
        latency: list[float] = []
        over = threading.Event()
        editing = threading.Thread(target=self._edit, args=(edits, over, latency))
        editing.start()
        spent = _apart(_apply_all, self.world.account.pk)
        over.set()
        editing.join()
        self.change_set.refresh_from_db()
        assert self.change_set.state == ChangeSet.State.DONE, (self.change_set.state, self.change_set.reason)
        assert services.results(self.change_set) == {"done": self.rows}
        return spent, latency

    def _edit(self, edits: int, over: threading.Event, latency: list[float]) -> None:
        """Save an edit, send it as a woken worker does, and measure until the vendor has it."""
        for number in range(edits):
            if over.is_set():
                break
            person = self.people[number % EDITED]
            person.refresh_from_db()
            began = time.monotonic()
            change = contacts.edit_contact(self.world.editor, person, {"note": f"edit {number}"}, person.edit_version)
            assert change is not None
            while change.state != "done":
                push.pump(self.world.account.pk)
                change.refresh_from_db()
            latency.append(time.monotonic() - began)
            over.wait(0.2)
        connections.close_all()


def _apply_all(account_id: int) -> None:
    while ChangeSet.objects.filter(account=account_id, state=ChangeSet.State.APPLYING).exists():
        applying.work(account_id)


def _apart(work: Callable[[int], Any], pk: int) -> Spent:
    """Do the work in a forked process, so that its memory is its own."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    mine, theirs = context.Pipe(duplex=False)

    def run() -> None:
        began = time.monotonic()
        work(pk)
        spent = time.monotonic() - began
        theirs.send(Spent(spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
        theirs.close()

    process = context.Process(target=run)
    process.start()
    spent: Spent = mine.recv()
    process.join()
    assert process.exitcode == 0
    return spent
