"""Taking clients on, changing what opens their accounts, and giving staff access. Proving a secret is the engine's work
(`cyberadmin.sync.proving`), since no request of the console ever speaks to the vendor."""

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from . import audit, hosts, policy, tokens
from .models import Account, AccountAccess, Credential, Sender

#: What staff decide about a client, in forms and in the history.
DECIDED = ("name", "colour", "language", "time_zone", "expected_name", "mandate_reference", "mandate_ends_on")


def take_on(actor: User, values: dict[str, Any]) -> Account:
    """Create a client that has no token yet. `values`: host and what is in DECIDED, where only the first four must be.

    Raises ValidationError per field; only administrators may take clients on.
    """
    if not actor.is_superuser:
        raise PermissionDenied
    account = Account(state=Account.State.SETUP, created_by=actor, host=values["host"])
    for name in DECIDED:
        if name in values:
            setattr(account, name, values[name])
    account.name = account.name.strip()
    account.slug = _free_slug(account.name)
    account.full_clean()
    _check_host(account.host)
    with transaction.atomic():
        account.save()
        audit.record("account.created", actor=actor, account=account, host=account.host)
    return account


def connect(actor: User, values: dict[str, Any], token: str) -> Account:
    """Take a client on whose token is at hand; nothing is pulled before a person has compared the names."""
    secret = tokens.clean_token(token)
    with transaction.atomic():
        account = take_on(actor, values)
        propose(actor, account, secret)
    return account


def propose_token(
    actor: User,
    account: Account,
    token: str,
    kind: str = Credential.Kind.TOKEN,
    username: str = "",
    why: str = "",
) -> Credential:
    """Store a new token, or the older method's password, as a candidate and have it proved.

    The one in use stays until then.
    """
    legacy = kind == Credential.Kind.LEGACY
    return propose(actor, account, tokens.clean_login(username, token) if legacy else tokens.clean_token(token), why)


def propose(actor: User, account: Account, secret: tokens.Secret, why: str = "") -> Credential:
    """The same for a secret that was checked already."""
    if not policy.can(actor, "manage", account):
        raise PermissionDenied
    with transaction.atomic():
        tokens.check_staying(account)
        tokens.check_unused(secret, besides=account)
        credential = tokens.store(actor, account, secret)
        _proving(account)
        audit.record(
            "token.proposed",
            actor=actor,
            account=account,
            why=why,
            credential=credential.fingerprint,
            kind=credential.kind,
        )
    return credential


def prove_again(actor: User, credential: Credential) -> None:
    """Check the same secret once more, where that may help. Raises ValidationError."""
    account = credential.account
    if not policy.can(actor, "manage", account):
        raise PermissionDenied
    tokens.check_staying(account)
    with transaction.atomic():
        refused = Credential.objects.filter(
            pk=credential.pk, state=Credential.State.REFUSED, refusal__in=Credential.MAY_BE_CHECKED_AGAIN
        )
        newer = account.credentials.filter(pk__gt=credential.pk).exists()
        if newer or not refused.exclude(secret="").update(state=Credential.State.CANDIDATE, refusal=""):
            raise ValidationError(_("This one cannot be checked again. Paste a new token."))
        _proving(account)
        audit.record("token.checked_again", actor=actor, account=account, credential=credential.fingerprint)
        tokens.call_after_commit(tokens.PROVE, credential)


def confirm(actor: User, account: Account) -> None:
    """A person says that the vendor's account is this client's: the token comes into use and the account is connected."""
    if not policy.can(actor, "manage", account):
        raise PermissionDenied
    with transaction.atomic():
        locked = Account.objects.select_for_update().get(pk=account.pk)
        candidate = account.credentials.filter(state=Credential.State.CANDIDATE).exclude(proved_at=None).first()
        if candidate is None or locked.state != Account.State.PROVED:
            raise ValidationError(_("There is nothing to confirm: the token has not been proved yet."))
        tokens.activate(candidate)
        Account.objects.filter(pk=account.pk).update(
            state=Account.State.CONNECTED, connected_at=timezone.now(), vendor_name=candidate.proved_as
        )
        account.refresh_from_db()
        audit.record(
            "account.confirmed",
            actor=actor,
            account=account,
            vendor_name=candidate.proved_as,
            credential=candidate.fingerprint,
            kind=candidate.kind,
        )


def cancel(actor: User, account: Account) -> None:
    """Give up connecting an account that was never confirmed; nothing of it is kept but its history."""
    if not policy.can(actor, "manage", account):
        raise PermissionDenied
    if account.state == Account.State.CONNECTED:
        raise ValidationError(_("This account is connected already."))
    with transaction.atomic():
        audit.record("account.cancelled", actor=actor, account=account)
        account.delete()


