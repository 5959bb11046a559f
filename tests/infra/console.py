"""A console started as a person starts it, in a folder and on ports of its own, and what its terminal shows."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
KEYS = "k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
#: What a test machine sets for the suite and a console of its own must not see.
FOREIGN = (
    "DJANGO_ALLOW_ASYNC_UNSAFE",
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "PYTEST_XDIST_WORKER",
    "LANG",
    "LC_ALL",
    "CYBERIMPACT_SANDBOX_URL",
)


def until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Poll a condition; AssertionError, saying what was awaited, when it does not come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def environment(data: Path, **more: str) -> dict[str, str]:
    """The environment of a development console whose folder is `data`."""
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    ours = {
        "DJANGO_SETTINGS_MODULE": "cyberadmin.settings",
        "CYBERADMIN_DATA": str(data),
        "CYBERADMIN_DEVELOPMENT": "1",
        "DJANGO_SECRET_KEY": "tests-only-secret-key-tests-only-secret-key-0123456789",
        "CYBERADMIN_KEYS": KEYS,
        "CYBERADMIN_DEMO_PASSWORD": "demo-password-of-tests",
    }
    return kept | ours | more


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits for its parent to notice does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def descendants(pid: int) -> list[int]:
    """Every process that this one started, and theirs."""
    found = []
    for child in children(pid):
        found += [child, *descendants(child)]
    return found


def children(pid: int) -> list[int]:
    """The processes that the main thread of this one started; none when it is gone."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def command_line(pid: int) -> str:
    """How a process was started; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


class Console:
    """`manage.py serve` as a process. `output` is what it printed so far."""

    def __init__(self, data: Path, *options: str) -> None:
        command = [sys.executable, "manage.py", "serve", "--port", "0", "--sandbox-port", "0", *options]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment(data), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.output = ""

    def read(self) -> str:
        """Everything printed until now."""
        stream = self.process.stdout
        assert stream is not None
        while select.select([stream], [], [], 0)[0]:
            data = os.read(stream.fileno(), 65536)
            if not data:
                break
            self.output += data.decode()
        return self.output

    def wait_for(self, text: str, seconds: float = 90) -> None:
        """Wait until it printed this."""
        until(lambda: text in self.read() or self.process.poll() is not None, seconds, text)
        assert text in self.read(), self.output

    @property
    def address(self) -> str:
        """The one address that it printed."""
        (found,) = re.findall(r"^  (http://\S+/)$", self.read(), re.MULTILINE)
        return found

    def worker(self) -> int | None:
        """The process id of the Celery worker (its beat is a child of it), while there is one."""
        return next((pid for pid in children(self.process.pid) if " celery " in command_line(pid)), None)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        self.read()
        return code

    def __enter__(self) -> Console:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            left = descendants(self.process.pid)
            self.process.kill()
            self.process.wait()
            for pid in filter(is_alive, left):
                os.kill(pid, signal.SIGKILL)
        if self.process.stdout is not None:
            self.process.stdout.close()
