"""Looking for what a doubted create may have made, before anything is sent again (docs/engine.md 2.7).

Two looks, a settling time apart. One new object with the same mark: it is ours. None after both looks: sent once more,
and a second doubt goes to a person. Several, or a kind that cannot be looked for: a person decides.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from cyberadmin.api import errors
from cyberadmin.api.client import ApiClient

from . import claim, connection, outcomes, pace, registry, settle
from .clock import now
from .models import Change
from .resource import Sent

LOOKS = 2


def look(client: ApiClient, change: Change, log: connection.CallLog) -> None:
    """One look for a change in `unknown`; afterwards it is done, waits for the second look, is sent again or stopped."""
    resource = registry.get(change.kind)
    obj = resource.model.objects.get(pk=change.object_id)
    try:
        candidates = resource.look(client, change, obj)
    except errors.ApiError as error:
        return _look_later(client, change, error, log)
    if candidates is None:
        reason = f"{change.verb}_in_doubt"
        return _release(change, log, Change.State.PARKED, reason=reason)
    if len(candidates) == 1 and not resource.is_ours(change, obj, candidates[0]):
        # Somebody may have made it at that very moment.
        return settle.already_there(change, candidates, log)
    if len(candidates) == 1:
        return settle.done(resource, change, obj, Sent(candidates[0]), log)
    if candidates:
        with transaction.atomic():
            settle.several(change, candidates)
            log.flush()
        return None
    return _not_found(change, log)


def _not_found(change: Change, log: connection.CallLog) -> None:
    looks = change.looks + 1
    if looks < LOOKS:
        again = now() + timedelta(seconds=settings.SYNC_SECOND_LOOK_SECONDS)
        return _release(change, log, Change.State.UNKNOWN, looks=looks, not_before=again)
    if change.resends == 0:
        return _release(
            change, log, Change.State.QUEUED, looks=0, resends=1, fence=None, sent_at=None, reason="was_not_made"
        )
    return _release(change, log, Change.State.PARKED, reason="twice_in_doubt")


def _look_later(client: ApiClient, change: Change, error: errors.ApiError, log: connection.CallLog) -> None:
    if not connection.handle_account_error(change.account, client, error) and outcomes.troubles_vendor(error):
        pace.failed(change.account_id)
    later = now() + timedelta(seconds=outcomes.backoff(2))
    return _release(change, log, Change.State.UNKNOWN, not_before=later)


def _release(change: Change, log: connection.CallLog, state: str, **values: object) -> None:
    values.setdefault("not_before", now())
    with transaction.atomic():
        claim.release(change, state, **values)
        log.flush()
