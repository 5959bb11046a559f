"""What age takes away (docs/security.md, line 28)."""

from __future__ import annotations

from datetime import timedelta

from cyberadmin.sync import clock, housekeeping
from cyberadmin.sync.models import ApiCall
from tests.accounts.isolation_world import Agency


def test_calls_are_kept_for_ninety_days(agency: Agency) -> None:
    calls = ApiCall.objects.count()
    assert calls == 2
    clock.advance(timedelta(days=89).total_seconds())
    housekeeping.run()
    assert ApiCall.objects.count() == calls
    clock.advance(timedelta(days=2).total_seconds())
    housekeeping.run()
    clock.reset()
    assert ApiCall.objects.count() == 0
