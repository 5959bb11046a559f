"""Proving a new token by a ping: whose account does it open? (product.md W1, W9; engine.md 2.9)"""

from django.db import transaction

from cyberadmin.accounts import audit, services
from cyberadmin.accounts.models import Account, Credential
from cyberadmin.accounts.secrets import SecretUnreadable
from cyberadmin.api import errors
from cyberadmin.api.types import Ping

from . import connection, pace
from .clock import now
from .doorbell import ring

Refusal = Credential.Refusal


def prove(credential_id: int) -> None:
    """Ping with a candidate and write down what came of it.

    First connection: the account waits for a person to compare the names. Connected account: the same vendor account as
    before takes the token into use at once and goes on; another one is refused, so it never takes over a queue.
    """
    credential = Credential.objects.select_related("account").filter(pk=credential_id).first()
    if credential is None or credential.state != Credential.State.CANDIDATE or credential.proved_at is not None:
        return
    account = credential.account
    log = connection.CallLog(account.pk)
    answer: Ping | str
    try:
        with connection.open_client(account, credential, log) as client:
            answer = client.account.ping()
    except (errors.InvalidToken, SecretUnreadable, ValueError):
        answer = Refusal.INVALID
    except errors.Forbidden:
        answer = Refusal.FORBIDDEN
    except (errors.NotSent, errors.PerhapsSent, errors.ServerError, errors.RateLimited, errors.TlsFailed):
        answer = Refusal.UNREACHABLE
    except errors.ApiError:
        answer = Refusal.UNEXPECTED
    with transaction.atomic():
        log.flush()
        if isinstance(answer, Ping):
            _proved(account, credential, answer)
        else:
            _refused(account, credential, answer)


def _proved(account: Account, credential: Credential, answer: Ping) -> None:
    known = account.vendor_name
    others = Account.objects.filter(vendor_name=answer.account, state=Account.State.CONNECTED).exclude(pk=account.pk)
    if known and answer.account != known:
        return _refused(account, credential, Refusal.OTHER_ACCOUNT)
    if not known and others.exists():
        return _refused(account, credential, Refusal.ALREADY_CONNECTED)
    credential.proved_as, credential.proved_at = answer.account[:200], now()
    credential.save(update_fields=["proved_as", "proved_at"])
    if account.state != Account.State.CONNECTED:
        # Not over a confirmation that came in between.
        waiting = Account.objects.filter(pk=account.pk).exclude(state=Account.State.CONNECTED)
        waiting.update(state=Account.State.PROVED)
        return None
    services.activate(credential)
    Account.objects.filter(pk=account.pk).update(paused_reason="", paused_detail="", paused_at=None)
    pace.clear(account.pk)
    audit.record("token.changed", actor=credential.created_by, account=account, credential=credential.fingerprint)
    ring(account.pk)
    return None


def _refused(account: Account, credential: Credential, refusal: str) -> None:
    credential.state, credential.refusal = Credential.State.REFUSED, refusal
    # Another client's name is not kept where this client's staff could read it.
    credential.save(update_fields=["state", "refusal"])
    if account.state != Account.State.CONNECTED:
        waiting = Account.objects.filter(pk=account.pk).exclude(state=Account.State.CONNECTED)
        waiting.update(state=Account.State.REFUSED)
    audit.record("token.refused", actor=credential.created_by, account=account, refusal=refusal)
