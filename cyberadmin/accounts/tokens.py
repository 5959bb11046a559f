"""Credentials as rows: what may be pasted, how one is stored, brought into use and forgotten.

Nothing here speaks to the vendor; asking for a token, proving and watching are the engine's work
(`cyberadmin.sync.proving`, `cyberadmin.sync.custody`).
"""

import base64
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cyberadmin.celery import app

from . import secrets
from .models import Account, Credential

PROVE = "cyberadmin.sync.tasks.prove"
MAKE = "cyberadmin.sync.tasks.make_token"
CHECK = "cyberadmin.sync.tasks.check_token"
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_OPENS = (Credential.State.ACTIVE, Credential.State.CANDIDATE)
_UNFINISHED = (Credential.State.ASKED, Credential.State.CANDIDATE)


@dataclass(frozen=True)
class Secret:
    """What opens an account: a token, or a user name and password. The secret is left out of repr."""

    text: str
    username: str = ""

    def __repr__(self) -> str:
        return "Secret([secret])"

    @property
    def kind(self) -> str:
        """Credential.Kind: legacy when there is a user name."""
        return Credential.Kind.LEGACY if self.username else Credential.Kind.TOKEN

    @property
    def fingerprints(self) -> list[str]:
        """By each key, newest first. Two clients may have the same password, so the user name counts as well."""
        return secrets.fingerprints(f"{self.username}:{self.text}" if self.username else self.text)


def clean_token(token: str) -> Secret:
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
    return Secret(token)


def clean_login(username: str, password: str) -> Secret:
    """User name and password of the older method (product.md S19). Raises ValidationError."""
    username = username.strip()
    if not username:
        raise ValidationError({"username": _("The older method needs the user name as well.")})
    if ":" in username:
        raise ValidationError({"username": _("A user name holds no colon.")})
    if not password:
        raise ValidationError({"token": _("The older method needs the password.")})
    return Secret(password, username)


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


def check_staying(account: Account) -> None:
    """Raise ValidationError for a client whose token was retired because they leave: no other one takes its place."""
    if Account.objects.filter(pk=account.pk, paused_reason=Account.Paused.LEAVING).exists():
        raise ValidationError(
            _("This client is being off-boarded and its token is retired. End the off-boarding first.")
        )


def check_unused(secret: Secret, besides: Account | None = None) -> None:
    """Raise ValidationError when another client is connected with this token."""
    if secret.kind == Credential.Kind.LEGACY:
        return
    used = Credential.objects.filter(fingerprint__in=secret.fingerprints, state__in=_OPENS)
    if besides is not None:
        used = used.exclude(account=besides)
    if used.exists():
        raise ValidationError({"token": _("This token already belongs to a client account that is connected here.")})


def store(actor: User, account: Account, secret: Secret) -> Credential:
    """A new candidate, sealed; a worker proves it after the commit. An earlier one that never came into use goes."""
    drop_unfinished(account)
    credential = Credential(account=account, kind=secret.kind, username=secret.username, created_by=actor)
    credential.save()
    fill(credential, secret)
    call_after_commit(PROVE, credential)
    return credential


def ask(actor: User, account: Account) -> Credential:
    """A row for a token that a worker asks the vendor for with the credential in use."""
    drop_unfinished(account)
    credential = Credential.objects.create(
        account=account, created_by=actor, state=Credential.State.ASKED, origin=Credential.Origin.API
    )
    call_after_commit(MAKE, credential)
    return credential


def fill(credential: Credential, secret: Secret, token_id: str = "", expires_at: datetime | None = None) -> None:
    """Put a secret into a saved row. `token_id`, `expires_at`: what the vendor said, where the token itself tells none."""
    claims = {} if secret.username else read_claims(secret.text)
    credential.token_id = claims.get("token_id") or token_id
    credential.expires_at = claims.get("expires_at") or expires_at
    # Nothing of a password is shown, not even its end.
    credential.last_four = "" if secret.username else secret.text[-4:]
    credential.fingerprint = secret.fingerprints[0]
    credential.state = Credential.State.CANDIDATE
    credential.seal(secret.text)
    credential.save()


def drop_unfinished(account: Account) -> None:
    """Forget the candidates that never came into use: nobody knows whose account they would have opened."""
    moment = timezone.now()
    account.credentials.filter(state__in=_UNFINISHED).update(
        state=Credential.State.RETIRED, secret="", retired_at=moment, forgotten_at=moment
    )


def activate(credential: Credential) -> Credential | None:
    """Put a proved credential into use and retire the one before it, which is returned. Call inside a transaction.

    A user name and password are forgotten for good at that moment (product.md S19); a token is kept, so that a worker
    can see whether somebody has deleted it at the vendor (product.md W9).
    """
    before = credential.account.credentials.select_for_update().filter(state=Credential.State.ACTIVE)
    old = before.exclude(pk=credential.pk).first()
    if old is not None:
        old.state, old.retired_at, old.replaced_by = Credential.State.RETIRED, timezone.now(), credential
        if old.is_legacy:
            forget(old)
        old.save()
    credential.state = Credential.State.ACTIVE
    credential.save(update_fields=["state"])
    return old


def retire(account: Account) -> list[Credential]:
    """Take what opens an account out of use without a replacement; what was in use. Call inside a transaction.

    A token stays sealed, so that a worker sees when it is dead at the vendor; a password is forgotten at once, and so is
    whatever never came into use.
    """
    drop_unfinished(account)
    active = list(account.credentials.select_for_update().filter(state=Credential.State.ACTIVE))
    for credential in active:
        credential.state, credential.retired_at, credential.checked_at = Credential.State.RETIRED, timezone.now(), None
        if credential.is_legacy:
            forget(credential)
        credential.save()
        if not credential.is_legacy:
            call_after_commit(CHECK, credential)
    account.credentials.filter(state=Credential.State.REFUSED).exclude(secret="").update(
        secret="", forgotten_at=timezone.now()
    )
    return active


def forget(credential: Credential) -> None:
    """Empty the secret for good; the row stays in the register. The caller saves it."""
    credential.secret = ""
    credential.forgotten_at = timezone.now()


def call_after_commit(task: str, credential: Credential) -> None:
    """Have a worker run `task` for this row after the commit; a broker that is away is made up for by the sweep."""
    pk = credential.pk
    transaction.on_commit(lambda: app.send_task(task, args=(pk,), ignore_result=True), robust=True)
