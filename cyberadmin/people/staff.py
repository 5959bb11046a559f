"""What administrators decide about a colleague's log-in: roles, enabling, and leaving (product.md W10)."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from campaigns.models import Approval
from cyberadmin.accounts import audit, policy, services
from cyberadmin.accounts.models import AccountAccess, Credential
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Change

from . import links, sessions
from .models import OneTimeLink, Profile, StaffSession

_ACTIVE_TOKEN = (Credential.State.ACTIVE, Credential.State.CANDIDATE)


def set_roles(actor: User, user: User, roles: dict[int, str]) -> int:
    """Give `user` these roles by client, "" for none; clients not named stay as they are. How many changed."""
    _require(actor)
    held = dict(AccountAccess.objects.filter(user=user).values_list("account", "role"))
    changed = {pk: role for pk, role in roles.items() if held.get(pk, "") != role}
    accounts = policy.living().in_bulk(list(changed))
    with transaction.atomic():
        for pk, role in changed.items():
            services.set_access(actor, accounts[pk], user, role or None)
    return len(changed)


def edit(actor: User, user: User, values: dict[str, Any]) -> list[str]:
    """Change a person's names, e-mail and whether they are an agency administrator; which of them changed.

    Nobody changes their own administrator's right, so that one always remains.
    """
    _require(actor)
    changed = [name for name, value in values.items() if getattr(user, name) != value]
    if "is_superuser" in changed and user == actor:
        raise ValidationError({"is_superuser": _("Ask another administrator to change this about yourself.")})
    email = values.get("email", "")
    if email and User.objects.filter(email__iexact=email).exclude(pk=user.pk).exists():
        raise ValidationError({"email": _("Another log-in has this address.")})
    if not changed:
        return []
    before = {name: getattr(user, name) for name in changed}
    for name in changed:
        setattr(user, name, values[name])
    with transaction.atomic():
        user.save(update_fields=changed)
        after = {name: values[name] for name in changed}
        audit.record("person.edited", actor=actor, user=user.get_username(), before=before, after=after)
    return changed


def disable(actor: User, user: User, why: str) -> None:
    """Close a log-in at once, sessions too; roles stay for the day it is enabled again."""
    _require(actor, other=user)
    with transaction.atomic():
        _close(user)
        audit.record("person.disabled", actor=actor, user=user.get_username(), why=why)


def enable(actor: User, user: User) -> None:
    """Open a log-in again."""
    _require(actor, other=user)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=True)
        Profile.objects.filter(user=user).update(left_at=None)
        audit.record("person.enabled", actor=actor, user=user.get_username())


def end_sessions(actor: User, user: User) -> int:
    """Log a colleague out everywhere; how many sessions ended."""
    _require(actor)
    with transaction.atomic():
        ended = sessions.end(StaffSession.objects.filter(user=user), StaffSession.End.ELSEWHERE)
        audit.record("sessions.ended", actor=actor, user=user.get_username(), sessions=ended)
    return ended


@dataclass(frozen=True)
class Remains:
    """What hangs on a person who leaves. Nothing here is a secret."""

    accesses: QuerySet[AccountAccess]
    tokens: QuerySet[Credential]
    asked: QuerySet[Approval]
    waiting_on: list[Approval]
    changes: QuerySet[Change]
    invitations: QuerySet[OneTimeLink]

    @property
    def approvals(self) -> int:
        """How many approvals hang on this person."""
        return len(self.asked) + len(self.waiting_on)


def remains(user: User) -> Remains:
    """Everything that hangs on a person, over all clients."""
    open_approvals = Approval.objects.filter(state=Approval.State.ASKED).select_related("campaign__account")
    changes = Change.objects.filter(actor=user, state__in=Change.OPEN).select_related("account")
    return Remains(
        accesses=AccountAccess.objects.filter(user=user).select_related("account").order_by("account__name"),
        tokens=tokens_of(user),
        asked=open_approvals.filter(asked_by=user),
        waiting_on=_only_for(user, open_approvals.exclude(asked_by=user)),
        changes=changes.order_by("account__name", "id"),
        invitations=links.open_invitations().filter(created_by=user),
    )


def tokens_of(user: User) -> QuerySet[Credential]:
    """The tokens this person brought that open a client's account: they go on working when the person is gone."""
    rows = Credential.objects.filter(created_by=user, state__in=_ACTIVE_TOKEN)
    return rows.select_related("account").order_by("account__name")


def close_out(actor: User, user: User, why: str) -> None:
    """A colleague leaves: no log-in, no session, no role, no open link. What they brought is left to be rotated."""
    _require(actor, other=user)
    with transaction.atomic():
        reached = list(AccountAccess.objects.filter(user=user).select_related("account"))
        for access in reached:
            services.set_access(actor, access.account, user, None)
        _close(user)
        User.objects.filter(pk=user.pk).update(is_superuser=False)
        mine = links.open_links().filter(Q(created_by=user) | Q(user=user))
        revoked = mine.update(revoked_at=now())
        Profile.objects.update_or_create(user=user, defaults={"left_at": now()})
        audit.record(
            "person.left",
            actor=actor,
            why=why,
            user=user.get_username(),
            clients=[access.account.name for access in reached],
            tokens=[str(token) for token in tokens_of(user)],
            links_revoked=revoked,
        )


def _require(actor: User, other: User | None = None) -> None:
    """Only administrators decide about colleagues, and nobody closes their own log-in."""
    if not (actor.is_active and actor.is_superuser):
        raise PermissionDenied
    if other is not None and other == actor:
        raise ValidationError(_("You cannot do this to your own log-in. Ask another administrator."))


def _close(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    sessions.end(StaffSession.objects.filter(user=user), StaffSession.End.DISABLED)
    links.open_links().filter(kind=OneTimeLink.Kind.PASSWORD, user=user).update(revoked_at=now())


def _only_for(user: User, approvals: QuerySet[Approval]) -> list[Approval]:
    """The requests on clients where this person is the only one, besides administrators, who may approve."""
    senders: dict[int, set[int]] = {}
    rows = AccountAccess.objects.filter(role__in=("send", "manage"), user__is_active=True)
    for account, person in rows.values_list("account", "user"):
        senders.setdefault(account, set()).add(person)
    return [approval for approval in approvals if senders.get(approval.campaign.account_id) == {user.pk}]
