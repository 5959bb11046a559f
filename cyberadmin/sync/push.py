"""Sending what waits: claim, read, compare, send, settle; one change at a time, as long as the account may be called.

No transaction is open while the vendor is spoken to. What each step leaves behind if the worker dies there is listed in
docs/engine.md; `crash.here` marks those points for the fault tests.
"""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from cyberadmin import logs
from cyberadmin.accounts import policy
from cyberadmin.accounts.models import Account
from cyberadmin.accounts.policy import Right
from cyberadmin.api import errors
from cyberadmin.api.client import ApiClient

from . import claim, connection, crash, doubt, guard, holding, outcomes, pace, registry, settle
from .clock import now
from .models import Change
from .resource import AlreadyThere, GoneThere, Overtaken, ProtectedThere, Resource, Seen, Sent, Stopped, Values

logger = logging.getLogger(__name__)

#: One account's long queue gives way to the others after this time; the caller rings again for the rest.
BUDGET_SECONDS = 10.0


def pump(account_id: int, budget: float = BUDGET_SECONDS) -> bool:
    """Send the account's changes until none may be sent now (False) or the time is used up (True: more may wait)."""
    account = Account.objects.filter(pk=account_id).first()
    if account is None or holding.holds():
        return False
    log = connection.CallLog(account_id)
    try:
        with connection.client_for(account, log) as client:
            return Pump(account, client, log).run(time.monotonic() + budget)
    except (connection.AccountPaused, pace.HoldOff):
        return False
    finally:
        connection.flush_alone(log)


class Pump:
    """One worker's turn at one account's queue."""

    def __init__(self, account: Account, client: ApiClient, log: connection.CallLog) -> None:
        self.account = account
        self.client = client
        self.log = log
        self._may: dict[tuple[int, Right], bool] = {}

    def run(self, until: float) -> bool:
        """Handle changes until the monotonic time `until`: first what is in doubt, then what waits."""
        for take in (claim.claim_look, claim.claim):
            while self.account.is_working and (change := take(self.account)) is not None:
                with logs.context(change=change.pk):
                    goes_on = self._handle(change, looking=take is claim.claim_look)
                if not goes_on:
                    return False
                if time.monotonic() > until:
                    return True
        return False

    def _handle(self, change: Change, *, looking: bool) -> bool:
        """Bring one claimed change as far as it goes now; False when the account must not be called any more."""
        self.log.change = change
        claimed_by = change.claim_token
        crash.here("C3")
        try:
            if not registry.known(change.kind):
                claim.release(change, Change.State.QUEUED, reason="newer_version", not_before=_after(600))
            elif looking:
                doubt.look(self.client, change, self.log)
            else:
                self._push(change)
        except claim.LeaseLost:
            logger.warning("Change %s was taken over by another worker; nothing was written.", change.pk)
        except pace.HoldOff as held:
            _release_quietly(change, held)
            return False
        except Exception:  # a programming error must stop this change, never the account's queue
            logger.exception("Change %s could not be pushed", change.pk)
            # What was being written when it happened was rolled back, the end of the claim with it.
            change.claim_token = claimed_by
            self._crashed(change)
        finally:
            self.log.change = None
        return True

    def _crashed(self, change: Change) -> None:
        try:
            _to(change, outcomes.of_crash(change, keyless_sent=change.fence is not None), self.log)
        except claim.LeaseLost:
            logger.warning("Change %s was taken over by another worker after an error of ours.", change.pk)

    def _push(self, change: Change) -> None:
        resource = registry.get(change.kind)
        obj = resource.model.objects.filter(pk=change.object_id, account_id=self.account.pk).first()
        if obj is None:
            return claim.release(change, Change.State.CANCELLED, reason="object_missing", done_at=now())
        if not self._actor_may(change, resource.right(change, obj)):
            return claim.release(change, Change.State.PARKED, reason="rights_lost")
        if guard.forbids(change.verb, obj):
            return settle.refuse(change, "protected", self.log)
        if change.keyless and change.verb == Change.Verb.CREATE and obj.deleted_at is not None:
            # Certainly not made so far, else it were in doubt; staff deleted it meanwhile, so it is not made now.
            return settle.not_wanted(resource, change, obj, self.log)
        return self._attempt(resource, change, obj)

    def _attempt(self, resource: Resource, change: Change, obj: Any) -> None:
        """Send one change that may go out, and settle whatever the vendor or the resource makes of it."""
        try:
            self._send(resource, change, obj)
        except errors.ApiError as error:
            self._failed(change, error)
        except ProtectedThere as protected:
            settle.protected(resource, change, obj, protected, self.log)
        except GoneThere:
            settle.gone_there(change, self.log)
        except AlreadyThere as there:
            settle.already_there(change, there.candidates, self.log)
        except Overtaken as moved_on:
            settle.overtaken(resource, change, obj, moved_on, self.log)
        except Stopped as stopped:
            settle.stopped(change, stopped, self.log)

    def _actor_may(self, change: Change, right: Right) -> bool:
        """Whether who made it may still do it; asked once for each person and turn. Nobody's changes are the machine's."""
        if change.actor_id is None:
            return True
        key = (change.actor_id, right)
        if key not in self._may:
            self._may[key] = policy.can(User.objects.get(pk=change.actor_id), right, self.account)
        return self._may[key]

    def _send(self, resource: Resource, change: Change, obj: Any) -> None:
        """Bring one change to the vendor and settle it. Raises what the vendor and the resource raise."""
        if change.verb == Change.Verb.CREATE and not change.keyless:
            existing = resource.before_create(self.client, change, obj)
            if existing is not None:
                return settle.adopt_or_ask(resource, change, obj, existing, self.log)
        wanted: Values = {name: value["want"] for name, value in change.fields.items()}
        if change.verb == Change.Verb.UPDATE:
            seen = resource.read(self.client, obj)
            wanted, conflicts = three_way(change, seen)
            if conflicts:
                return settle.conflict(resource, change, obj, seen, conflicts, self.log)
            if not wanted:
                return settle.done(resource, change, obj, Sent(seen), self.log)
        if change.keyless:
            self._intend(resource, change, obj)
        crash.here("C5")
        change.sent_at = now()
        sent = self._deliver(resource, change, obj, wanted)
        crash.here("C7")
        self.log.succeeded()
        return settle.done(resource, change, obj, sent, self.log)

    def _deliver(self, resource: Resource, change: Change, obj: Any, wanted: Values) -> Sent:
        """Send. When the vendor finds nothing to write to, reading tells whether the object is gone or the person left."""
        try:
            return resource.send(self.client, change, obj, wanted)
        except errors.NotFound:
            if obj.remote_id is not None:
                resource.missing(self.client, obj)
            raise

    def _intend(self, resource: Resource, change: Change, obj: Any) -> None:
        """Write down, before a POST that must not be doubled, what was there and what is about to be sent."""
        fence = resource.fence(self.client, change, obj)
        crash.here("C4")
        with transaction.atomic():
            claim.write(change, fence=fence, payload_hash=settle.payload_hash(change))

    def _failed(self, change: Change, error: errors.ApiError) -> None:
        """Turn the vendor's refusal or silence into the change's next state, by the closed table."""
        keyless_sent = change.fence is not None and change.sent_at is not None
        outcome = outcomes.of_error(error, change, keyless_sent=keyless_sent)
        if connection.handle_account_error(self.account, self.client, error):
            reason = "rate_limited" if isinstance(error, errors.RateLimited) else "account"
            return _to(change, outcomes.Outcome(Change.State.QUEUED, reason), self.log)
        if isinstance(error, errors.Forbidden | errors.InvalidToken) and outcome.state == Change.State.QUEUED:
            outcome = outcomes.of_hiccup(change)
        if outcomes.troubles_vendor(error):
            pace.failed(self.account.pk)
        detail = {"words": error.vendor_message, "fields": error.field_errors, "status": error.status}
        return _to(change, outcome, self.log, detail)


