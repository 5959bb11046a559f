"""How fast an account may call: a token bucket, the vendor's 429 and a circuit breaker, all in one database row.

It works without Redis and over several workers. A 429 halves the rate and is waited out; the rate recovers by a tenth a
minute. The breaker opens on a run of failures, for one minute and then twice as long each time, and closes after one
good answer (docs/engine.md 2.9).
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from cyberadmin.api import errors

from .clock import now
from .models import Pace

SHORTEST_WAIT, LONGEST_WAIT = 1.0, 900.0
BREAKER_FAILURES, BREAKER_SHARE, BREAKER_WINDOW = 10, 0.5, timedelta(minutes=2)
FIRST_COOLDOWN, LAST_COOLDOWN = 60, 900
RECOVERY_PER_MINUTE = 0.1
BURST_SECONDS = 1.0
#: A booked slot further away than this is not slept for but held off.
LONGEST_SLEEP = 2.0


class HoldOff(Exception):
    """The account must not be called before `until`; nothing was sent and no attempt is counted."""

    def __init__(self, until: datetime, why: str) -> None:
        super().__init__(f"no calls before {until.isoformat()} ({why})")
        self.until = until
        self.why = why


def _row(account_id: int) -> Pace:
    Pace.objects.get_or_create(account_id=account_id, defaults={"rate": settings.SYNC_REQUESTS_PER_SECOND})
    return Pace.objects.select_for_update().get(account_id=account_id)


@dataclass(frozen=True)
class Reading:
    """An account's pace at one moment. `troubled`: failures are being counted, so a success has to be counted too."""

    blocked: tuple[datetime, str] | None = None
    troubled: bool = False


def read(account_id: int) -> Reading:
    """The account's pace now, in one short query: it is asked before every request."""
    columns = ("wait_until", "wait_reason", "open_until", "failures")
    row = Pace.objects.filter(account_id=account_id).values_list(*columns).first()
    if row is None:
        return Reading()
    wait_until, wait_reason, open_until, failures = row
    waits = [(wait_until, wait_reason or "rate"), (open_until, "breaker")]
    late = [(until, why) for until, why in waits if until is not None and until > now()]
    return Reading(max(late) if late else None, bool(failures or open_until))


def until_allowed(account_id: int) -> tuple[datetime, str] | None:
    """When calls are allowed again, and why not now; None = now."""
    return read(account_id).blocked


def take(account_id: int, requests: int = 1) -> float:
    """Book requests; returns the seconds to wait before sending the first (0 mostly). Raises HoldOff for a long wait."""
    with transaction.atomic():
        pace = _row(account_id)
        moment = now()
        rate = _recovered(pace, moment)
        earliest = moment - timedelta(seconds=BURST_SECONDS)
        slot = max(pace.allowance_at or earliest, earliest)
        wait = (slot - moment).total_seconds()
        if wait > LONGEST_SLEEP:
            raise HoldOff(slot, "rate")
        pace.allowance_at = slot + timedelta(seconds=requests / rate)
        pace.rate = rate
        pace.save(update_fields=["allowance_at", "rate", "slowed_at"])
    return max(wait, 0.0)


def _recovered(pace: Pace, moment: datetime) -> float:
    full = float(settings.SYNC_REQUESTS_PER_SECOND)
    if pace.slowed_at is None or pace.rate >= full:
        return max(full, 0.1)
    minutes = (moment - pace.slowed_at).total_seconds() / 60
    rate: float = min(full, pace.rate * (1 + RECOVERY_PER_MINUTE) ** minutes)
    pace.slowed_at = None if rate >= full else moment
    return max(rate, 0.1)


def limited(account_id: int, error: errors.RateLimited) -> datetime:
    """The vendor said 429: wait as it asks (1 s to 15 min) or, without a readable wait, about 5 to 10 s; halve the rate."""
    asked = error.retry_after
    seconds = asked if asked is not None else random.uniform(5.0, 10.0)  # noqa: S311 - jitter, not a secret
    seconds = min(max(seconds, SHORTEST_WAIT), LONGEST_WAIT)
    with transaction.atomic():
        pace = _row(account_id)
        pace.wait_until = now() + timedelta(seconds=seconds)
        pace.wait_reason = "rate"
        pace.rate = max(pace.rate / 2, 0.1)
        pace.slowed_at = now()
        pace.save(update_fields=["wait_until", "wait_reason", "rate", "slowed_at"])
    return pace.wait_until


def hold(account_id: int, seconds: float) -> None:
    """Let the account wait without blaming its rate."""
    with transaction.atomic():
        pace = _row(account_id)
        pace.wait_until, pace.wait_reason = now() + timedelta(seconds=seconds), "unclear"
        pace.save(update_fields=["wait_until", "wait_reason"])


def failed(account_id: int, *, probing: bool = False) -> None:
    """Count a failure of the vendor or the network; opens the breaker when too many calls of the window failed.

    A failed probe opens it again for twice as long. Calls that were under way when it opened say nothing new.
    """
    with transaction.atomic():
        pace = _row(account_id)
        half_open = probing or (pace.open_until is not None and pace.open_until <= now())
        if pace.open_until is not None and not half_open:
            return
        _window(pace)
        pace.failures += 1
        calls = pace.failures + pace.successes
        if half_open or (pace.failures >= BREAKER_FAILURES and pace.failures >= BREAKER_SHARE * calls):
            pace.cooldown_seconds = min(pace.cooldown_seconds * 2 or FIRST_COOLDOWN, LAST_COOLDOWN)
            pace.open_until = now() + timedelta(seconds=pace.cooldown_seconds)
            pace.failures = pace.successes = 0
        pace.save()


def succeeded(account_id: int) -> None:
    """Count a good answer against the failures; a breaker that was probing closes."""
    if not read(account_id).troubled:
        return
    with transaction.atomic():
        pace = _row(account_id)
        _window(pace)
        pace.successes += 1
        if pace.open_until is not None:
            pace.open_until, pace.cooldown_seconds, pace.failures, pace.successes = None, 0, 0, 0
        pace.save()


def take_probe(account_id: int) -> bool:
    """Whether this worker makes the one probe of an open breaker whose wait is over; the others go on waiting."""
    until = now() + timedelta(seconds=settings.SYNC_DEADLINE_SECONDS)
    return bool(Pace.objects.filter(account_id=account_id, open_until__lte=now()).update(open_until=until))


def clear(account_id: int) -> None:
    """Forget waits and failures, e.g. after a new token proved itself."""
    Pace.objects.filter(account_id=account_id).update(
        wait_until=None, wait_reason="", open_until=None, cooldown_seconds=0, failures=0, successes=0
    )


def _window(pace: Pace) -> None:
    if pace.window_started_at is None or now() - pace.window_started_at > BREAKER_WINDOW:
        pace.window_started_at = now()
        pace.failures = pace.successes = 0
