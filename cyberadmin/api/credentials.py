"""How a call proves which account it speaks for. A credential never shows itself.

Masked in repr and str, refused by pickle, applied to a request only at the last moment, so that no
local variable of ours holds a header with the secret in it (error reporters print locals).
"""

import base64
import re
from typing import Any, NoReturn

from requests import PreparedRequest
from requests.auth import AuthBase

_SENDABLE = re.compile(r"[\x21-\x7e]+")
_MASK = "[secret]"


class Credential(AuthBase):
    """Base: knows the Authorization header's value and the strings that must never be recorded."""

    __slots__ = ("_header", "_secrets")

    def __init__(self, header: str, secrets: tuple[str, ...]) -> None:
        self._header = header
        self._secrets = secrets

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        r.headers["Authorization"] = self._header
        return r

    def scrub(self, text: str) -> str:
        """`text` without the secret, should a server echo it."""
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return text

    def scrub_bytes(self, data: bytes) -> bytes:
        """The same for a body."""
        for secret in self._secrets:
            data = data.replace(secret.encode(), _MASK.encode())
        return data

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_MASK})"

    __str__ = __repr__

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a credential is never serialised")


class BearerToken(Credential):
    """A token made in the application or by POST /tokens, valid for ten years (api/README.md 2).

    Opaque. ValueError when it holds anything that cannot stand in a header.
    """

    __slots__ = ()

    def __init__(self, token: str) -> None:
        if not _SENDABLE.fullmatch(token):
            raise ValueError("a token is one run of printable ASCII characters")
        super().__init__(f"Bearer {token}", (token,))


class LegacyLogin(Credential):
    """User name and password (HTTP Basic): old, advised against by the vendor (api/README.md 2)."""

    __slots__ = ()

    def __init__(self, username: str, password: str) -> None:
        if not username or not password or ":" in username:
            raise ValueError("a legacy login needs a user name without a colon, and a password")
        encoded = base64.b64encode(f"{username}:{password}".encode()).decode()
        super().__init__(f"Basic {encoded}", (encoded, password))
