"""Faults 14, 20, 21 and 24: a real Celery worker and its broker: the bells may be lost, doubled or broken, no edit is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from cyberadmin.celery import app
from cyberadmin.sync.models import Change
from tests.faults.desk import Desk
from tests.faults.oracle import judge
from tests.faults.quiet import moving
from tests.faults.verbs import EMAIL
from tests.faults.workers import Nursery, poll, product_environment
from tests.sandbox_server import ROOT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("broker")]

#: As docs/production.md starts it.
COMMAND = [
    sys.executable,
    "-m",
    "celery",
    "-A",
    "cyberadmin.celery",
    "worker",
    "--pool",
    "threads",
    "--concurrency",
    "4",
]
OPTIONS = ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
SWEEP = "cyberadmin.sync.tasks.sweep"
WAKE = "cyberadmin.sync.tasks.wake"


@contextmanager
def celery_worker(log: Path, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker, without beat: the tests ring its sweep themselves."""
    environment = {**os.environ, **product_environment(**environ)}
    with log.open("ab") as written:
        process = subprocess.Popen(COMMAND + OPTIONS, cwd=ROOT, env=environment, stdout=written, stderr=written)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def quiet(desk: Desk) -> Callable[[], bool]:
    return lambda: not moving(desk.world.account.pk)


def ring(task: str, *arguments: int) -> None:
    """What beat, or a page, does."""
    app.send_task(task, args=arguments, ignore_result=True)


def forget_all_bells() -> None:
    """Every message is gone, as after a FLUSHALL or with a new broker."""
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        if settings.CELERY_BROKER_URL.startswith("redis"):
            channel.client.flushdb()
        else:
            channel.file.execute("DELETE FROM message")


@pytest.fixture(autouse=True)
def _no_old_bells(desk: Desk) -> None:
    """Bells of earlier tests are for accounts that are no more."""
    forget_all_bells()


def test_all_bells_are_lost_in_the_middle_of_the_work(desk: Desk, tmp_path: Path) -> None:
    for number in range(5):
        desk.create_contact(f"early{number}@example.com")
    forget_all_bells()
    with celery_worker(tmp_path / "worker.log"):
        desk.create_contact("rings@example.com")
        poll(quiet(desk))
        for number in range(5):
            desk.create_contact(f"late{number}@example.com")
            forget_all_bells()
        ring(SWEEP)
        poll(quiet(desk))
    judge(desk)
    assert desk.open() == []


def test_a_bell_delivered_three_times_and_by_two_workers_sends_once(desk: Desk, tmp_path: Path) -> None:
    contact = desk.world.mirrored(EMAIL)
    desk.world.sandbox.faults({"action": "delay", "ms": 30, "account": desk.world.remote})
    with celery_worker(tmp_path / "one.log"), celery_worker(tmp_path / "two.log"):
        for number in range(4):
            desk.edit(contact, note=str(number))
            desk.create_group(f"Group {number}")
            for _ in range(3):
                ring(WAKE, desk.world.account.pk)
                ring(SWEEP)
        poll(quiet(desk))
    judge(desk)
    assert desk.open() == []


def test_sigterm_under_load_and_then_another(desk: Desk, tmp_path: Path) -> None:
    """The first lets the change at hand end; the second does not wait: either way the next worker goes on."""
    for number in range(40):
        desk.create_contact(f"person{number}@example.com")
    desk.world.sandbox.faults({"action": "delay", "ms": 20, "account": desk.world.remote})
    short = {"SYNC_DEADLINE_SECONDS": "2", "SYNC_LEASE_SECONDS": "3"}
    with celery_worker(tmp_path / "first.log", **short) as process:
        poll(lambda: Change.objects.filter(state=Change.State.DONE).count() > 3)
        process.send_signal(signal.SIGTERM)
        poll(lambda: Change.objects.filter(state=Change.State.DONE).count() > 8)
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    with celery_worker(tmp_path / "second.log", **short):

        def swept() -> bool:
            ring(SWEEP)
            return quiet(desk)()

        poll(swept)
    judge(desk, kills=1)
    assert desk.open() == []


@pytest.mark.parametrize("broker", ["redis://127.0.0.1:1/0", "embedded://localhost"])
def test_an_edit_is_saved_while_the_broker_is_away_and_found_by_the_sweep(
    desk: Desk, workers: Nursery, tmp_path: Path, broker: str
) -> None:
    contact = desk.world.mirrored(EMAIL, note="old")
    # The folder of the embedded broker's file cannot hold one.
    data = tmp_path / f"data{os.environ.get('PYTEST_XDIST_WORKER', '')}"
    data.mkdir()
    (data / "broker.sqlite3").mkdir()
    away = {"CELERY_BROKER_URL": broker, "CYBERADMIN_DATA": str(data)}
    saver = workers.start("save", away, contact=contact.pk, actor=desk.world.editor.pk, note="new")
    saver.wait(3)
    desk.wish(contact).values["note"] = "new"
    assert [change.state for change in desk.open()] == [Change.State.QUEUED]
    assert "The broker is away" in saver.log.read_text()

    workers.start("work", accounts=[desk.world.account.pk]).wait()
    judge(desk)
    assert desk.open() == []
