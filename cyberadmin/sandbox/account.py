"""Handlers of /ping, /tokens and /customfields, and the making of tokens (api/README.md 2 and 6, row 36)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import sqlite3
from dataclasses import dataclass

import orjson

from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.journal import Effect
from cyberadmin.sandbox.settings import Settings
from cyberadmin.sandbox.wire import Json, Reply

TEN_YEARS = 3652 * 86_400


@dataclass(frozen=True, slots=True)
class Token:
    unique_id: str
    text: str
    expires_on: int


def ping(call: Call) -> Reply:
    account = call.account
    answer = {"ping": "success", "username": account.username, "email": account.email, "account": account.name}
    return Reply(200, answer)


def create_token(call: Call) -> Reply:
    """No body; 200, not 201; valid for ten years."""
    token = mint(call.conn, call.account.id, call.secret, call.now, call.settings)
    call.record(Effect("token", (token.unique_id,), body=""))
    answer: Json = {"tokenUniqueId": token.unique_id, "token": token.text}
    shown = call.dates.text(token.expires_on)
    return Reply(200, {**answer, "expiration": shown.partition(".")[0]})


def mint(conn: sqlite3.Connection, account_id: int, secret: str, now: int, settings: Settings) -> Token:
    """A new token, derived from the store's secret and the token's number."""
    number = int(conn.execute("SELECT seq + 1 FROM sqlite_sequence WHERE name = 'tokens'").fetchone()[0])
    key = secret.encode()
    unique_id = hmac.new(key, f"token:{number}".encode(), hashlib.sha256).hexdigest()[:32]
    issued = now // 1000
    if settings.text("token_algorithm") == "jwt":
        text = _jwt(key, {"jti": unique_id, "iat": issued, "exp": issued + TEN_YEARS})
    else:
        text = hmac.new(key, f"opaque:{number}".encode(), hashlib.sha256).hexdigest()
    token = Token(unique_id, text, (issued + TEN_YEARS) * 1000)
    conn.execute(
        "INSERT INTO tokens VALUES (?, ?, ?, ?, ?)", (number, account_id, unique_id, token.text, token.expires_on)
    )
    return token


def _jwt(key: bytes, claims: Json) -> str:
    parts = [_base64(orjson.dumps(part)) for part in ({"typ": "JWT", "alg": "HS256"}, claims)]
    signature = hmac.new(key, ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, _base64(signature)])


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def list_custom_fields(call: Call) -> Reply:
    rows = call.conn.execute(
        "SELECT id, name, type FROM customfields WHERE account_id = ? ORDER BY id", (call.account.id,)
    )
    return Reply(200, {"customFields": [{"id": id, "name": name, "type": kind} for id, name, kind in rows]})
