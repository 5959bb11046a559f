"""Custody of tokens after they were proved: asking the vendor for a new one, and watching until an old one is dead.

`POST /tokens` carries no key: a token whose answer is lost exists at the vendor, valid for ten years, and nobody here
knows it. So it is asked for once, never again by the machine, and a doubt is told to a person (product.md 3d-6). The API
can neither list nor delete tokens (api/README.md 2): an old one is deleted by a person, and found dead by its 401.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cyberadmin.accounts import audit, policy, tokens
from cyberadmin.accounts.models import Account, Credential
from cyberadmin.accounts.secrets import SecretUnreadable
from cyberadmin.api import errors
from cyberadmin.api.types import NewToken, Ping

from . import connection, proving
from .clock import now
from .draining import still_moving

State, Refusal = Credential.State, Credential.Refusal

#: A forgotten task is found by the sweep after this time.
PATIENCE = timedelta(seconds=20)
#: A token that was replaced is looked at every hour for a day, since that is when somebody deletes it; then once a day.
SOON, EVERY_SOON, EVERY_DAY = timedelta(days=1), timedelta(minutes=55), timedelta(hours=23)
CHECKED_AT_ONCE = 200


# --- asking for a token ---------------------------------------------------------------------------------------------
def ask_for_token(actor: User, account: Account, why: str = "") -> Credential:
    """Have a worker ask the vendor for a new token with the credential in use; it is proved before it replaces that one.

    Raises ValidationError when there is nothing in use to ask with, or a token is being checked already.
    """
    if not policy.can(actor, "manage", account):
        raise PermissionDenied
    with transaction.atomic():
        locked = Account.objects.select_for_update().get(pk=account.pk)
        tokens.check_staying(locked)
        active = locked.credentials.filter(state=State.ACTIVE).first()
        if locked.state != Account.State.CONNECTED or active is None or locked.needs_secret:
            raise ValidationError(_("There is no working token to ask with. Paste one made in the application."))
        if any(credential.is_open for credential in locked.credentials.exclude(state__in=[State.ACTIVE])):
            raise ValidationError(_("A token of this client is being checked already. Wait for its outcome."))
        credential = tokens.ask(actor, locked)
        audit.record("token.asked", actor=actor, account=account, why=why, asked_with=active.fingerprint)
    return credential


def make(credential_id: int) -> None:
    """Ask the vendor for the token of an asked row, once, and prove it. Another worker that has begun is left alone."""
    begun = Credential.objects.filter(pk=credential_id, state=State.ASKED)
    if not begun.update(state=State.MAKING, checked_at=now()):
        return
    credential = Credential.objects.select_related("account").get(pk=credential_id)
    account = credential.account
    log = connection.CallLog(account.pk)
    answer = _create(account, log)
    with transaction.atomic():
        log.flush()
        row = Credential.objects.select_for_update().get(pk=credential_id)
        row.account = account
        if row.state != State.MAKING:
            # Taken for lost, or the account's host was changed meanwhile: what may exist now is deleted by a person.
            _not_made(row, Refusal.DOUBTFUL)
        elif isinstance(answer, NewToken):
            tokens.fill(row, tokens.Secret(answer.token), answer.token_id, answer.expires_at)
            audit.record("token.made", actor=row.created_by, account=account, credential=row.fingerprint)
        else:
            _not_made(row, answer)
    if isinstance(answer, NewToken):
        proving.prove(credential_id)


def _create(account: Account, log: connection.CallLog) -> NewToken | str:
    active = connection.in_use(account)
    if active is None:
        return Refusal.NOT_MADE
    try:
        with connection.open_client(active, log) as client:
            return client.account.create_token()
    except (errors.NotSent, errors.TlsFailed, errors.RateLimited):
        return Refusal.UNREACHABLE
    except (errors.PerhapsSent, errors.ServerError, errors.UnexpectedResponse):
        return Refusal.DOUBTFUL
    except (errors.ApiError, SecretUnreadable, ValueError):
        return Refusal.NOT_MADE


def _not_made(row: Credential, refusal: str) -> None:
    row.state, row.refusal, row.forgotten_at = State.REFUSED, refusal, now()
    row.save(update_fields=["state", "refusal", "forgotten_at"])
    audit.record("token.not_made", actor=row.created_by, account=row.account, refusal=refusal)


def find_forgotten(moment: datetime) -> None:
    """Go on with what no worker was woken for: candidates to prove, tokens to ask for, and lost answers to tell of."""
    waiting = Credential.objects.filter(created_at__lt=moment - PATIENCE).exclude(secret="")
    for pk in waiting.filter(state=State.CANDIDATE, proved_at=None).values_list("pk", flat=True)[:20]:
        proving.prove(pk)
    asked = Credential.objects.filter(state=State.ASKED, created_at__lt=moment - PATIENCE)
    for pk in asked.values_list("pk", flat=True)[:20]:
        make(pk)
    lost = moment - timedelta(seconds=settings.SYNC_DEADLINE_SECONDS + 30)
    for row in Credential.objects.filter(state=State.MAKING, checked_at__lt=lost).select_related("account"):
        with transaction.atomic():
            if Credential.objects.filter(pk=row.pk, state=State.MAKING).update(state=State.REFUSED):
                _not_made(row, Refusal.DOUBTFUL)


# --- watching -------------------------------------------------------------------------------------------------------
def watch() -> None:
    """Look whether replaced tokens are dead, and prove the ones in use once a day."""
    moment = now()
    for credential in _due(moment)[:CHECKED_AT_ONCE]:
        check(credential)


def _due(moment: datetime) -> QuerySet[Credential]:
    often = Q(retired_at__gt=moment - SOON, checked_at__lt=moment - EVERY_SOON)
    daily = Q(checked_at__lt=moment - EVERY_DAY)
    replaced = Q(state=State.RETIRED, dead_at=None) & (Q(checked_at=None) | often | daily)
    working = Q(state=State.ACTIVE, account__state=Account.State.CONNECTED, account__paused_reason="")
    proved_long_ago = Q(proved_at=None) | Q(proved_at__lt=moment - EVERY_DAY)
    in_use = working & proved_long_ago & (Q(checked_at=None) | daily)
    due = Credential.objects.filter(replaced | in_use).exclude(secret="").select_related("account")
    return due.order_by(F("checked_at").asc(nulls_first=True))


def check_by_id(credential_id: int) -> None:
    """Look at one replaced token that is still watched."""
    watched = Credential.objects.select_related("account").filter(pk=credential_id, state=State.RETIRED, dead_at=None)
    for credential in watched.exclude(secret=""):
        check(credential)


def check(credential: Credential) -> None:
    """Ping with a stored credential and note whether it is alive. One that another worker looks at is left alone."""
    mine = Credential.objects.filter(pk=credential.pk, checked_at=credential.checked_at, state=credential.state)
    if not mine.update(checked_at=now()):
        return
    account = credential.account
    log = connection.CallLog(account.pk)
    try:
        with connection.open_client(credential, log) as client:
            answer = client.account.ping()
    except errors.InvalidToken as refused:
        _refused(account, credential, log, refused)
    except SecretUnreadable:
        return
    except errors.ApiError:
        connection.flush_alone(log)
    else:
        _alive(account, credential, log, answer)


def _alive(account: Account, credential: Credential, log: connection.CallLog, answer: Ping) -> None:
    with transaction.atomic():
        log.flush()
        in_use = Credential.objects.select_for_update().filter(pk=credential.pk, state=State.ACTIVE).exists()
        if in_use and account.vendor_name != answer.account and not proving.adopt_name(account, answer.account):
            return
        Credential.objects.filter(pk=credential.pk).update(proved_at=now(), proved_as=answer.account[:200])


def _refused(account: Account, credential: Credential, log: connection.CallLog, refused: errors.InvalidToken) -> None:
    """A 401: the death of a replaced token, and trouble for the one in use."""
    with transaction.atomic():
        log.flush()
        row = Credential.objects.select_for_update().get(pk=credential.pk)
        if row.state == State.RETIRED:
            row.dead_at, row.secret = now(), ""
            row.save(update_fields=["dead_at", "secret"])
            audit.record("token.dead", actor=None, account=account, credential=row.fingerprint)
            return
    with connection.open_client(credential, log) as client:
        connection.handle_account_error(account, client, refused)
    connection.flush_alone(log)


def check_now(actor: User, credential: Credential) -> None:
    """Have a replaced token looked at within the next sweep instead of the next hour."""
    if not policy.can(actor, "manage", credential.account):
        raise PermissionDenied
    with transaction.atomic():
        watched = Credential.objects.filter(pk=credential.pk, state=State.RETIRED, dead_at=None).exclude(secret="")
        if not watched.update(checked_at=None):
            raise ValidationError(_("This token is not watched any more."))
        tokens.call_after_commit(tokens.CHECK, credential)


def forget(actor: User, credential: Credential, why: str) -> None:
    """Empty a replaced or refused credential for good, although nobody has seen it dead. Raises ValidationError."""
    if not policy.can(actor, "manage", credential.account):
        raise PermissionDenied
    with transaction.atomic():
        row = Credential.objects.select_for_update().select_related("account").get(pk=credential.pk)
        if row.state == State.ACTIVE:
            raise ValidationError(_("This one is in use. Bring its replacement into use first."))
        if row.is_open or row.state == State.CANDIDATE:
            raise ValidationError(_("This one is being checked. Wait for its outcome."))
        left = still_moving(row)
        if left:
            text = ngettext(
                "%(number)d change that was made before the switch is still on its way. Forget the old token afterwards.",
                "%(number)d changes that were made before the switch are still on their way. Forget the old token "
                "afterwards.",
                left,
            )
            raise ValidationError(text % {"number": left})
        if not row.secret:
            raise ValidationError(_("This one was forgotten already."))
        tokens.forget(row)
        row.save(update_fields=["secret", "forgotten_at"])
        audit.record("token.forgotten", actor=actor, account=row.account, why=why, credential=row.fingerprint)
