"""The vendor's clock: real time with an offset, or frozen; every date the sandbox makes comes from it."""

from __future__ import annotations

import time
from email.utils import formatdate


class Clock:
    """Milliseconds since the epoch. ``state`` is what a store keeps over a restart."""

    def __init__(self, offset: int = 0, frozen_at: int | None = None) -> None:
        self.offset = offset
        self.frozen_at = frozen_at

    def now(self) -> int:
        if self.frozen_at is not None:
            return self.frozen_at
        return int(time.time() * 1000) + self.offset

    def set(self, ms: int) -> None:
        if self.frozen_at is not None:
            self.frozen_at = ms
        else:
            self.offset = ms - int(time.time() * 1000)

    def advance(self, seconds: float) -> None:
        self.set(self.now() + int(seconds * 1000))

    def freeze(self) -> None:
        self.frozen_at = self.now()

    def run(self) -> None:
        """Let a frozen clock run on from where it stands."""
        if self.frozen_at is not None:
            self.offset = self.frozen_at - int(time.time() * 1000)
            self.frozen_at = None

    def real(self) -> None:
        self.offset, self.frozen_at = 0, None

    @property
    def state(self) -> dict[str, int | None]:
        return {"offset": self.offset, "frozen_at": self.frozen_at}

    def http_date(self, plus_seconds: float = 0) -> str:
        return formatdate(self.now() / 1000 + plus_seconds, usegmt=True)
