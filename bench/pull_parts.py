"""The parts of the pull bench that need Django set up (bench/pull.py)."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.db import transaction

from contacts.models import Contact
from contacts.pull_rows import MEMBERS, NAMES, columns_of
from cyberadmin.api.client import ApiClient
from cyberadmin.api.credentials import BearerToken
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import PullRun
from cyberadmin.sync.upsert import insert_rows
from tests.sandbox_server import SandboxServer
from tests.world import World, make_account

PAGE = 10_000


def own_megabytes() -> int:
    """Memory of this process alone: resident, without files that are mapped and belong to the system's cache."""
    status = Path("/proc/self/status").read_text()
    return sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")) // 1024


class Bench:
    """Accounts of `size` subscribed contacts and `groups` groups that hold all of them, and their mirror."""

    def __init__(self, folder: Path, size: int, groups: int) -> None:
        self.sandbox = SandboxServer(folder / "vendor.sqlite3")
        settings.CYBERIMPACT_SANDBOX_URL = self.sandbox.base_url
        self.size, self.groups = size, groups
        self.mark = self.requests = self.peak = self.rounds = 0

    def begin(self) -> None:
        """A fresh account at the vendor, still unknown here."""
        self.rounds += 1
        self.world = World.build(self.sandbox)
        made = [self.world.remote_group(f"Group {number}")["id"] for number in range(self.groups)]
        self.sandbox.control("POST", "generate", account=self.world.remote, members=self.size, groups=made)

    def stop(self) -> None:
        self.sandbox.stop()

    def pull(self) -> None:
        """A full pull. `peak` keeps the most memory that those of the first account took: later ones follow floors."""
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(done,))
        watcher.start()
        try:
            self.world.pull()
        finally:
            done.set()
            watcher.join()

    def _watch(self, done: threading.Event) -> None:
        while self.rounds == 1 and not done.wait(0.05):
            self.peak = max(self.peak, own_megabytes())

    def check(self) -> list[dict[str, Any]]:
        """Whether the latest pull was whole; answers the requests that it made."""
        run = PullRun.objects.filter(account=self.world.account).latest("pk")
        assert run.state == PullRun.State.COMPLETE, (run.reason, run.problems)
        assert Contact.objects.filter(account=self.world.account, gone_at=None).count() == self.size
        made = self.sandbox.requests(self.mark)
        self.mark = made[-1]["number"]
        self.requests = self.requests or len(made)
        return made

    def change(self, share: float) -> int:
        """Change that share of the members in the vendor's application; how many."""
        emails = (
            Contact.objects.filter(account=self.world.account).order_by("remote_id").values_list("email", flat=True)
        )
        chosen = list(emails)[:: int(1 / share)]
        for number, email in enumerate(chosen):
            self.world.remote_edit(email, lastname=f"Changed {number}")
        return len(chosen)

    def fetch(self, requests: list[dict[str, Any]]) -> None:
        """The same answers once more, decoded and forgotten."""
        with ApiClient(self.sandbox.base_url, BearerToken(self.world.token)) as client:
            for request in requests:
                query = {name: values[0] for name, values in parse_qs(request["query"]).items()}
                client.members._caller.call("GET", request["path"], lambda answer: None, query=query)

    def write(self) -> Callable[[], None]:
        """The same rows for another account, ready to be inserted; calling the answer inserts them."""
        account = make_account()
        rows: list[tuple[Any, ...]] = []
        with ApiClient(self.sandbox.base_url, BearerToken(self.world.token)) as client:
            for number in range(1, -(-self.size // PAGE) + 1):
                page = client.members.list(page=number, sort="email_asc")
                rows += [columns_of(MEMBERS, account.pk, row) for row in page.rows]
        fixed = {"account_id": account.pk, "content_hash": "0" * 32, "pulled_at": now(), "edit_version": 0}
        fixed |= {"consent_relation": "", "consent_proof": ""}

        def insert() -> None:
            for start in range(0, len(rows), PAGE):
                with transaction.atomic():
                    part = ((*row, *fixed.values()) for row in rows[start : start + PAGE])
                    insert_rows(Contact, [*NAMES, *fixed], part, "remote_id")

        return insert
