"""What a control route gets: its body and parameters, and a way to act on an account as a person would."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.people import Member, by_email, by_id
from cyberadmin.sandbox.store import Account, Store
from cyberadmin.sandbox.wire import Json, Request, not_found

if TYPE_CHECKING:
    from cyberadmin.sandbox.app import SandboxApp


@dataclass(frozen=True, slots=True)
class Ask:
    """One control request."""

    app: SandboxApp
    request: Request
    params: dict[str, str]
    body: Json

    @property
    def store(self) -> Store:
        return self.app.store

    def text(self, name: str, default: str | None = None) -> str:
        """A text of the body, path or query. Raises ValueError when it is missing and has no default."""
        value = self.body.get(name, self.params.get(name, self.request.query.get(name, default)))
        if value is None:
            raise ValueError(f"{name} is missing")
        return str(value)

    def number(self, name: str, default: float | None = None) -> float:
        return float(self.text(name, None if default is None else str(default)))

    def whole(self, name: str, default: int | None = None) -> int:
        return int(self.text(name, None if default is None else str(default)))

    def listed(self, name: str) -> list[object]:
        value = self.body.get(name, [])
        if not isinstance(value, list):
            raise ValueError(f"{name} is not a list")
        return value

    def account(self, conn: sqlite3.Connection, name: str = "account") -> Account:
        """The account with this name, user name or number. Raises ApiProblem 404."""
        wanted = self.text(name)
        for account in self.store.accounts(conn):
            if wanted in (account.name, account.username, str(account.id)):
                return account
        raise not_found(f"No account {wanted}")

    def member(self, conn: sqlite3.Connection, account: Account) -> Member:
        """The person given by ``email`` or ``id``, in whatever state. Raises ApiProblem 404."""
        if "id" in self.body:
            member = by_id(conn, account.id, self.whole("id"))
        else:
            member = by_email(conn, account.id, self.text("email"))
        if member is None:
            raise not_found("No such member")
        return member

    @contextmanager
    def acting(self, operation: str, source: str = "control") -> Iterator[Call]:
        """A transaction on the account of the body, journalled as done by a person."""
        with self.store.write() as conn:
            account = self.account(conn)
            yield Call(
                conn, self.store.settings, self.store.clock.now(), account, self.request, operation, source=source
            )
        self.store.next_due_at = 0
