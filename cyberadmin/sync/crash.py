"""Named points at which a fault test kills the worker (docs/engine.md 2.5). They do nothing unless a test asks for it."""

import os
import signal
from pathlib import Path


def here(point: str) -> None:
    """Kill this process without a farewell if a test named this point; with `CYBERADMIN_CRASH_ONCE` only the first time."""
    if point != os.environ.get("CYBERADMIN_CRASH_AT", ""):
        return
    if once := os.environ.get("CYBERADMIN_CRASH_ONCE", ""):
        marker = Path(once)
        try:
            marker.touch(exist_ok=False)
        except FileExistsError:
            return
    os.kill(os.getpid(), signal.SIGKILL)