def edit_account(actor: User, account: Account, values: dict[str, Any]) -> bool:
    """Change what is in DECIDED; False when nothing differs. Before and after go into the history."""
    if not policy.can(actor, "manage", account):
        raise PermissionDenied
    changed = {name: values[name] for name in DECIDED if name in values and values[name] != getattr(account, name)}
    if not changed:
        return False
    before = {name: getattr(account, name) for name in changed}
    for name, value in changed.items():
        setattr(account, name, value)
    account.full_clean(exclude=["slug", "created_by"])
    with transaction.atomic():
        account.save(update_fields=list(changed))
        audit.record("account.edited", actor=actor, account=account, before=_plain(before), after=_plain(changed))
    return True


def make_letter(actor: User, account: Account, expected_name: str) -> None:
    """The letter that asks Cyberimpact for the API is made today: the client waits for it (product.md S13)."""
    if not policy.can(actor, "manage", account):
        raise PermissionDenied
    name = " ".join(expected_name.split())
    if not name:
        raise ValidationError({"expected_name": _("The letter must name the account.")})
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(expected_name=name, letter_made_at=timezone.now())
        early = (Account.State.SETUP, Account.State.REFUSED)
        Account.objects.filter(pk=account.pk, state__in=early).update(state=Account.State.WAITING)
        audit.record("letter.made", actor=actor, account=account, expected_name=name)


def finish(actor: User, account: Account) -> None:
    """Say that the taking on is finished, whatever step was left out: its reminder goes."""
    if not policy.can(actor, "manage", account):
        raise PermissionDenied
    if account.state != Account.State.CONNECTED:
        raise ValidationError(_("The account is not connected yet."))
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(taken_on_at=timezone.now())
        audit.record("account.taken_on", actor=actor, account=account)


def change_host(actor: User, account: Account, host: str, why: str) -> None:
    """Call another host for this account from now on.

    What opens the account is forgotten first: a token is never sent to a host that it was not pasted for (docs/engine.md,
    security checklist 25). Everything waits until a new one is proved. Raises ValidationError.
    """
    if not actor.is_superuser:
        raise PermissionDenied
    _check_host(host)
    tokens.check_staying(account)
    if host == account.host:
        raise ValidationError({"host": _("This host is in use already.")})
    moment = timezone.now()
    with transaction.atomic():
        locked = Account.objects.select_for_update().get(pk=account.pk)
        settled = (Credential.State.RETIRED, Credential.State.REFUSED)
        live = locked.credentials.exclude(secret="", state__in=settled)
        names = [credential.fingerprint for credential in live]
        live.filter(retired_at=None).update(retired_at=moment)
        live.update(state=Credential.State.RETIRED, secret="", forgotten_at=moment)
        values: dict[str, Any] = {"host": host}
        if locked.state == Account.State.CONNECTED:
            values |= {"paused_reason": Account.Paused.TOKEN, "paused_at": moment, "paused_detail": ""}
        else:
            values |= {"state": Account.State.SETUP}
        Account.objects.filter(pk=account.pk).update(**values)
        audit.record(
            "account.host", actor=actor, account=account, why=why, before=locked.host, after=host, forgotten=names
        )


def add_sender(actor: User, account: Account, address: str) -> Sender | None:
    """Note an address that Cyberimpact has validated; None when it was noted before. Raises ValidationError."""
    if not policy.can(actor, "manage", account):
        raise PermissionDenied
    sender = Sender(account=account, address=address.strip(), created_by=actor)
    sender.full_clean(exclude=["account", "created_by"])
    if account.senders.filter(address__iexact=sender.address).exists():
        return None
    with transaction.atomic():
        sender.save()
        audit.record("sender.added", actor=actor, account=account, address=sender.address)
    return sender


def remove_sender(actor: User, sender: Sender) -> None:
    """Cross an address out that was typed here; nothing changes at Cyberimpact."""
    if not policy.can(actor, "manage", sender.account):
        raise PermissionDenied
    with transaction.atomic():
        audit.record("sender.removed", actor=actor, account=sender.account, address=sender.address)
        sender.delete()


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


def _proving(account: Account) -> None:
    waiting = Account.objects.filter(pk=account.pk).exclude(state=Account.State.CONNECTED)
    waiting.update(state=Account.State.PROVING)
    account.refresh_from_db(fields=["state"])


def _check_host(host: str) -> None:
    if host not in dict(hosts.choices()):
        raise ValidationError({"host": _("This host is not on the list of allowed hosts.")})


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Values as JSON can carry them."""
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}


def _free_slug(name: str) -> str:
    base = slugify(name)[:50] or "client"
    slug, number = base, 1
    while Account.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return slug
