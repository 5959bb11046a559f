"""Whom no write of ours may bring back: who unsubscribed or bounced, and who was erased (promise P6, product.md N2, 3d-1).

Erased addresses are known by a keyed hash only. The hash key is derived from the newest of CYBERADMIN_KEYS with a label of
its own and kept sealed beside the hashes (`ErasureKey`), because a hash cannot be made anew without the address: after
`rotate_keys` has sealed it with the newest key, the older key can be taken away and the hashes still answer. A key that
cannot be opened raises: nobody is let in because we cannot look.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence

from django.db import transaction

from contacts import presence
from contacts.models import ConsentRecord, Contact, ErasedAddress, ErasureKey, email_key
from cyberadmin.accounts import secrets
from cyberadmin.sync.clock import now
from cyberadmin.sync.upsert import pick_rows

LABEL = "cyberadmin erased addresses v1"
ERASED = "erased"
_PART = 500


def protected(account_id: int, labels: Iterable[str]) -> dict[str, str]:
    """Who of these addresses must not be added or written to: {address as given: unsubscribed, bounced or erased}.

    A person who said no stays protected by the ledger after the mirror has lost the row, until they come back by
    themselves. Raises secrets.SecretUnreadable when erased addresses cannot be compared.
    """
    asked = list(labels)
    found = presence.protected(account_id, asked)
    living = presence.present(account_id, asked)
    unknown = {label: email_key(label) for label in asked if label not in found and label not in living}
    if unknown:
        keys = sorted(set(unknown.values()))
        said_no, erased = _said_no(account_id, keys), erased_among(account_id, keys)
        found |= {label: Contact.State.UNSUBSCRIBED.value for label, key in unknown.items() if key in said_no}
        found |= {label: ERASED for label, key in unknown.items() if key in erased}
    return found


def _said_no(account_id: int, keys: Sequence[str]) -> set[str]:
    """Those whose last word in the ledger is an unsubscription."""
    leaving, back = ConsentRecord.Source.UNSUBSCRIBED.value, ConsentRecord.Source.CAME_BACK.value
    rows = pick_rows(
        ConsentRecord,
        account_id,
        "email_key",
        keys,
        ["id", "email_key", "source"],
        f"c.source IN ('{leaving}', '{back}')",
    )
    last = {key: source for _pk, key, source in sorted(rows)}
    return {key for key, source in last.items() if source == leaving}


def erased_among(account_id: int, keys: Iterable[str]) -> set[str]:
    """Those of the given `email_key`s that were erased for this client."""
    used = ErasedAddress.objects.filter(account_id=account_id)
    wanted = list(keys)
    found: set[str] = set()
    for key in ErasureKey.objects.filter(pk__in=used.values("key")) if wanted else ():
        secret = _open(key)
        digests = {_digest(secret, account_id, one): one for one in wanted}
        listed = list(digests)
        for start in range(0, len(listed), _PART):
            hits = used.filter(key=key, digest__in=listed[start : start + _PART]).values_list("digest", flat=True)
            found |= {digests[digest] for digest in hits}
    return found


def remember(account_id: int, email: str) -> ErasedAddress:
    """Write down that an address was erased; the same one twice gives one row."""
    key = _newest()
    digest = _digest(_open(key), account_id, email_key(email))
    row, _made = ErasedAddress.objects.get_or_create(
        account_id=account_id, key=key, digest=digest, defaults={"erased_at": now()}
    )
    return row


def seal_anew() -> int:
    """Seal the hash keys with the newest of CYBERADMIN_KEYS; returns how many had to be (called by `rotate_keys`)."""
    sealed = 0
    for pk in ErasureKey.objects.values_list("pk", flat=True):
        with transaction.atomic():
            key = ErasureKey.objects.select_for_update().get(pk=pk)
            if secrets.is_current(key.sealed):
                continue
            _seal(key, _open(key))
            key.save(update_fields=["sealed"])
            sealed += 1
    return sealed


def _digest(secret: bytes, account_id: int, key: str) -> str:
    return hmac.new(secret, f"{account_id}:{key}".encode(), hashlib.sha256).hexdigest()


def _newest() -> ErasureKey:
    """The hash key of the newest entry of CYBERADMIN_KEYS, made when it is first needed."""
    source = secrets.keys()[0]
    key = ErasureKey(name=source.name)
    _seal(key, source.derive(LABEL))
    row, _made = ErasureKey.objects.get_or_create(name=source.name, defaults={"sealed": key.sealed})
    return row


def _context(key: ErasureKey) -> str:
    return f"erasure-key:{key.name}"


def _seal(key: ErasureKey, secret: bytes) -> None:
    key.sealed = secrets.encrypt(base64.b64encode(secret).decode(), _context(key))


def _open(key: ErasureKey) -> bytes:
    return base64.b64decode(secrets.decrypt(key.sealed, _context(key)))
