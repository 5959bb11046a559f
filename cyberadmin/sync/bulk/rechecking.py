"""Ten minutes after an uncertain batch, its contacts are read once more: it may have run late, after a newer edit.

A lost or written-off batch cannot be called back. If it ran after a single edit that was sent later, the vendor holds the
older values again; then the newer ones are recorded once more and go out like any edit (engine.md fault 56).
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from cyberadmin.accounts.models import Account
from cyberadmin.api import errors
from cyberadmin.api.client import ApiClient
from cyberadmin.sync import connection, merge, pace, pull_merge, record, registry
from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Batch, Change, PlannedRow
from cyberadmin.sync.resource import GoneThere, ProtectedThere, Resource, Seen, Values

PIECE = 25


def due(account_id: int | None = None) -> list[int]:
    """Accounts that have a batch to look at once more."""
    batches = Batch.objects.filter(recheck_at__lte=now())
    if account_id is not None:
        batches = batches.filter(account_id=account_id)
    return list(batches.order_by().values_list("account_id", flat=True).distinct())


def run(account: Account) -> bool:
    """Look at the next contacts of a batch that is due; whether more can be looked at."""
    batch = Batch.objects.filter(account=account, recheck_at__lte=now()).order_by("recheck_at").first()
    if batch is None:
        return False
    log = connection.CallLog(account.pk)
    try:
        with connection.client_for(account, log) as client:
            return Recheck(account, batch, client).some()
    except (connection.AccountPaused, pace.HoldOff):
        return False
    except errors.ApiError as error:
        _account_error(account, error)
        return False
    finally:
        connection.flush_alone(log)


def _account_error(account: Account, error: errors.ApiError) -> None:
    """The next sweep tries again; a vendor in trouble is counted as such."""
    if isinstance(error, errors.RateLimited):
        pace.limited(account.pk, error)
    else:
        pace.failed(account.pk)


class Recheck:
    """Looks at the contacts of one batch, a few at a time."""

    def __init__(self, account: Account, batch: Batch, client: ApiClient) -> None:
        self.account, self.batch, self.client = account, batch, client
        self.resource: Resource = registry.get(batch.change_set.object_kind)

    def some(self) -> bool:
        """Look at the next piece; False when the batch is done with."""
        after = int(self.batch.fence.get("rechecked", -1))
        rows = list(PlannedRow.objects.filter(batch=self.batch, number__gt=after).order_by("number")[:PIECE])
        if not rows:
            Batch.objects.filter(pk=self.batch.pk).update(recheck_at=None)
            return False
        here = self.resource.present(self.account.pk, [row.label for row in rows if row.label])
        for row in rows:
            pk = row.object_id or here.get(row.label)
            if pk is not None:
                self._one(pk)
        self.batch.fence = {**self.batch.fence, "rechecked": rows[-1].number}
        Batch.objects.filter(pk=self.batch.pk).update(fence=self.batch.fence)
        return True

    def _one(self, pk: int) -> None:
        obj = self.resource.model.objects.filter(pk=pk, account=self.account, gone_at=None).first()
        newer = self._newer(pk, self.batch.posted_at or self.batch.created_at)
        if obj is None or not newer or obj.snapshot is not None:
            return
        try:
            seen = self.resource.read(self.client, obj)
        except (GoneThere, ProtectedThere):
            # Leaving always wins; the next pull shows it.
            return
        undone = {name: value for name, value in newer.items() if seen.values.get(name) != value}
        if undone:
            self._again(obj, seen, undone)

    def _newer(self, pk: int, since: datetime) -> Values:
        """What single edits brought to the vendor after the batch was posted, and is still what the mirror shows."""
        changes = Change.objects.filter(
            account=self.account,
            kind=self.resource.kind,
            object_id=pk,
            verb=Change.Verb.UPDATE,
            state=Change.State.DONE,
            done_at__gte=since,
        )
        return {name: field["want"] for change in changes.order_by("id") for name, field in change.fields.items()}

    def _again(self, obj: Any, seen: Seen, undone: Values) -> None:
        """Record the newer values once more, on top of what the vendor now holds."""
        with transaction.atomic(), writing():
            row = record.lock(obj)
            if merge.pending_fields(self.resource.kind, row):
                return
            shown = self.resource.values(row)
            still = {name: value for name, value in undone.items() if shown.get(name) == value}
            pull_merge.take_in(self.resource, row, seen, "")
            if still:
                row = record.lock(row)
                record.edit(self.resource.kind, row, still, record.Intent(None, ""))
