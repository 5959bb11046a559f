"""Who a token speaks for, and new tokens (api/README.md 2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from cyberadmin.api.errors import SchemaError
from cyberadmin.api.types import fields


@dataclass(frozen=True, slots=True)
class Ping:
    """The user and the account a credential belongs to."""

    username: str
    email: str
    account: str

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        if fields.text(row, "ping") != "success":
            raise SchemaError("ping", "not success")
        return cls(fields.text(row, "username"), fields.text(row, "email"), fields.filled_text(row, "account"))


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made. The token itself is left out of repr."""

    token_id: str
    token: str = field(repr=False)
    expires_at: datetime

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        return cls(
            fields.filled_text(row, "tokenUniqueId"),
            fields.filled_text(row, "token"),
            fields.instant(row, "expiration"),
        )
