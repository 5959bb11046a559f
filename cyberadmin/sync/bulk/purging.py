"""What time takes away from bulk changes: addresses and values of their rows. Counts, verdicts and results stay."""

from django.db import transaction

from cyberadmin.accounts import retention
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Batch, ChangeSet, PlannedRow

PIECE = 5_000
_UNUSED = (ChangeSet.State.DRAFT, ChangeSet.State.PLANNED, ChangeSet.State.ASKED)


def run() -> None:
    """Let plans lapse that nobody applied, then erase what names people in sets that ended long ago."""
    moment = now()
    for account_id, before in retention.limits("plans", moment):
        mine = ChangeSet.objects.filter(account=account_id)
        unused = mine.filter(state__in=_UNUSED, created_at__lt=before, started_at=None)
        unused.update(state=ChangeSet.State.CANCELLED, reason="lapsed", finished_at=moment)
        for change_set in mine.filter(finished_at__lt=before, purged_at=None).order_by("id"):
            retention.count(account_id, "plans", _purge(change_set))


def _purge(change_set: ChangeSet) -> int:
    """Erase a set's rows piece by piece, and say how many; an interrupted run begins again with the rows that are left."""
    after, gone = -1, 0
    while True:
        rows = PlannedRow.objects.filter(change_set=change_set, number__gt=after).order_by("number")
        numbers = list(rows.values_list("number", flat=True)[:PIECE])
        if not numbers:
            break
        piece = PlannedRow.objects.filter(change_set=change_set, number__gt=after, number__lte=numbers[-1])
        gone += piece.update(label="", values={}, base={}, detail={}, result_words="")
        after = numbers[-1]
    with transaction.atomic():
        Batch.objects.filter(change_set=change_set).update(fence={}, result=None)
        detail = {name: value for name, value in change_set.reason_detail.items() if name != "addresses"}
        ChangeSet.objects.filter(pk=change_set.pk).update(purged_at=now(), reason_detail=detail)
    return gone
