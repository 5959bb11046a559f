"""Worker processes in the hands of a test: start, kill, stop, continue, wait; by process handle, never by name."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

from tests.sandbox_server import ROOT

PATIENCE = 60.0


def database_url() -> str:
    """The test database, for a process that is started from here."""
    name = settings.DATABASES["default"]["NAME"]
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{name}"
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def product_environment(**more: str) -> dict[str, str]:
    """The environment in which a process of the product works on the test's database and vendor."""
    return {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url(),
        "CYBERIMPACT_SANDBOX_URL": settings.CYBERIMPACT_SANDBOX_URL,
        "SYNC_REQUESTS_PER_SECOND": "10000",
        "LOG_LEVEL": "WARNING",
        **more,
    }


class Worker:
    """One running worker process."""

    def __init__(self, pid: int, log: Path) -> None:
        self.pid = pid
        self.log = log
        self._handle = os.pidfd_open(pid)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens when it has ended."""
        try:
            signal.pidfd_send_signal(self._handle, number)
        except ProcessLookupError:
            return

    def is_stopped(self) -> bool:
        """Whether it is frozen by SIGSTOP."""
        state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state == "T"

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether it has ended, or does so within these seconds."""
        return bool(select.select([self._handle], [], [], seconds)[0])

    def wait(self, seconds: float = PATIENCE) -> None:
        """Wait for its end. Raises AssertionError with what it wrote when it takes longer."""
        assert self.ended(seconds), f"the worker does not end: {self.log.read_text()[-5000:]}"

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.send(signal.SIGKILL)
        self.wait()

    def close(self) -> None:
        """Make sure that it is gone and forget it."""
        self.send(signal.SIGCONT)
        self.kill()
        os.close(self._handle)


class Nursery:
    """Starts workers; see nursery.py. One for a whole session."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workers: list[Worker] = []
        command = [sys.executable, "-m", "tests.faults.nursery"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def start(self, task: str, environ: dict[str, str] | None = None, **arguments: Any) -> Worker:
        """Start a worker with a task of worker.py; returns once it has loaded the product."""
        assert self.process.stdin is not None
        log = self.folder / f"worker-{len(self.workers)}.log"
        order = {
            "task": task,
            "environ": product_environment(**(environ or {})),
            "arguments": arguments,
            "log": str(log),
        }
        self.process.stdin.write(json.dumps(order) + "\n")
        words = {self._line(), self._line()}
        assert "ready" in words, f"{words}: {log.read_text() if log.exists() else ''}"
        worker = Worker(int((words - {"ready"}).pop()), log)
        self.workers.append(worker)
        return worker

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def clear(self) -> None:
        """No worker outlives its test."""
        for worker in self.workers:
            worker.close()
        self.workers.clear()

    def stop(self) -> None:
        self.clear()
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()


def poll(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The first true value of `condition`. Raises AssertionError after these seconds."""
    end = select_clock() + seconds
    while not (value := condition()):
        assert select_clock() < end, f"{condition} did not come true within {seconds} s"
        select.select([], [], [], 0.02)
    return value


def select_clock() -> float:
    """Seconds of a clock that nobody turns."""
    return os.times().elapsed