def three_way(change: Change, seen: Seen) -> tuple[Values, dict[str, Values]]:
    """Split the wanted values: those still to send, and those that the vendor changed to something else meanwhile."""
    wanted: Values = {}
    conflicts: dict[str, Values] = {}
    for name, value in change.fields.items():
        theirs = seen.values.get(name)
        if theirs == value["want"]:
            continue
        if theirs == value["base"] or theirs in value.get("tried", []):
            wanted[name] = value["want"]
        else:
            conflicts[name] = {**value, "theirs": theirs}
    return wanted, conflicts


def _release_quietly(change: Change, held: pace.HoldOff) -> None:
    """Nothing more may be sent now: the change waits on as it was, without a counted try."""
    in_doubt = change.state == Change.State.UNKNOWN
    state = Change.State.UNKNOWN if in_doubt else Change.State.QUEUED
    reason = "rate_limited" if held.why == "rate" else "breaker"
    try:
        claim.release(change, state, not_before=held.until, reason=reason, fence=change.fence if in_doubt else None)
    except claim.LeaseLost:
        logger.warning("Change %s was taken over while the account had to wait.", change.pk)


def _to(change: Change, outcome: outcomes.Outcome, log: connection.CallLog, detail: Values | None = None) -> None:
    values: Values = {
        "reason": outcome.reason,
        "reason_detail": detail or {},
        "not_before": _after(outcome.wait_seconds),
        "sent_at": change.sent_at,
    }
    if outcome.counts:
        values["attempts"] = change.attempts + 1
    if outcome.state != Change.State.UNKNOWN:
        # Certainly nothing was made: the next try reads a new fence.
        values["fence"] = None
    with transaction.atomic():
        claim.release(change, outcome.state, **values)
        log.flush()


def _after(seconds: float) -> datetime:
    return now() + timedelta(seconds=seconds)
