"""Encryption of API tokens at rest.

AES-GCM with keys from `CYBERADMIN_KEYS` (`id:base64 of 32 bytes`, newest first), never from `SECRET_KEY`, so that either
can be changed alone. The credential's own identity goes in as associated data: a ciphertext copied to another row does
not decrypt. A wrong or missing key raises; it never gives back something that could be sent as a token.
"""

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE_BYTES = 12


class SecretUnreadable(Exception):
    """The stored secret cannot be decrypted with the keys this process has."""


@dataclass(frozen=True)
class Key:
    """One named encryption key."""

    name: str
    cipher: AESGCM
    fingerprint_key: bytes = field(repr=False)
    raw: bytes = field(repr=False)

    def derive(self, label: str) -> bytes:
        """32 bytes for one other purpose, which tell nothing of this key or of what other labels give (HKDF)."""
        return HKDF(SHA256(), length=32, salt=None, info=label.encode()).derive(self.raw)


@lru_cache(maxsize=8)
def _parse(entries: tuple[str, ...]) -> tuple[Key, ...]:
    keys = []
    for entry in entries:
        name, _, encoded = entry.partition(":")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except ValueError:
            raw = b""
        if not name or len(raw) != 32:
            raise ImproperlyConfigured("Each entry of CYBERADMIN_KEYS is `name:base64 of 32 random bytes`.")
        keys.append(Key(name, AESGCM(raw), hashlib.sha256(b"fingerprint" + raw).digest(), raw))
    return tuple(keys)


def keys() -> tuple[Key, ...]:
    """The configured keys, newest first. Raises ImproperlyConfigured when one is malformed."""
    return _parse(tuple(settings.CYBERADMIN_KEYS))


def encrypt(secret: str, context: str) -> str:
    """Encrypt `secret` for the row named by `context` with the newest key; the result names the key it needs."""
    key = keys()[0]
    nonce = os.urandom(NONCE_BYTES)
    sealed = key.cipher.encrypt(nonce, secret.encode(), context.encode())
    return f"{key.name}:{base64.b64encode(nonce + sealed).decode()}"


def decrypt(stored: str, context: str) -> str:
    """Return the secret stored for `context`. Raises SecretUnreadable when key, row or bytes do not fit."""
    name, _, encoded = stored.partition(":")
    key = next((key for key in keys() if key.name == name), None)
    if key is None:
        raise SecretUnreadable(f"The key {name!r} is not among CYBERADMIN_KEYS.")
    raw = base64.b64decode(encoded)
    try:
        return key.cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()).decode()
    except InvalidTag:
        raise SecretUnreadable("A stored token does not belong to its row or to this key.") from None


def fingerprints(secret: str) -> list[str]:
    """Keyed fingerprints of a secret, one for each key, newest first; the first one is stored and shown."""
    return [hmac.new(key.fingerprint_key, secret.encode(), hashlib.sha256).hexdigest()[:16] for key in keys()]


def is_current(stored: str) -> bool:
    """Whether `stored` is encrypted with the newest key."""
    return stored.partition(":")[0] == keys()[0].name
