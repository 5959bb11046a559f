"""Starts worker processes quickly: the libraries are loaded once, each worker is a fork that then loads the product afresh.

Reads one order (JSON) a line and answers the process id, then "ready" once the worker has loaded. The workers are real
processes of their own: killed, stopped and continued by the tests. They die with this process.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

PRELOADED = ("django", "django.db.models", "django.contrib.auth", "celery.fixups.django", "celery.app.amqp", "requests",
             "orjson", "environ", "kombu.transport.virtual", "unfold", "cryptography.hazmat.primitives.ciphers.aead")  # fmt: skip
PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serve orders until the input ends."""
    for name in PRELOADED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _be_worker(order)
        say(str(pid))


def say(word: str) -> None:
    """One line on the output, whole, whoever else writes there."""
    os.write(1, f"{word}\n".encode())


def _be_worker(order: dict[str, Any]) -> None:
    """Run the order in this fork and end it, whatever happens."""
    code = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(Path(order["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.update(order["environ"])
        worker = importlib.import_module("tests.faults.worker")
        say("ready")
        getattr(worker, order["task"])(**order["arguments"])
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
