"""Connecting accounts, changing their tokens, and giving staff access. Proving a token is the engine's work
(`cyberadmin.sync.proving`), since no request of the console ever speaks to the vendor."""

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from cyberadmin.celery import app

from . import audit, hosts, policy, secrets
from .models import Account, AccountAccess, Credential

PROVE = "cyberadmin.sync.tasks.prove"
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


def connect(actor: User, values: dict[str, Any], token: str) -> Account:
    """Create an account from its form and have its token proved by a ping; nothing is pulled before a person confirms.

    `values`: name, colour, language, time_zone, host. Raises ValidationError per field; only administrators may connect.
    """
    if not actor.is_superuser:
        raise PermissionDenied
    token = clean_token(token)
    account = Account(**{name: values[name] for name in ("name", "colour", "language", "time_zone", "host")})
    account.name = account.name.strip()
    account.slug = _free_slug(account.name)
    account.created_by = actor
    account.full_clean()
    if account.host not in dict(hosts.choices()):
        raise ValidationError({"host": _("This host is not on the list of allowed hosts.")})
    with transaction.atomic():
        _check_unused(token)
        account.save()
        credential = _store(actor, account, token, Credential.Kind.TOKEN, "")
        audit.record("account.created", actor=actor, account=account, credential=credential.fingerprint)
    return account


def propose_token(
    actor: User, account: Account, token: str, kind: str = Credential.Kind.TOKEN, username: str = ""
) -> Credential:
    """Store a new secret for an account as a candidate and have it proved; the one in use stays until it is."""
    if not policy.can(actor, "manage", account):
        raise PermissionDenied
    token = clean_token(token) if kind == Credential.Kind.TOKEN else token
    with transaction.atomic():
        _check_unused(token, besides=account)
        credential = _store(actor, account, token, kind, username)
        if account.state != Account.State.CONNECTED:
            Account.objects.filter(pk=account.pk).update(state=Account.State.PROVING)
        audit.record("token.proposed", actor=actor, account=account, credential=credential.fingerprint)
    return credential


def confirm(actor: User, account: Account) -> None:
    """A person says that the vendor's account is this client's: the token comes into use and the account is connected."""
    if not policy.can(actor, "manage", account):
        raise PermissionDenied
    with transaction.atomic():
        candidate = account.credentials.filter(state=Credential.State.CANDIDATE).exclude(proved_at=None).first()
        if candidate is None or account.state != Account.State.PROVED:
            raise ValidationError(_("There is nothing to confirm: the token has not been proved yet."))
        activate(candidate)
        Account.objects.filter(pk=account.pk).update(
            state=Account.State.CONNECTED, connected_at=timezone.now(), vendor_name=candidate.proved_as
        )
        account.refresh_from_db()
        audit.record("account.confirmed", actor=actor, account=account, vendor_name=candidate.proved_as)


def cancel(actor: User, account: Account) -> None:
    """Give up connecting an account that was never confirmed; nothing of it is kept but its history."""
    if not policy.can(actor, "manage", account):
        raise PermissionDenied
    if account.state == Account.State.CONNECTED:
        raise ValidationError(_("This account is connected already."))
    with transaction.atomic():
        audit.record("account.cancelled", actor=actor, account=account)
        account.delete()


def set_access(actor: User, account: Account, user: User, role: str | None) -> None:
    """Give a member of staff a role on an account, or take it away with None."""
    if not policy.can(actor, "manage", account):
        raise PermissionDenied
    with transaction.atomic():
        if role is None:
            AccountAccess.objects.filter(account=account, user=user).delete()
        else:
            AccountAccess.objects.update_or_create(account=account, user=user, defaults={"role": role})
        audit.record("access.set", actor=actor, account=account, user=user.get_username(), role=role)


def activate(credential: Credential) -> None:
    """Put a proved credential into use and retire the one before it. Call inside a transaction."""
    account = credential.account
    account.credentials.filter(state=Credential.State.ACTIVE).exclude(pk=credential.pk).update(
        state=Credential.State.RETIRED, retired_at=timezone.now()
    )
    credential.state = Credential.State.ACTIVE
    credential.save(update_fields=["state"])


def clean_token(token: str) -> str:
    """The token as it will be sent. Raises ValidationError with what is wrong with the paste; never quotes it."""
    token = token.strip(" ")
    if not token:
        raise ValidationError({"token": _("Paste the API token made in Cyberimpact.")})
    if re.search(r"[\r\n]", token):
        raise ValidationError(
            {"token": _("The token holds a line break: it was perhaps copied in two pieces. Copy it again in one.")}
        )
    if re.search(r"\s", token):
        raise ValidationError({"token": _("The token holds spaces: copy it again, without the text around it.")})
    if not _JWT.fullmatch(token):
        raise ValidationError(
            {
                "token": _(
                    "This is not an API token: one has three parts separated by dots. Copy it again from Cyberimpact."
                )
            }
        )
    return token


def read_claims(token: str) -> dict[str, Any]:
    """Id and expiry from the JWT's claims when they can be read; never used for a permission (product.md S20)."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        expires = claims.get("exp")
        return {
            "token_id": str(claims.get("jti") or "")[:100],
            "expires_at": datetime.fromtimestamp(int(expires), UTC) if expires else None,
        }
    except (ValueError, IndexError, AttributeError, TypeError, OverflowError, OSError):
        return {"token_id": "", "expires_at": None}


def _store(actor: User, account: Account, secret: str, kind: str, username: str) -> Credential:
    # An earlier candidate that was never confirmed is replaced by the new one.
    account.credentials.filter(state=Credential.State.CANDIDATE).update(
        state=Credential.State.RETIRED, retired_at=timezone.now()
    )
    claims = read_claims(secret) if kind == Credential.Kind.TOKEN else {}
    credential = Credential(
        account=account, kind=kind, username=username, created_by=actor, last_four=secret[-4:], **claims
    )
    credential.fingerprint = secrets.fingerprints(secret)[0]
    credential.save()
    credential.seal(secret)
    credential.save(update_fields=["secret"])
    pk = credential.pk
    transaction.on_commit(lambda: app.send_task(PROVE, args=(pk,), ignore_result=True), robust=True)
    return credential


def _check_unused(secret: str, besides: Account | None = None) -> None:
    used = Credential.objects.filter(
        fingerprint__in=secrets.fingerprints(secret), state__in=(Credential.State.ACTIVE, Credential.State.CANDIDATE)
    )
    if besides is not None:
        used = used.exclude(account=besides)
    if used.exists():
        raise ValidationError({"token": _("This token already belongs to a client account that is connected here.")})


def _free_slug(name: str) -> str:
    base = slugify(name)[:50] or "client"
    slug, number = base, 1
    while Account.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return slug
