"""Proving a new secret by a ping: whose account does it open? (product.md W1, W9; docs/engine.md 2.9)"""

from django.db import transaction

from cyberadmin.accounts import audit, hosts, tokens
from cyberadmin.accounts.models import Account, Credential
from cyberadmin.accounts.secrets import SecretUnreadable
from cyberadmin.api import errors
from cyberadmin.api.types import Ping

from . import connection, pace
from .clock import now
from .doorbell import ring

Refusal = Credential.Refusal

#: Refusals after which the secret is kept for another try; any other one is emptied at once: it may be somebody else's.
_KEPT = Credential.MAY_BE_CHECKED_AGAIN
_UNREACHED = (errors.NotSent, errors.PerhapsSent, errors.ServerError, errors.RateLimited, errors.TlsFailed)


def prove(credential_id: int) -> None:
    """Ping with a candidate and write down what came of it.

    First connection: the account waits for a person to compare the names. Connected account: the same vendor account as
    before takes the secret into use at once and goes on; another one is refused, so it never takes over a queue.
    """
    credential = Credential.objects.select_related("account").filter(pk=credential_id).first()
    if credential is None or credential.state != Credential.State.CANDIDATE or credential.proved_at is not None:
        return
    account = credential.account
    log = connection.CallLog(account.pk)
    answer = ask(credential, log)
    renamed = ""
    if isinstance(answer, Ping) and account.vendor_name not in ("", answer.account):
        renamed = _name_now(account, log)
    with transaction.atomic():
        log.flush()
        # Nothing is decided about a row that a person replaced, or another worker settled, meanwhile.
        account = Account.objects.select_for_update().get(pk=account.pk)
        waiting = account.credentials.filter(state=Credential.State.CANDIDATE, proved_at=None).exclude(secret="")
        credential = waiting.select_for_update().filter(pk=credential_id).first()
        if credential is None:
            return
        credential.account = account
        if isinstance(answer, Ping):
            _proved(account, credential, answer, renamed)
        else:
            _refused(account, credential, answer)


def ask(credential: Credential, log: connection.CallLog) -> Ping | str:
    """Whose account this credential opens: the vendor's answer, or a Credential.Refusal."""
    try:
        with connection.open_client(credential, log) as client:
            return client.account.ping()
    except (errors.InvalidToken, SecretUnreadable, ValueError):
        return Refusal.LOGIN if credential.is_legacy else Refusal.INVALID
    except errors.Forbidden:
        return Refusal.FORBIDDEN
    except _UNREACHED:
        return Refusal.UNREACHABLE
    except (errors.ApiError, hosts.HostRefused):
        return Refusal.UNEXPECTED


def adopt_name(account: Account, name: str) -> bool:
    """The vendor's account is called otherwise now, as a credential that was in use all along tells.

    False, and nothing changes, when another client is connected under that name. Call inside a transaction.
    """
    if _others(account, name):
        return False
    before = account.vendor_name
    Account.objects.filter(pk=account.pk).update(vendor_name=name[:200])
    account.vendor_name = name[:200]
    audit.record("account.renamed_there", actor=None, account=account, before=before, after=name[:200])
    return True


def _name_now(account: Account, log: connection.CallLog) -> str:
    """The name that the credential in use answers for now; "" when it cannot be asked any more."""
    active = connection.in_use(account)
    answer = ask(active, log) if active is not None else ""
    return answer.account if isinstance(answer, Ping) else ""


def _others(account: Account, name: str) -> bool:
    others = Account.objects.filter(vendor_name=name[:200], state=Account.State.CONNECTED)
    return others.exclude(pk=account.pk).exists()


def _proved(account: Account, credential: Credential, answer: Ping, renamed: str) -> None:
    known = account.vendor_name
    if known and answer.account != known and not (renamed == answer.account and adopt_name(account, renamed)):
        return _refused(account, credential, Refusal.OTHER_ACCOUNT)
    if not known and _others(account, answer.account):
        return _refused(account, credential, Refusal.ALREADY_CONNECTED)
    credential.proved_as, credential.proved_at = answer.account[:200], now()
    credential.save(update_fields=["proved_as", "proved_at"])
    if account.state != Account.State.CONNECTED:
        Account.objects.filter(pk=account.pk).update(state=Account.State.PROVED)
        return None
    return _switch(account, credential)


def _switch(account: Account, credential: Credential) -> None:
    """The queue goes on with this credential: everything about it changes in this one transaction."""
    old = tokens.activate(credential)
    if account.paused_reason not in ("", Account.Paused.PERSON):
        Account.objects.filter(pk=account.pk).update(paused_reason="", paused_detail="", paused_at=None)
    pace.clear(account.pk)
    audit.record(
        "token.changed",
        actor=credential.created_by,
        account=account,
        credential=credential.fingerprint,
        kind=credential.kind,
        replaced=old.fingerprint if old else "",
    )
    ring(account.pk)


def _refused(account: Account, credential: Credential, refusal: str) -> None:
    credential.state, credential.refusal = Credential.State.REFUSED, refusal
    if refusal not in _KEPT:
        tokens.forget(credential)
    # Another client's name is not kept where this client's staff could read it.
    credential.save(update_fields=["state", "refusal", "secret", "forgotten_at"])
    if account.state != Account.State.CONNECTED:
        Account.objects.filter(pk=account.pk).update(state=Account.State.REFUSED)
    audit.record("token.refused", actor=credential.created_by, account=account, refusal=refusal)
