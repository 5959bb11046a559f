"""Codes of authenticator apps (RFC 6238: SHA-1, 6 digits, 30 seconds), as every such app understands them."""

import base64
import hashlib
import hmac
import secrets
import struct
from urllib.parse import quote, urlencode

DIGITS = 6
STEP_SECONDS = 30
#: How many steps a clock may be off, either way.
DRIFT = 1


def new_secret() -> str:
    """160 random bits, in the base 32 that people can type into their app."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def step_at(timestamp: float) -> int:
    """The number of the time step that holds a moment (seconds since 1970)."""
    return int(timestamp // STEP_SECONDS)


def code_at(secret: str, step: int) -> str:
    """The six digits of one time step."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching_step(secret: str, code: str, timestamp: float, after: int) -> int | None:
    """The step whose code this is, at most `DRIFT` from the moment and later than `after`; None when there is none."""
    here = step_at(timestamp)
    found = None
    for step in range(here - DRIFT, here + DRIFT + 1):
        same = hmac.compare_digest(code_at(secret, step).encode(), code.encode())
        if same and step > after and found is None:
            found = step
    return found


def address(secret: str, issuer: str, name: str) -> str:
    """What the QR code says: the `otpauth` address that authenticator apps read."""
    return f"otpauth://totp/{quote(f'{issuer}:{name}')}?{urlencode({'secret': secret, 'issuer': issuer})}"
