"""Writing the audit trail, and what may take from it: a person's erasure, the end of a client, and age."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from .history_guard import rewriting
from .models import Account, AuditEvent


def record(
    action: str, *, actor: User | None, account: Account | None = None, why: str = "", **detail: Any
) -> AuditEvent:
    """Append one history entry. `detail` must be JSON and must hold no secret; the actor's name outlives the user.

    What people read of it stands in `cyberadmin.history.words`, by `action`.
    """
    return AuditEvent.objects.create(
        action=action,
        actor=actor,
        actor_name=actor.get_username() if actor else "cyberadmin",
        account=account,
        account_name=account.name if account else "",
        detail=detail,
        why=why,
    )


def scrub(entries: Iterable[AuditEvent], *names: str) -> int:
    """Empty the reason and these values of entries that name a person who is erased; everything else of them stays."""
    rows = list(entries)
    with rewriting():
        for entry in rows:
            emptied = {name: "" for name in names if name in entry.detail}
            entries_of = AuditEvent._base_manager.filter(pk=entry.pk)
            entries_of.update(detail={**entry.detail, **emptied}, why="")
    return len(rows)


def mask(entries: Iterable[AuditEvent], masked: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Keep of these entries who did what and when; their reasons go, and `masked` says what stays of what was recorded."""
    with rewriting():
        for entry in entries:
            AuditEvent._base_manager.filter(pk=entry.pk).update(detail=masked(entry.detail), why="")


def purge(before: datetime) -> int:
    """Forget entries older than `before`; how many. Only housekeeping calls it, with the term of HISTORY_KEPT_DAYS."""
    with rewriting():
        return AuditEvent._base_manager.filter(at__lt=before).delete()[0]
