"""The parts of the mailings bench that need Django set up (bench/mailings.py)."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.db import connection, transaction

from bench.pull_parts import own_megabytes
from bench.world import note
from campaigns import due, pull, recipients
from campaigns.models import Mailing, MailingRecipient, RecipientList
from cyberadmin.api.client import ApiClient
from cyberadmin.api.credentials import BearerToken
from cyberadmin.sync.clock import now
from cyberadmin.sync.connection import CallLog, client_for
from cyberadmin.sync.models import PullRun
from cyberadmin.sync.pull import PullContext
from cyberadmin.sync.upsert import insert_rows
from tests.sandbox_server import SandboxServer
from tests.world import World

#: More people than a mailing has recipients, so that no two lists are the same.
PEOPLE = 20_000


class Bench:
    """An account of many sent mailings at the vendor, and its mirror."""

    def __init__(self, folder: Path, mailings: int, rows: int) -> None:
        self.sandbox = SandboxServer(folder / "vendor.sqlite3")
        settings.CYBERIMPACT_SANDBOX_URL = self.sandbox.base_url
        self.world = World.build(self.sandbox)
        each = rows // mailings
        began = time.perf_counter()
        self.sandbox.control("POST", "generate", account=self.world.remote, members=max(each, min(PEOPLE, rows)))
        made = self.sandbox.control(
            "POST", "generate/mailings", account=self.world.remote, mailings=mailings, recipients=each
        )
        self.mailings, self.rows = mailings, made["recipients"]
        note(f"{mailings} mailings, {self.rows} recipients made in {time.perf_counter() - began:.0f} s")
        self.mark = self.peak = self.early_peak = 0
        #: Rows of mailings, and of recipients, that the latest pull and reading wrote.
        self.written = {"pull": 0, "lists": 0}
        self.asked()

    def stop(self) -> None:
        self.sandbox.stop()

    def asked(self) -> list[dict[str, Any]]:
        """The requests that came since this was asked last."""
        made = self.sandbox.requests(self.mark)
        self.mark = made[-1]["number"] if made else self.mark
        return made

    # --- what the product does ---
    def pull(self) -> None:
        """The part of a full pull that is about mailings."""
        lease = {"claim_token": uuid.uuid4(), "lease_until": now() + timedelta(minutes=5), "started_at": now()}
        run = PullRun.objects.create(account=self.world.account, state=PullRun.State.RUNNING, **lease)
        log = CallLog(self.world.account.pk, run=run)
        with self.counting("pull"), client_for(self.world.account, log) as client:
            context = PullContext(run, self.world.account, client, log)
            for _page in pull.pull_mailings(context):
                pass
            context.write(state=PullRun.State.COMPLETE, finished_at=now(), lease_until=None)
        assert all(reading.whole for reading in context.readings.values()), context.problems

    def pull_all(self) -> None:
        """Pull after pull, until the results of every mailing are known."""
        self.pull()
        while due.never_read(self.world.account.pk).exists():
            self.pull()
        assert Mailing.objects.exclude(details_at=None).count() == self.mailings

    def read_lists(self) -> None:
        """Everybody who got each mailing, as a worker reads it for a person."""
        pks = Mailing.objects.order_by("pk").values_list("pk", flat=True)
        wanted = [RecipientList(mailing_id=pk, outcome="all", requested_at=now()) for pk in pks]
        RecipientList.objects.bulk_create(wanted, ignore_conflicts=True)
        RecipientList.objects.update(state=RecipientList.State.WAITING)
        ids = list(RecipientList.objects.order_by("pk").values_list("pk", flat=True))
        with self.counting("lists"), self.watching() as peak:
            for number, pk in enumerate(ids):
                recipients.read(pk)
                if number == len(ids) // 5:
                    self.early_peak = self.early_peak or peak()
        assert not RecipientList.objects.exclude(state=RecipientList.State.READY).exists()
        assert MailingRecipient.objects.count() == self.rows

    # --- what no program could do faster ---
    def fetch(self, requests: list[dict[str, Any]]) -> None:
        """The same answers once more, decoded and forgotten."""
        with ApiClient(self.sandbox.base_url, BearerToken(self.world.token)) as client:
            for request in requests:
                query = {name: values[0] for name, values in parse_qs(request["query"]).items()}
                client.members._caller.call("GET", request["path"], lambda answer: None, query=query)
        self.asked()

    def write(self) -> float:
        """Seconds that the rows of all lists take by the fastest statement and nothing else, as another generation."""
        seconds = 0.0
        for pk in list(RecipientList.objects.order_by("pk").values_list("pk", flat=True)):
            found = MailingRecipient.objects.filter(list=pk).values_list(*recipients.COLUMNS)
            rows = [(row[0], row[1] + 1_000, *row[2:]) for row in found]
            began = time.perf_counter()
            with transaction.atomic():
                insert_rows(MailingRecipient, recipients.COLUMNS, rows, "email_key")
            seconds += time.perf_counter() - began
        return seconds

    # --- looking on ---
    @contextmanager
    def counting(self, name: str) -> Iterator[None]:
        """Count the rows of mailings and recipients that statements write meanwhile."""
        self.written[name] = 0
        tables = (Mailing._meta.db_table, MailingRecipient._meta.db_table)

        def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            answer = execute(sql, params, many, context)
            if sql.startswith(("INSERT", "UPDATE", "DELETE")) and any(f'"{table}"' in sql for table in tables):
                self.written[name] += max(context["cursor"].rowcount, 0)
            return answer

        with connection.execute_wrapper(count):
            yield

    @contextmanager
    def watching(self) -> Iterator[Callable[[], int]]:
        """Watch the memory of this process; `peak` keeps the most. Yields how much it was at most so far."""
        done, most = threading.Event(), [0]

        def watch() -> None:
            while not done.wait(0.05):
                most[0] = max(most[0], own_megabytes())

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield lambda: most[0]
        finally:
            done.set()
            watcher.join()
            self.peak = max(self.peak, most[0])
