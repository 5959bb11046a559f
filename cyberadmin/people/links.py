"""One-time links: invitations of new colleagues, and the way to a new password.

A link holds 256 random bits, of which only a digest is kept; it opens once, for seven days (an invitation) or one (a new
password), until it is taken back. Whether the person who made it may still give what it gives is asked again when it is
used (engine.md 4, line 9).
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cyberadmin.accounts import audit, policy, services
from cyberadmin.accounts.models import Account, AccountAccess
from cyberadmin.sync.clock import now

from . import sessions
from .models import OneTimeLink, Profile, StaffSession

LIFETIME = {OneTimeLink.Kind.INVITATION: timedelta(days=7), OneTimeLink.Kind.PASSWORD: timedelta(days=1)}
#: Used, expired and revoked links are kept so long, then forgotten.
KEPT = timedelta(days=90)


@dataclass(frozen=True)
class Made:
    """A new link, and its token, which is nowhere else."""

    link: OneTimeLink
    token: str


def invite(
    actor: User,
    email: str,
    *,
    account: Account | None = None,
    role: str = "",
    is_administrator: bool = False,
    second_factor_required: bool = False,
) -> Made:
    """Invite somebody new: to a role on one client, or as an agency administrator.

    Administrators may invite anybody; who manages a client may invite to that client alone. Raises PermissionDenied;
    ValidationError for somebody who has a log-in already.
    """
    if not _may_invite(actor, account, is_administrator):
        raise PermissionDenied
    if not is_administrator and role not in AccountAccess.Role.values:
        raise ValidationError({"role": _("Choose a role.")})
    _check_new(email)
    with transaction.atomic():
        # A second invitation of the same person replaces the first.
        again = open_links().filter(kind=OneTimeLink.Kind.INVITATION, email__iexact=email, account=account)
        again.update(revoked_at=now())
        made = _make(
            OneTimeLink.Kind.INVITATION,
            actor,
            email=email,
            account=None if is_administrator else account,
            role="" if is_administrator else role,
            is_administrator=is_administrator,
            second_factor_required=second_factor_required,
        )
        gives = "administrator" if is_administrator else role
        audit.record("invitation.made", actor=actor, account=made.link.account, email=email, role=gives)
    return made


def password_link(actor: User | None, user: User) -> Made:
    """A way for `user` to choose a new password; made by an administrator, or asked for by e-mail (actor None)."""
    if actor is not None and not actor.is_superuser:
        raise PermissionDenied
    if not user.is_active:
        raise ValidationError(_("This log-in is disabled. Enable it first."))
    with transaction.atomic():
        open_links().filter(kind=OneTimeLink.Kind.PASSWORD, user=user).update(revoked_at=now())
        made = _make(OneTimeLink.Kind.PASSWORD, actor, email=user.email, user=user)
        audit.record("password.link_made", actor=actor, user=user.get_username())
    return made


def revoke(actor: User, link: OneTimeLink) -> None:
    """Take a link back. Administrators may, and who manages the client that an invitation is for."""
    if not _may_invite(actor, link.account, link.is_administrator or link.account is None):
        raise PermissionDenied
    with transaction.atomic():
        if not open_links().filter(pk=link.pk).update(revoked_at=now()):
            raise ValidationError(_("This link was used, or taken back, or it expired."))
        audit.record("invitation.revoked", actor=actor, account=link.account, email=link.email)


def open_links() -> QuerySet[OneTimeLink]:
    """The links that would still open."""
    return OneTimeLink.objects.filter(used_at=None, revoked_at=None, expires_at__gt=now())


def open_invitations(account: Account | None = None) -> QuerySet[OneTimeLink]:
    """The invitations that would still open, of one client or of all of them."""
    rows = open_links().filter(kind=OneTimeLink.Kind.INVITATION).select_related("account", "created_by")
    return rows if account is None else rows.filter(account=account)


def find(token: str) -> OneTimeLink | None:
    """The open link of a token; None for one that is unknown, used, revoked or expired, or whose maker may no more."""
    link = open_links().select_related("account", "created_by", "user").filter(digest=_digest(token)).first()
    return link if link is not None and _still_good(link) else None


def accept(token: str, values: dict[str, Any]) -> User:
    """Make the log-in of somebody invited: username, first_name, last_name, language, password.

    Raises ValidationError per field, or without a field when the link does not open any more.
    """
    with transaction.atomic():
        link = _use(token, OneTimeLink.Kind.INVITATION)
        _check_new(link.email)
        if User.objects.filter(username__iexact=values["username"]).exists():
            raise ValidationError({"username": _("Somebody has this log-in name already. Choose another one.")})
        names = {name: values[name] for name in ("first_name", "last_name")}
        try:
            with transaction.atomic():
                user = User.objects.create_user(
                    values["username"],
                    email=link.email,
                    password=values["password"],
                    is_staff=True,
                    is_superuser=link.is_administrator,
                    **names,
                )
        except IntegrityError:
            raise ValidationError(
                {"username": _("Somebody has this log-in name already. Choose another one.")}
            ) from None
        Profile.objects.create(
            user=user, language=values["language"], second_factor_required=link.second_factor_required
        )
        maker = link.created_by
        if link.account is not None and maker is not None:
            services.set_access(maker, link.account, user, link.role)
        OneTimeLink.objects.filter(pk=link.pk).update(user=user)
        audit.record("invitation.used", actor=user, account=link.account, email=link.email)
    return user


def new_password(token: str, password: str) -> User:
    """Set the password that a link is for; every session of the person ends. Raises ValidationError."""
    with transaction.atomic():
        user = _use(token, OneTimeLink.Kind.PASSWORD).user
        if user is None or not user.is_active:
            raise ValidationError(_not_open())
        user.set_password(password)
        user.save(update_fields=["password"])
        sessions.end(StaffSession.objects.filter(user=user), StaffSession.End.PASSWORD)
        audit.record("password.changed_by_link", actor=user)
    return user


def prune() -> None:
    """Forget links that closed long ago."""
    OneTimeLink.objects.filter(expires_at__lt=now() - KEPT).delete()


def _use(token: str, kind: str) -> OneTimeLink:
    """Use a link up; of two who come at once, one gets it. Call inside a transaction that makes what it gives."""
    link = find(token)
    if link is None or link.kind != kind or not open_links().filter(pk=link.pk).update(used_at=now()):
        raise ValidationError(_not_open())
    return link


def _not_open() -> str:
    return _("This link does not open any more: it was used, taken back, or it expired. Ask for a new one.")


def _make(kind: OneTimeLink.Kind, actor: User | None, **fields: Any) -> Made:
    token = secrets.token_urlsafe(32)
    moment = now()
    link = OneTimeLink.objects.create(
        kind=kind,
        digest=_digest(token),
        created_at=moment,
        created_by=actor,
        expires_at=moment + LIFETIME[kind],
        **fields,
    )
    return Made(link, token)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _may_invite(actor: User, account: Account | None, agency_wide: bool) -> bool:
    if actor.is_superuser and actor.is_active:
        return True
    return not agency_wide and policy.can(actor, "manage", account)


def _still_good(link: OneTimeLink) -> bool:
    if link.kind == OneTimeLink.Kind.PASSWORD:
        return link.user is not None and link.user.is_active
    maker = link.created_by
    return maker is not None and _may_invite(maker, link.account, link.is_administrator)


def _check_new(email: str) -> None:
    if User.objects.filter(email__iexact=email).exists():
        raise ValidationError(
            {"email": _("Somebody with this address has a log-in already: give them a role instead of inviting them.")}
        )
