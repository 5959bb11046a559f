"""An account's client: the right host, the right secret, paced, and every exchange written down.

The only place that reveals a stored secret. What an exchange leaves in `ApiCall` is the method, the path *pattern*, the
outcome and short excerpts in which e-mail addresses are masked; never a header.
"""

import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction

from cyberadmin.accounts import hosts, secrets
from cyberadmin.accounts.models import Account, Credential
from cyberadmin.api import errors
from cyberadmin.api.client import ApiClient, CallRecord
from cyberadmin.api.credentials import BearerToken, LegacyLogin

from . import claim, exchanges, holding, pace
from .clock import now
from .models import ApiCall, Change, KeptExchange, PullRun

logger = logging.getLogger(__name__)

EXCERPT = 2_000
#: Requests booked at the token bucket in one go, so that not every request costs a write.
BOOKED_AT_ONCE = 5
#: How long an account waits when the vendor refuses a call and cannot be asked whether it means the token.
UNCLEAR_SECONDS = 30.0
REPLACED_SECONDS = 1.0
#: How exact the register's "last used" is: not every turn at a queue costs a write.
USE_NOTED_EVERY = timedelta(minutes=10)
_ADDRESS = re.compile(r"[^\s\"'<>,;:{}\[\]@]+@[^\s\"'<>,;:{}\[\]@]+")

#: Errors that no other change of the account would survive either: the account is paused (docs/engine.md 2.6).
PAUSING: dict[type[errors.ApiError], str] = {
    errors.InvalidToken: Account.Paused.TOKEN,
    errors.PaymentRequired: Account.Paused.PAYMENT,
    errors.TlsFailed: Account.Paused.TLS,
    errors.Redirected: Account.Paused.REDIRECT,
}


class AccountPaused(Exception):
    """No call may be made for this account until a person has repaired it."""


@dataclass
class CallLog:
    """Collects the exchanges of one piece of work; `flush` writes them, in the caller's transaction if there is one."""

    account_id: int
    change: Change | None = None
    run: PullRun | None = None
    rows: list[ApiCall] = field(default_factory=list)
    #: The whole of those that failed, to be kept sealed beside their rows.
    failed: list[KeptExchange] = field(default_factory=list)
    troubled: bool = False
    #: Set while the one call is made that an open breaker allows.
    probing: bool = False
    #: Whether any call of this piece of work was answered otherwise than by a refusal of the credential.
    accepted: bool = False
    #: What books the calls of this piece of work.
    paced: "Paced | None" = None

    def succeeded(self) -> None:
        """A call had a good answer; told to the breaker only while that counts failures."""
        if self.troubled:
            pace.succeeded(self.account_id)

    def add(self, record: CallRecord) -> None:
        """Take one exchange; nothing is written yet."""
        self.accepted = self.accepted or record.status not in (None, 401, 403)
        call = ApiCall(
            account_id=self.account_id,
            change=self.change,
            pull_run=self.run,
            method=record.method,
            path=record.path_pattern,
            status=record.status,
            error=record.error_class or "",
            duration_ms=record.duration_ms,
            request=excerpt(record.request_body),
            response=_answer_excerpt(record),
            at=record.started_at,
        )
        self.rows.append(call)
        if exchanges.is_kept(record):
            self.failed.append(exchanges.keep(call, record))

    def flush(self) -> None:
        """Write what was collected."""
        rows, self.rows = self.rows, []
        failed, self.failed = self.failed, []
        if rows:
            ApiCall.objects.bulk_create(rows)
        for kept in failed:
            kept.call_id = kept.call.pk
        if failed:
            KeptExchange.objects.bulk_create(failed)


def mask(text: str) -> str:
    """`text` with every e-mail address reduced to its first letter and its domain."""
    return _ADDRESS.sub(lambda match: f"{match.group()[0]}…@{match.group().rpartition('@')[2]}", text)


def excerpt(body: Any) -> str:
    """A JSON body as a short masked text."""
    if body is None:
        return ""
    return mask(orjson.dumps(body).decode()[:EXCERPT])


def _answer_excerpt(record: CallRecord) -> str:
    if record.method == "GET" and record.error_class is None:
        return f"{len(record.response_body)} bytes"
    return mask(record.response_body[:EXCERPT].decode("utf-8", "replace").replace("\x00", ""))


class Paced:
    """Books requests at the account's token bucket before they are made."""

    def __init__(self, log: CallLog) -> None:
        self.log = log
        self.booked = 0
        self.cleared = 0
        self.only_reads = holding.holds()
        log.paced = self

    def clear(self, method: str) -> None:
        """Do now what goes before a call, so that a thread that never touches the database can make it. Raises as a call does."""
        self._wait(method)
        self.cleared += 1

    def __call__(self, method: str) -> None:
        if self.cleared:
            self.cleared -= 1
        else:
            self._wait(method)

    def _wait(self, method: str) -> None:
        """Wait for a slot, and keep the lease of the change at hand. On a restored database nothing but reads goes out.

        Raises pace.HoldOff when the wait is long or the vendor asked for one, claim.LeaseLost when the change is not ours.
        """
        if self.only_reads and method != "GET":
            raise pace.HoldOff(now() + holding.ASK_AGAIN, "restored")
        reading = pace.read(self.log.account_id)
        self.log.troubled = reading.troubled
        if reading.blocked and not self.log.probing:
            raise pace.HoldOff(*reading.blocked)
        if not self.booked:
            wait = pace.take(self.log.account_id, BOOKED_AT_ONCE)
            self.booked = BOOKED_AT_ONCE
            if wait:
                time.sleep(wait)
        self.booked -= 1
        if self.log.change is not None:
            claim.keep(self.log.change, settings.SYNC_DEADLINE_SECONDS)


