"""The parts of bench/bulk.py that need Django to be set up."""

import multiprocessing
import resource
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.db import connections

from bench import bulk_list
from contacts import presence
from contacts import services as contacts
from contacts.bulk import uploads
from contacts.models import ConsentRecord, Contact
from cyberadmin.api.client import ApiClient
from cyberadmin.api.credentials import BearerToken
from cyberadmin.sync import push
from cyberadmin.sync.bulk import applying, planning, services
from cyberadmin.sync.models import ChangeSet
from tests.sandbox_server import SandboxServer
from tests.world import World, give, make_user

BATCH = 1_000
POLL = 0.05
#: Seconds between two looks at the memory of a process.
SAMPLED = 0.1
EDITED = 50


@dataclass
class Bare:
    """Seconds of the bare loop for so many rows, and of the one that also reads who left."""

    rows: int
    seconds: float = 0.0
    reading: float = 0.0


@dataclass
class Spent:
    """What a piece of work cost, in a process of its own."""

    seconds: float
    #: At its peak, pages of the database file that the system mapped for it included.
    megabytes: float
    #: The same without those pages, which the system takes back when others need the memory.
    own: float = 0.0


class Bench:
    """One sandbox with two equal accounts: one for the bare loop, one for the engine."""

    def __init__(self, folder: Path, rows: int, vendor_ms: int = 0, names: str = "email") -> None:
        self.rows = rows
        self.sandbox = SandboxServer(folder / "sandbox.sqlite3")
        settings.CYBERIMPACT_SANDBOX_URL = self.sandbox.base_url
        self.sandbox.settings(batch_start_seconds=0, batch_run_seconds=vendor_ms / 1000, batch_successes=names)
        self.world, self.other = World.build(self.sandbox), World.build(self.sandbox)
        self.colleague = give(make_user(), self.world.account, "manage")
        self.group = self.world.mirrored_group("Clients")
        self.other_group = self.other.remote_group("Clients")["id"]
        self.people = [self.world.mirrored(f"known{number}@example.com") for number in range(EDITED)]
        self.change_set: ChangeSet | None = None
        self.posted = 0

    def stop(self) -> None:
        self.sandbox.stop()

    def plan(self, form: str) -> Spent:
        """Upload the list, choose its columns and one group, and make the plan in a process of its own."""
        file = uploads.receive(self.world.editor, self.world.account, f"list.{form}", bulk_list.stream(form, self.rows))
        mapping = {**uploads.mapping_of(file), len(bulk_list.HEADER) - 1: "consent_on"}
        assert set(mapping.values()) == {"email", "first_name", "last_name", "company", "consent_on"}, mapping
        chosen = uploads.Chosen(mapping=mapping, relation=bulk_list.RELATION, groups=[self.group])
        self.change_set = uploads.choose(self.world.editor, file, chosen)
        spent = _Apart(planning.plan, self.change_set.pk).wait()
        self.change_set.refresh_from_db()
        assert self.change_set.state == ChangeSet.State.PLANNED, (self.change_set.reason, self.change_set.reason_detail)
        assert self.change_set.counts == {"rows": self.rows, "create": self.rows}, self.change_set.counts
        return spent

    def bare(self, bare: Bare) -> None:
        """Another half of the bare loops, each with rows that the other account does not have."""
        half = bare.rows // 2
        bare.seconds += self._loop(half)
        bare.reading += self._loop(half, reading=True)

    def _loop(self, rows: int, *, reading: bool = False) -> float:
        """Seconds for posting the next rows to the other account, polling each batch to its end.

        With `reading`, who left is read after each batch, and the groups before it, as the engine has to.
        """
        numbers = range(self.posted, self.posted + rows)
        self.posted += rows
        began = time.monotonic()
        with ApiClient(self.sandbox.base_url, BearerToken(self.other.token)) as client:
            for first in range(numbers.start, numbers.stop, BATCH):
                members = range(first, min(first + BATCH, numbers.stop))
                if reading:
                    client.groups.get(self.other_group)
                batch = client.batches.create(bulk_list.batch(members, [self.other_group]))
                while not batch.is_finished:
                    batch = client.batches.get(batch.id)
                    if not batch.is_finished:
                        time.sleep(POLL)
                assert batch.result is not None
                assert len(batch.result.successes) == len(members)
                if reading:
                    presence.departures(client, None)
        return time.monotonic() - began

    def apply(self, edits: int) -> tuple[Spent, list[float]]:
        """Apply the plan in a process of its own while single edits are saved and sent here."""
        assert self.change_set is not None
        services.approve(self.colleague, self.change_set, self.change_set.fingerprint)
        services.apply(self.world.editor, self.change_set)
        latency: list[float] = []
        over = threading.Event()
        # First the process, then the thread: a fork beside a running thread would copy the locks that it holds.
        applying_it = _Apart(_apply_all, self.world.account.pk)
        editing = threading.Thread(target=self._edit, args=(edits, over, latency))
        editing.start()
        try:
            spent = applying_it.wait()
        finally:
            over.set()
            editing.join()
        self._check()
        return spent, latency

    def _check(self) -> None:
        """Every row arrived, once, and the mirror and the ledger know it."""
        assert self.change_set is not None
        self.change_set.refresh_from_db()
        assert self.change_set.state == ChangeSet.State.DONE, (self.change_set.state, self.change_set.reason)
        assert services.results(self.change_set) == {"done": self.rows}
        account = self.world.account
        assert Contact.objects.filter(account=account, gone_at=None).count() == self.rows + EDITED
        assert ConsentRecord.objects.filter(account=account).count() == self.rows

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


class _Apart:
    """Work done in a forked process, so that its memory is its own; it begins at once."""

    def __init__(self, work: Callable[[int], Any], pk: int) -> None:
        connections.close_all()
        context = multiprocessing.get_context("fork")
        self._mine, theirs = context.Pipe(duplex=False)
        self._process: BaseProcess = context.Process(target=_measured, args=(work, pk, theirs))
        self._process.start()
        # So that waiting ends when the process does, whatever ended it.
        theirs.close()

    def wait(self) -> Spent:
        """What it cost, once it is over. Raises EOFError when it failed."""
        own = 0.0
        while not self._mine.poll(SAMPLED):
            own = max(own, self._own())
        spent = cast(Spent, self._mine.recv())
        self._process.join()
        assert self._process.exitcode == 0
        return replace(spent, own=own)

    def _own(self) -> float:
        """Megabytes that the process has for itself now."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def _measured(work: Callable[[int], Any], pk: int, theirs: Connection) -> None:
    began = time.monotonic()
    work(pk)
    spent = time.monotonic() - began
    theirs.send(Spent(spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
    theirs.close()
