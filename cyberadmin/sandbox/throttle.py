"""Throttling of POST /members and POST /members/optins (api/README.md 3; 6, row 4): off unless a limit is set."""

from __future__ import annotations

import threading

from cyberadmin.sandbox.store import Store
from cyberadmin.sandbox.wire import ApiProblem

LIMITS = {"createMember": "throttle_members_limit", "optinMember": "throttle_optins_limit"}


class Throttle:
    """Counts calls per account and operation in fixed windows of the sandbox's clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[tuple[int, str], tuple[int, int]] = {}

    def problem(self, store: Store, account_id: int, operation: str) -> ApiProblem | None:
        """Count this call; the refusal when it is one too many."""
        name = LIMITS.get(operation)
        limit = int(store.settings.amount(name)) if name else 0
        if not limit:
            return None
        now, width = store.clock.now(), int(store.settings.amount("throttle_window_seconds") * 1000)
        with self._lock:
            started, count = self._windows.get((account_id, operation), (now, 0))
            if not started <= now < started + width:
                started, count = now, 0
            self._windows[account_id, operation] = (started, count + 1)
        if count < limit:
            return None
        seconds = max(1, -(-(started + width - now) // 1000))
        status = store.settings.status("throttle_status")
        return ApiProblem(status, "Too many requests", headers=_retry_after(store, seconds))

    def clear(self) -> None:
        with self._lock:
            self._windows.clear()


def _retry_after(store: Store, seconds: int) -> dict[str, str]:
    form = store.settings.text("retry_after")
    if form == "absent":
        return {}
    values = {"seconds": str(seconds), "date": store.clock.http_date(seconds), "garbage": "soon", "86400": "86400"}
    return {"Retry-After": values[form]}
