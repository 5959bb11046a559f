"""Writing the audit trail."""

from typing import Any

from django.contrib.auth.models import User

from .models import Account, AuditEvent


def record(
    action: str, *, actor: User | None, account: Account | None = None, why: str = "", **detail: Any
) -> AuditEvent:
    """Append one history entry. `detail` must be JSON and must hold no secret; the actor's name outlives the user."""
    return AuditEvent.objects.create(
        action=action,
        actor=actor,
        actor_name=actor.get_username() if actor else "cyberadmin",
        account=account,
        account_name=account.name if account else "",
        detail=detail,
        why=why,
    )
