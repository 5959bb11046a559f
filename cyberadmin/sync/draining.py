"""Whether the queue has gone over to a replacement: until then the old token must stay at the vendor (product.md S21)."""

from cyberadmin.accounts.models import Credential

from .models import Change

_MOVING = (Change.State.QUEUED, *Change.IN_FLIGHT)


def still_moving(credential: Credential) -> int:
    """How many changes made before this credential was replaced have not reached the vendor yet; none will when a client leaves."""
    if credential.retired_at is None or credential.account.is_leaving:
        return 0
    moving = Change.objects.filter(account=credential.account_id, state__in=_MOVING)
    return moving.filter(created_at__lte=credential.retired_at).count()
