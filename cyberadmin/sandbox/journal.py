"""What the vendor applied (a table) and what it received (a ring in memory).

The journal answers two questions of a test: was anything created twice, and did an API write move a person from
unsubscribed to subscribed (``source`` api or batch, ``before`` unsubscribed, ``after`` subscribed).
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import islice

import orjson

from cyberadmin.sandbox.dates import utc_text
from cyberadmin.sandbox.wire import Json

RING_SIZE = 200_000


@dataclass(frozen=True, slots=True)
class Effect:
    """One applied change: the kind of object, its ids, and what it was before and after: a person's subscription, a
    mailing's status."""

    kind: str
    ids: tuple[int | str, ...]
    email: str | None = None
    before: str | None = None
    after: str | None = None
    body: str | None = None
    batch_id: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An effect with the request that caused it. ``source``: api, batch, control (a person), fault, or mailing (what a
    mailing and its recipients do in their time)."""

    at: int
    source: str
    account_id: int
    operation: str
    method: str
    path: str
    effect: Effect
    body: str | None


def write(conn: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    conn.executemany(
        "INSERT INTO journal (at, source, account_id, operation, method, path, kind, ids, email, before, after, body,"
        " batch_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                one.at,
                one.source,
                one.account_id,
                one.operation,
                one.method,
                one.path,
                one.effect.kind,
                orjson.dumps(one.effect.ids).decode(),
                one.effect.email,
                one.effect.before,
                one.effect.after,
                one.body,
                one.effect.batch_id,
            )  # fmt: skip
            for one in entries
        ],
    )


def read(
    conn: sqlite3.Connection, since: int = 0, account_id: int | None = None, last: int | None = None
) -> list[Json]:
    """Entries after ``since``, oldest first; ``last`` keeps only so many of the newest."""
    where, params = "seq > ?", [since]
    if account_id is not None:
        where, params = where + " AND account_id = ?", [*params, account_id]
    limit = "" if last is None else f" ORDER BY seq DESC LIMIT {int(last)}"
    rows = conn.execute(
        "SELECT seq, at, source, account_id, operation, method, path, kind, ids, email, before, after, body, batch_id,"
        " (SELECT name FROM accounts a WHERE a.id = j.account_id)"
        f" FROM (SELECT * FROM journal WHERE {where}{limit}) j ORDER BY seq",
        params,
    )
    return [_shown(row) for row in rows]


def _shown(row: tuple[object, ...]) -> Json:
    names = ("seq", "at", "source", "account_id", "operation", "method", "path", "kind", "ids", "email", "before",
             "after", "body", "batch_id", "account")  # fmt: skip
    entry = dict(zip(names, row, strict=True))
    entry["at"] = utc_text(int(str(entry["at"])))
    entry["ids"] = orjson.loads(str(entry["ids"]))
    body = entry["body"]
    if isinstance(body, str) and body:
        try:
            entry["body"] = orjson.loads(body)
        except orjson.JSONDecodeError:
            entry["body"] = body
    return entry


@dataclass(slots=True)
class Received:
    """One request as it came in; ``status`` is None when it got no answer."""

    method: str
    path: str
    query: str
    token: str
    started: float
    number: int = 0
    operation: str | None = None
    account: str | None = None
    status: int | None = None
    seconds: float = 0.0
    fault: int | None = None


class RequestLog:
    """Every request received, newest last, bounded."""

    def __init__(self) -> None:
        self._ring: deque[Received] = deque(maxlen=RING_SIZE)
        self._lock = threading.Lock()
        self._count = 0

    def add(self, entry: Received) -> None:
        with self._lock:
            self._count += 1
            entry.number = self._count
            self._ring.append(entry)

    def since(self, number: int) -> list[Json]:
        with self._lock:
            return [asdict(one) for one in self._ring if one.number > number]

    def newest(self, count: int) -> list[Received]:
        """The last requests, newest first."""
        with self._lock:
            return list(islice(reversed(self._ring), count))

    def clear(self) -> None:
        with self._lock:
            self._ring.clear()
