"""Waking a worker for a set of changes, after the commit. Losing the message costs one sweep, never work."""

from django.db import transaction

from cyberadmin.sync.doorbell import ring_now
from cyberadmin.sync.models import ChangeSet

PLAN = "cyberadmin.sync.bulk.tasks.plan_set"
APPLY = "cyberadmin.sync.bulk.tasks.apply_sets"


def ring(change_set: ChangeSet) -> None:
    """Wake a worker for what this set needs next."""
    pk, account_id = change_set.pk, change_set.account_id
    if change_set.state == ChangeSet.State.PLANNING:
        transaction.on_commit(lambda: ring_now(PLAN, pk), robust=True)
    else:
        transaction.on_commit(lambda: ring_now(APPLY, account_id), robust=True)
