"""Keeps a handful of child processes running: starts them, starts a dead one again, and stops them all.

Every child leads its own process group. So Ctrl-C in the terminal reaches the supervisor alone, which stops the
children in its own order; and whatever a killed child had started itself (Celery's beat, gunicorn's workers) is killed
with it before it is started again. If the supervisor itself is killed, the kernel sends SIGTERM to the children.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

BACKOFF_FIRST = 0.5
BACKOFF_CAP = 15.0
STEADY_SECONDS = 30.0
LOG_LIMIT = 10 * 1024 * 1024
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    """Runs in the child before exec: ask the kernel for SIGTERM when the supervisor is gone (Linux only)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process to keep running. `log` gets what it writes, but standard output when `pipe` is set."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    pipe: bool = False
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    backoff: float = BACKOFF_FIRST
    due: float = 0.0

    @property
    def output(self) -> IO[bytes]:
        """Its standard output; only for a started child with `pipe`."""
        if self.process is None or self.process.stdout is None:
            raise RuntimeError(f"{self.name} has no output to read")
        return self.process.stdout

    def start(self) -> None:
        """Start it, in a group of its own."""
        with open_log(self.log) as log:
            self.process = subprocess.Popen(  # noqa: S603 - commands of our own
                self.command,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if self.pipe else log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - the supervisor has one thread
            )
        self.started = time.monotonic()

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to it and to everything it started; nothing happens when all of them are gone."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return

    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None


def open_log(path: Path, limit: int = LOG_LIMIT) -> IO[bytes]:
    """The log to append to; a long one is set aside first, so that two generations are kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > limit:
        path.replace(path.with_suffix(".old.log"))
    return path.open("ab")


@dataclass
class Watchdog:
    """Ends a child that runs but stopped answering, so that it is started again. It is asked every `every` seconds and may
    miss `patience` answers in a row; asking must not take long, since nothing else is looked after meanwhile."""

    child: Child
    answers: Callable[[], bool]
    every: float = 30.0
    patience: int = 4
    misses: int = 0
    due: float = 0.0

    def look(self, say: Callable[[str], None]) -> None:
        """Ask when it is time to; does nothing between two starts of the child."""
        now = time.monotonic()
        if now < self.due or not self.child.is_running():
            return
        self.due = now + self.every
        self.misses = 0 if self.answers() else self.misses + 1
        if self.misses >= self.patience:
            self.misses = 0
            say(_("%(name)s does not answer any more; it is killed.") % {"name": self.child.name})
            self.child.signal_group(signal.SIGKILL)


@dataclass
class Supervisor:
    """The children, in the order of their start; they are stopped in the opposite order."""

    say: Callable[[str], None]
    stop_seconds: float = 8.0
    children: list[Child] = field(default_factory=list)
    watchdogs: list[Watchdog] = field(default_factory=list)
    stopping: bool = False

    def add(self, child: Child) -> Child:
        """Start a child and keep it running from now on."""
        self.children.append(child)
        child.start()
        return child

    def request_stop(self, *_: object) -> None:
        """Signal handler: ends `watch` at its next look."""
        self.stopping = True

    def watch(self, seconds: float | None = None) -> None:
        """Keep the children running until a stop is requested, or for so many seconds."""
        end = None if seconds is None else time.monotonic() + seconds
        while not self.stopping and (end is None or time.monotonic() < end):
            for child in self.children:
                self._look_after(child)
            for watchdog in self.watchdogs:
                watchdog.look(self.say)
            time.sleep(0.1)

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.is_running():
            if now - child.started > STEADY_SECONDS:
                child.backoff = BACKOFF_FIRST
        elif child.due == 0.0:
            child.signal_group(signal.SIGKILL)
            child.due = now + child.backoff
            self.say(
                f"{child.name} stopped ({_ending(child)}); it starts again in {child.backoff:g} s. Log: {child.log}"
            )
            child.backoff = min(child.backoff * 2, BACKOFF_CAP)
        elif now >= child.due:
            child.due = 0.0
            child.start()

    def stop(self) -> None:
        """Stop every child, last started first: SIGTERM, and SIGKILL for what is left of its group after a while."""
        for child in reversed(self.children):
            if child.process is not None:
                child.process.terminate()
        end = time.monotonic() + self.stop_seconds
        for child in reversed(self.children):
            if child.process is not None:
                try:
                    child.process.wait(timeout=max(0.0, end - time.monotonic()))
                except subprocess.TimeoutExpired:
                    self.say(_("%(name)s does not stop; it is killed.") % {"name": child.name})
                child.signal_group(signal.SIGKILL)
                child.process.wait()


def _ending(child: Child) -> str:
    code = child.process.returncode if child.process is not None else None
    if code is None:
        return _("never started")
    return _("signal %(number)s") % {"number": -code} if code < 0 else _("exit code %(number)s") % {"number": code}
