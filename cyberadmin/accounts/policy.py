"""Who may do what on which account: the one place that answers it.

Rights: `view`, `edit`, `send`, `manage`. Agency administrators (superusers) hold all of them on every account; everybody
else holds what an AccountAccess row gives, and nothing otherwise. An inactive user holds nothing. On a client that was
off-boarded nobody holds anything: what is left of it is shown by `cyberadmin.offboarding` alone.
"""

from typing import Literal

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet

from .models import Account, AccountAccess

Right = Literal["view", "edit", "send", "manage"]

_ROLES_WITH: dict[Right, set[str]] = {
    "view": {"read", "edit", "send", "manage"},
    "edit": {"edit", "send", "manage"},
    "send": {"send", "manage"},
    "manage": {"manage"},
}


def accounts_for(user: User | AnonymousUser, right: Right = "view") -> QuerySet[Account]:
    """The accounts on which `user` holds `right`."""
    if not isinstance(user, User) or not user.is_active or not user.is_staff:
        return Account.objects.none()
    if user.is_superuser:
        return living()
    granted = AccountAccess.objects.filter(user=user, role__in=_ROLES_WITH[right])
    return living().filter(pk__in=granted.values("account"))


def ended_for(user: User | AnonymousUser) -> QuerySet[Account]:
    """The clients that were off-boarded, for administrators; none for anybody else."""
    if isinstance(user, User) and user.is_active and user.is_staff and user.is_superuser:
        return Account.objects.filter(state=Account.State.ENDED)
    return Account.objects.none()


def living() -> QuerySet[Account]:
    """All clients but those that were off-boarded: for administrators' pages, and for what runs for nobody."""
    return Account.objects.exclude(state=Account.State.ENDED)


def can(user: User | AnonymousUser, right: Right, account: Account | int | None) -> bool:
    """Whether `user` holds `right` on `account` now (read from the database each time, so a lost right counts at once)."""
    if account is None:
        return False
    pk = account.pk if isinstance(account, Account) else account
    return accounts_for(user, right).filter(pk=pk).exists()