def _credential(stored: Credential) -> BearerToken | LegacyLogin:
    secret = stored.reveal()
    if stored.kind == Credential.Kind.LEGACY:
        return LegacyLogin(stored.username, secret)
    return BearerToken(secret)


class AccountClient(ApiClient):
    """A client that remembers which stored credential it speaks with."""

    credential_id: int = 0
    is_legacy: bool = False


def in_use(account: Account) -> Credential | None:
    """The account's credential in use, read together with the host that it may be sent to."""
    active = Credential.objects.select_related("account").filter(account=account, state=Credential.State.ACTIVE)
    return active.first()


def open_client(stored: Credential, log: CallLog, before_call: Any = None) -> ApiClient:
    """A client for one credential, which was read together with its account: a secret meets no other host than its own.

    Raises secrets.SecretUnreadable or hosts.HostRefused.
    """
    client = AccountClient(
        hosts.base_url(stored.account.host),
        _credential(stored),
        on_call=log.add,
        before_call=before_call,
        deadline=settings.SYNC_DEADLINE_SECONDS,
        resolve_check=hosts.check_address,
    )
    client.credential_id, client.is_legacy = stored.pk, stored.is_legacy
    return client


@contextmanager
def client_for(account: Account, log: CallLog) -> Iterator[ApiClient]:
    """The client of a working account, paced. A secret that cannot be read pauses the account.

    Raises AccountPaused, or pace.HoldOff where an open breaker was due for its probe and that failed.
    """
    stored = in_use(account)
    if not account.is_working or stored is None:
        raise AccountPaused
    try:
        client = open_client(stored, log, Paced(log))
    except secrets.SecretUnreadable as error:
        pause(account, Account.Paused.SECRET, str(error))
        raise AccountPaused from None
    with client:
        if pace.take_probe(account.pk):
            _probe(account, client, log)
        try:
            yield client
        finally:
            _note_use(stored, log)


def _probe(account: Account, client: ApiClient, log: CallLog) -> None:
    """The one call that an open breaker allows; its answer decides for everything that wants to call."""
    log.probing = True
    try:
        client.account.ping()
    except errors.ApiError as error:
        if not handle_account_error(account, client, error):
            pace.failed(account.pk, probing=True)
        blocked = pace.until_allowed(account.pk)
        if not account.is_working or blocked is None:
            raise AccountPaused from error
        raise pace.HoldOff(*blocked) from error
    finally:
        log.probing = False
    pace.succeeded(account.pk)


def _note_use(stored: Credential, log: CallLog) -> None:
    moment = now()
    if log.accepted and (stored.last_used_at is None or stored.last_used_at < moment - USE_NOTED_EVERY):
        Credential.objects.filter(pk=stored.pk).update(last_used_at=moment)


def pause(account: Account, reason: str, detail: str = "") -> bool:
    """Pause the account, once: False when it was paused already. Its waiting changes are not touched."""
    paused = Account.objects.filter(pk=account.pk, paused_reason="").update(
        paused_reason=reason, paused_detail=detail[:500], paused_at=now()
    )
    account.refresh_from_db(fields=["paused_reason", "paused_detail", "paused_at"])
    if paused:
        logger.warning("Account %s is paused: %s", account.pk, reason)
    return bool(paused)


def handle_account_error(account: Account, client: ApiClient, error: errors.ApiError) -> bool:
    """Whether `error` concerns the whole account; if so it is paused or held off, else False.

    A 401 or 403 is asked about once more with a ping: a hiccup of the vendor must not stop a client's queue.
    """
    if isinstance(error, errors.RateLimited):
        pace.limited(account.pk, error)
        return True
    if isinstance(error, errors.InvalidToken | errors.Forbidden):
        if _was_replaced(account, client):
            # A new token came into use while this worker still spoke with the old one: it goes on with the new.
            pace.hold(account.pk, REPLACED_SECONDS)
            return True
        works = _ping_works(client)
        if works:
            return False
        if works is None:
            pace.hold(account.pk, UNCLEAR_SECONDS)
            return True
        reason = _reason(client) if isinstance(error, errors.InvalidToken) else Account.Paused.FORBIDDEN
        pause(account, reason, error.vendor_message)
        return True
    reason_of = next((reason for kind, reason in PAUSING.items() if isinstance(error, kind)), None)
    if reason_of is None:
        return False
    pause(account, reason_of, error.vendor_message)
    return True


def _reason(client: ApiClient) -> str:
    """Why a credential is refused: a user name and password end with their user (product.md S23)."""
    legacy = isinstance(client, AccountClient) and client.is_legacy
    return Account.Paused.LOGIN if legacy else Account.Paused.TOKEN


def _was_replaced(account: Account, client: ApiClient) -> bool:
    in_use = account.credentials.filter(state=Credential.State.ACTIVE)
    return isinstance(client, AccountClient) and not in_use.filter(pk=client.credential_id).exists()


def _ping_works(client: ApiClient) -> bool | None:
    """Whether a ping is accepted; None when it could not be asked."""
    try:
        client.account.ping()
    except (errors.InvalidToken, errors.Forbidden):
        return False
    except (errors.ApiError, pace.HoldOff):
        return None
    return True


def flush_alone(log: CallLog) -> None:
    """Write the collected exchanges in a transaction of their own."""
    if log.rows:
        with transaction.atomic():
            log.flush()
