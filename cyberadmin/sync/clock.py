"""The engine's clock. Durations that decide about leases come from here, so that tests can shift time."""

from datetime import datetime

from django.utils import timezone

_offset = timezone.timedelta(0)


def now() -> datetime:
    """The current time in UTC, shifted by `shift` in tests."""
    return timezone.now() + _offset


def shift(seconds: float) -> None:
    """Move the engine's clock (tests only); 0 puts it back."""
    global _offset  # noqa: PLW0603
    _offset = timezone.timedelta(seconds=seconds)
