"""Promise P12 as a query: what staff see differs from the vendor exactly where an open change exists."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from . import registry
from .models import Change

MOST_SHOWN = 100


@dataclass(frozen=True)
class Difference:
    """One row for which mirror and Outbox disagree."""

    account_id: int
    kind: str
    object_id: int
    problem: str


def differences(account_id: int | None = None) -> list[Difference]:
    """Rows that differ from the vendor without an open change, and open changes whose row does not exist."""
    found: list[Difference] = []
    for resource in registry.in_pull_order():
        rows = resource.model.objects.filter(gone_at=None, snapshot__isnull=False)
        changes = Change.objects.filter(kind=resource.kind, state__in=Change.OPEN)
        if account_id is not None:
            rows, changes = rows.filter(account_id=account_id), changes.filter(account_id=account_id)
        orphans = rows.filter(~Exists(changes.filter(account=OuterRef("account"), object_id=OuterRef("pk"))))
        found += [
            Difference(row.account_id, resource.kind, row.pk, "differs without a change")
            for row in orphans[:MOST_SHOWN]
        ]
        living = resource.model.objects.filter(pk=OuterRef("object_id"), gone_at=None)
        lost = changes.filter(~Exists(living))[:MOST_SHOWN]
        found += [
            Difference(change.account_id, resource.kind, change.object_id, "change without a row") for change in lost
        ]
        found += resource.differences(account_id)
    return found
