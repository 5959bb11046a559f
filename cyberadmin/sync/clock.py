"""The engine's clock. What decides about leases, waits and pulls asks here, so that tests can let time pass."""

from datetime import datetime, timedelta

from django.utils import timezone

_offset = timedelta(0)


def now() -> datetime:
    """The current time in UTC, plus what tests let pass."""
    return timezone.now() + _offset


def advance(seconds: float) -> None:
    """Let time pass for the engine of this process (tests only)."""
    global _offset
    _offset += timedelta(seconds=seconds)


def reset() -> None:
    """Back to the real time."""
    global _offset
    _offset = timedelta(0)
