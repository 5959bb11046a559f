"""Taking changes out of the queue: one guarded UPDATE each, with a lease and a token that only the taker knows.

Every later write carries the token, so a worker that lost its lease (a zombie) writes nothing. `claims` grows with the
claim itself, so a change that kills its worker is stopped after a few tries although no exception was ever seen.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from cyberadmin.accounts.models import Account

from .clock import now
from .models import Change

MOST_AT_ONCE = 2
MOST_CRASHES = 3

# Column lists are spelled by the code below, values are parameters: nothing here comes from outside.
_CLAIM = """
UPDATE sync_change SET state = 'sending', claim_token = %(token)s, lease_until = %(lease)s, claims = claims + 1,
       updated_at = %(now)s
WHERE state = 'queued' AND id = (
    SELECT c.id FROM sync_change c
    WHERE c.account_id = %(account)s AND c.state = 'queued' AND c.not_before <= %(now)s
      AND NOT EXISTS (
        SELECT 1 FROM sync_change b WHERE b.account_id = c.account_id AND b.kind = c.kind AND b.object_id = c.object_id
          AND (b.state IN ('sending', 'unknown', 'conflict', 'parked')
               OR (b.id < c.id AND (b.state = 'queued' OR (b.state = 'failed' AND b.verb = 'create')))))
      AND NOT EXISTS (
        SELECT 1 FROM sync_plannedrow p JOIN sync_changeset g ON g.id = p.change_set_id
        WHERE p.account_id = c.account_id AND p.object_id = c.object_id AND p.state IN ('sending', 'verifying')
          AND p.batch_id IS NOT NULL AND g.object_kind = c.kind)
      AND NOT EXISTS (
        SELECT 1 FROM sync_change_waits_for w JOIN sync_change d ON d.id = w.to_change_id
        WHERE w.from_change_id = c.id
          AND d.state IN ('queued', 'sending', 'unknown', 'conflict', 'parked', 'failed'))
      AND (NOT c.keyless OR NOT EXISTS (
        SELECT 1 FROM sync_change k WHERE k.account_id = c.account_id AND k.kind = c.kind AND k.verb = c.verb AND k.keyless
          AND k.state IN ('sending', 'unknown')))
      AND (SELECT COUNT(*) FROM sync_change s WHERE s.account_id = c.account_id AND s.state = 'sending') < %(most)s
      AND EXISTS (SELECT 1 FROM accounts_account a WHERE a.id = c.account_id AND a.paused_reason = '')
    ORDER BY c.priority, c.id LIMIT 1 {skip_locked})
RETURNING *
"""

_LOOK = """
UPDATE sync_change SET claim_token = %(token)s, lease_until = %(lease)s, claims = claims + 1, updated_at = %(now)s
WHERE id = (
    SELECT c.id FROM sync_change c
    WHERE c.account_id = %(account)s AND c.state = 'unknown' AND c.not_before <= %(now)s
      AND (c.lease_until IS NULL OR c.lease_until <= %(now)s)
      AND EXISTS (SELECT 1 FROM accounts_account a WHERE a.id = c.account_id AND a.paused_reason = '')
    ORDER BY c.id LIMIT 1 {skip_locked})
  AND state = 'unknown' AND (lease_until IS NULL OR lease_until <= %(now)s)
RETURNING *
"""


class LeaseLost(Exception):
    """Somebody else may have taken over: this worker must not send or write anything for this change any more."""


def claim(account: Account) -> Change | None:
    """Take the account's next change that may be sent now, or None."""
    return _take(_CLAIM, account)


def claim_look(account: Account) -> Change | None:
    """Take a doubted change whose time to look has come, or None."""
    return _take(_LOOK, account)


def _take(sql: str, account: Account) -> Change | None:
    on_postgres = connection.vendor == "postgresql"
    moment = now()
    parameters = {
        "token": uuid.uuid4() if on_postgres else uuid.uuid4().hex,
        "now": _time(moment),
        "lease": _time(moment + timedelta(seconds=settings.SYNC_LEASE_SECONDS)),
        "account": account.pk,
        "most": MOST_AT_ONCE,
    }
    try:
        with transaction.atomic():
            locking = "FOR UPDATE OF c SKIP LOCKED" if on_postgres else ""
            taken = list(Change.objects.raw(sql.format(skip_locked=locking), parameters))
    except IntegrityError:
        # Another worker took a change of the same object or a keyless create at the same moment.
        return None
    for change in taken:
        change.account = account
        return change
    return None


def _time(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def keep(change: Change, seconds_needed: float) -> None:
    """Check, right before each request, that the lease lasts for it; a short one is renewed if nobody took it yet.

    Raises LeaseLost: the request must not be sent.
    """
    moment = now()
    if change.lease_until is None or change.lease_until < moment + timedelta(seconds=seconds_needed):
        write(change, lease_until=moment + timedelta(seconds=settings.SYNC_LEASE_SECONDS))


def write(change: Change, **values: Any) -> None:
    """Write the change under its claim. Raises LeaseLost, having written nothing, when the claim is not ours any more."""
    values.setdefault("updated_at", now())
    if Change.objects.filter(pk=change.pk, claim_token=change.claim_token).update(**values) == 0:
        raise LeaseLost
    for name, value in values.items():
        setattr(change, name, value)


def release(change: Change, state: str, **values: Any) -> None:
    """Give the change back in another state; the claim ends here. Raises LeaseLost."""
    values.setdefault("claims", 0)
    write(change, state=state, lease_until=None, claim_token=None, **values)


def reap() -> int:
    """Take back the changes whose worker is gone: idempotent ones wait again, begun keyless creates are looked for."""
    taken = 0
    for change in Change.objects.filter(state=Change.State.SENDING, lease_until__lt=now()):
        values: dict[str, Any] = {"lease_until": None, "claim_token": None, "not_before": now(), "updated_at": now()}
        if change.claims >= MOST_CRASHES and change.fence is None:
            values |= {"state": Change.State.PARKED, "reason": "crashed"}
        elif change.fence is not None:
            look_at = now() + timedelta(seconds=settings.SYNC_SETTLE_SECONDS)
            values |= {"state": Change.State.UNKNOWN, "reason": "worker_lost", "not_before": look_at}
        else:
            values |= {"state": Change.State.QUEUED, "reason": "worker_lost"}
        guard = Change.objects.filter(pk=change.pk, state=Change.State.SENDING, claim_token=change.claim_token)
        taken += guard.filter(lease_until__lt=now()).update(**values)
    return taken + _reap_looks()


def _reap_looks() -> int:
    """Stop the doubted creates that killed every worker that looked for them: a person looks instead."""
    poison = Change.objects.filter(state=Change.State.UNKNOWN, lease_until__lt=now(), claims__gte=MOST_CRASHES)
    return poison.update(
        state=Change.State.PARKED, reason="look_crashed", lease_until=None, claim_token=None, updated_at=now()
    )
