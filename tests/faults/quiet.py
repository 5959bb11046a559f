"""Letting time pass until nothing moves any more: the engine's clock jumps from one due moment to the next."""

from __future__ import annotations

from datetime import datetime

from cyberadmin.sync import clock, push, sweeper
from cyberadmin.sync.models import Change, Pace
from tests.faults.desk import Desk

MOVING = ("queued", "sending", "unknown")
#: Jumps, not seconds: far more than any case needs, so that reaching it means that something goes round for ever.
MOST_JUMPS = 400


def moving(account_id: int) -> bool:
    """Whether anything may still happen by itself."""
    return Change.objects.filter(account_id=account_id, state__in=MOVING).exists()


def settle(desk: Desk, *, until: float = float("inf")) -> float:
    """Sweep, let time pass to the next due moment here and at the vendor, and so on; returns the seconds that passed.

    Ends when nothing moves or can move, or after `until` seconds of the engine's time. Raises AssertionError when it
    goes on for ever.
    """
    passed, idle = 0.0, 0
    for _ in range(MOST_JUMPS):
        more = [push.pump(account_id) for account_id in sweeper.accounts_with_work()]
        due = seconds_to_next(desk.world.account.pk)
        idle = 0 if due is not None or any(more) else idle + 1
        if not moving(desk.world.account.pk) or idle > 2 or passed >= until:
            return passed
        step = 0.0 if any(more) else min(due if due is not None else 1.0, until - passed)
        clock.advance(step)
        desk.world.sandbox.advance(step)
        passed += step
    raise AssertionError(f"still moving after {passed:.0f} s of the engine's time: {desk.open()}")


def seconds_to_next(account_id: int) -> float | None:
    """Seconds until something of the account falls due that is not due yet; None when nothing will."""
    moment = clock.now()
    due: list[datetime | None] = []
    for change in Change.objects.filter(account_id=account_id, state__in=MOVING):
        due.append(change.lease_until if change.state == Change.State.SENDING else change.not_before)
        due.append(change.lease_until)
    pace = Pace.objects.filter(account_id=account_id).first()
    due += [pace.open_until, pace.wait_until] if pace else []
    later = [one for one in due if one is not None and one > moment]
    return (min(later) - moment).total_seconds() + 0.001 if later else None
