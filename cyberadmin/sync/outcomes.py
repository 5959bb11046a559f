"""The closed table from an error to what becomes of the change (docs/engine.md 2.6). Unknown = stop and show a person."""

import random
from dataclasses import dataclass

from django.conf import settings

from cyberadmin.api import errors

from .models import Change

MOST_ATTEMPTS = 12
#: Tries over about five minutes: longer than the vendor's lists may lag behind its writes.
MOST_CONFLICTS = 7
MOST_HICCUPS = 5
LONGEST_BACKOFF = 900.0

_DOUBT_REASONS: dict[type[errors.ApiError], str] = {
    errors.PerhapsSent: "no_answer",
    errors.ServerError: "vendor_trouble",
    errors.UnexpectedResponse: "odd_answer",
}
DOUBTFUL = tuple(_DOUBT_REASONS)


@dataclass(frozen=True)
class Outcome:
    """The next state of a change, why, after how many seconds it goes on, and whether the try counts."""

    state: str
    reason: str
    wait_seconds: float = 0.0
    counts: bool = False


#: Errors after which nothing was applied for sure.
_CERTAIN: tuple[tuple[tuple[type[errors.ApiError], ...], Outcome], ...] = (
    ((errors.NotSent,), Outcome(Change.State.QUEUED, "not_reached", settings.SYNC_BACKOFF_SECONDS)),
    ((errors.RateLimited,), Outcome(Change.State.QUEUED, "rate_limited")),
    (
        (errors.InvalidToken, errors.PaymentRequired, errors.TlsFailed, errors.Redirected),
        Outcome(Change.State.QUEUED, "account", settings.SYNC_BACKOFF_SECONDS),
    ),
    ((errors.Forbidden,), Outcome(Change.State.FAILED, "forbidden")),
    ((errors.Rejected, errors.TooLarge, errors.NotFound), Outcome(Change.State.FAILED, "rejected")),
)


def of_error(error: errors.ApiError, change: Change, *, keyless_sent: bool) -> Outcome:
    """What an error means for this change. `keyless_sent`: the error answers the POST that must not be doubled."""
    state = Change.State
    if isinstance(error, errors.Conflict):
        return _of_conflict(change, keyless_sent)
    if isinstance(error, DOUBTFUL):
        return _of_doubt(error, change, keyless_sent)
    certain = next((outcome for kinds, outcome in _CERTAIN if isinstance(error, kinds)), None)
    return certain or Outcome(state.PARKED, "not_understood", counts=True)


def _of_conflict(change: Change, keyless_sent: bool) -> Outcome:
    if change.verb == Change.Verb.UPDATE:
        return Outcome(Change.State.FAILED, "address_taken")
    if keyless_sent:
        return Outcome(Change.State.UNKNOWN, "already_there", counts=True)
    if change.attempts + 1 >= MOST_CONFLICTS:
        return Outcome(Change.State.PARKED, "exists_unseen", counts=True)
    # What exists is read before the next try; lists may lag behind for a while.
    return Outcome(Change.State.QUEUED, "already_there", backoff(change.attempts), counts=True)


def of_hiccup(change: Change) -> Outcome:
    """The vendor refused the token for this call and accepted it for a ping: tried again, but not for ever."""
    if change.attempts + 1 >= MOST_HICCUPS:
        return Outcome(Change.State.FAILED, "forbidden", counts=True)
    return Outcome(Change.State.QUEUED, "hiccup", backoff(change.attempts), counts=True)


def _of_doubt(error: errors.ApiError, change: Change, keyless_sent: bool) -> Outcome:
    if keyless_sent:
        return Outcome(Change.State.UNKNOWN, "no_answer", settings.SYNC_SETTLE_SECONDS, counts=True)
    if change.attempts + 1 >= MOST_ATTEMPTS:
        return Outcome(Change.State.PARKED, "tries_used_up", counts=True)
    # The next try reads before it writes, so an odd or missing answer is compared, not trusted.
    return Outcome(Change.State.QUEUED, _DOUBT_REASONS[type(error)], backoff(change.attempts), counts=True)


def of_crash(change: Change, *, keyless_sent: bool) -> Outcome:
    """What a programming error means: looked for when something may have been made, else stopped after three tries."""
    if keyless_sent:
        return Outcome(Change.State.UNKNOWN, "program_error", settings.SYNC_SETTLE_SECONDS, counts=True)
    if change.attempts + 1 >= 3:
        return Outcome(Change.State.PARKED, "program_error", counts=True)
    return Outcome(Change.State.QUEUED, "program_error", backoff(change.attempts), counts=True)


def backoff(attempts: int) -> float:
    """Seconds before try number `attempts` + 1: doubling from the base, capped, half of it jitter."""
    full = min(float(settings.SYNC_BACKOFF_SECONDS) * 2.0**attempts, LONGEST_BACKOFF)
    return full / 2 + random.uniform(0, full / 2)  # noqa: S311 - jitter, not a secret


def troubles_vendor(error: errors.ApiError) -> bool:
    """Whether the error speaks of the vendor's or the network's health (counts for the breaker)."""
    return isinstance(error, (errors.NotSent, *DOUBTFUL))
