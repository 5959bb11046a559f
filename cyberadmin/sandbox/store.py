"""The sandbox's store: one SQLite file, one writer at a time, readers on their own snapshot.

Reads may be answered from an older snapshot (``stale_read_seconds``): before each write a connection that still sees
the state of before is kept as long as somebody may ask for it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from cyberadmin.sandbox import mailing_schema
from cyberadmin.sandbox.clock import Clock
from cyberadmin.sandbox.schema import FIRST_IDS, MEMBER_INDEXES, MEMBERSHIP_TRIGGERS, TABLES
from cyberadmin.sandbox.settings import Settings

MAX_SNAPSHOTS = 200


@dataclass(frozen=True, slots=True)
class Account:
    """One vendor account and the login of its API user."""

    id: int
    name: str
    username: str
    password: str
    email: str


@dataclass(slots=True)
class Snapshot:
    """A connection that sees the state of before the write made at ``replaced_at``."""

    replaced_at: int
    conn: sqlite3.Connection
    lock: threading.Lock


class Store:
    """Opens or creates the file; ``fresh`` tells whether it was created now."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write_lock = threading.RLock()
        self._local = threading.local()
        self._snapshots: list[Snapshot] = []
        self.stale_floor_ms = 0
        self.fresh = self._create()
        with self.read() as conn:
            meta = dict(conn.execute("SELECT key, value FROM meta").fetchall())
        self.secret = str(meta["secret"])
        self.settings = Settings(orjson.loads(meta.get("settings", "{}")))
        clock = orjson.loads(meta.get("clock", "{}"))
        self.clock = Clock(clock.get("offset") or 0, clock.get("frozen_at"))
        # When something falls due (due.py); 0 says to look.
        self.next_due_at: int | None = 0

    # -- connections -------------------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        conn = sqlite3.connect(self.path, timeout=60, isolation_level=None, check_same_thread=False)
        conn.execute("PRAGMA synchronous = OFF")
        conn.execute("PRAGMA cache_size = -65536")
        conn.execute("PRAGMA temp_store = MEMORY")
        return conn

    def _conn(self) -> sqlite3.Connection:
        conn: sqlite3.Connection | None = getattr(self._local, "conn", None)
        if conn is None:
            conn = self._local.conn = self._open()
        return conn

    def _create(self) -> bool:
        conn = self._conn()
        conn.execute("PRAGMA journal_mode = WAL")
        conn.executescript(TABLES + MEMBER_INDEXES + MEMBERSHIP_TRIGGERS)
        mailing_schema.prepare(conn)
        conn.executemany(
            "INSERT INTO sqlite_sequence (name, seq) SELECT ?1, ?2"
            " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1)",
            FIRST_IDS.items(),
        )
        if conn.execute("SELECT 1 FROM meta WHERE key = 'secret'").fetchone():
            return False
        conn.execute("INSERT INTO meta VALUES ('secret', ?)", (os.urandom(16).hex(),))
        return True

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A consistent snapshot of now."""
        conn = self._conn()
        conn.execute("BEGIN")
        try:
            yield conn
        finally:
            conn.execute("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """The only writer; everything is undone when an exception leaves the block."""
        with self.write_lock:
            self._keep_snapshot()
            conn = self._conn()
            conn.execute("BEGIN IMMEDIATE")
            try:
                yield conn
            except BaseException:
                conn.execute("ROLLBACK")
                raise
            conn.execute("COMMIT")

    def close_thread(self) -> None:
        """Close the connection of the calling thread: a server thread ends with its HTTP connection."""
        conn: sqlite3.Connection | None = getattr(self._local, "conn", None)
        if conn is not None:
            self._local.conn = None
            conn.close()

    # -- stale reads -------------------------------------------------------------------------------------------

    def _stale_ms(self) -> int:
        return max(int(self.settings.amount("stale_read_seconds") * 1000), self.stale_floor_ms)

    def _keep_snapshot(self) -> None:
        window = self._stale_ms()
        now = self.clock.now()
        # A clock that was set back leaves snapshots "of the future"; they are as useless as the old ones.
        expired = [one for one in self._snapshots if not now - window < one.replaced_at <= now]
        self._snapshots = [one for one in self._snapshots if one not in expired]
        for one in expired:
            with one.lock:
                one.conn.close()
        if window and len(self._snapshots) < MAX_SNAPSHOTS:
            conn = self._open()
            conn.execute("BEGIN")
            conn.execute("SELECT count(*) FROM meta").fetchone()
            self._snapshots.append(Snapshot(now, conn, threading.Lock()))

    @contextmanager
    def read_stale(self, seconds: float) -> Iterator[sqlite3.Connection]:
        """The state of ``seconds`` ago, when the writes since then happened while stale reads were on."""
        now = self.clock.now()
        with self.write_lock:
            kept = [one for one in self._snapshots if now - seconds * 1000 < one.replaced_at <= now]
            if kept:
                with kept[0].lock:
                    yield kept[0].conn
                return
        with self.read() as conn:
            yield conn

    # -- what belongs to the whole store -----------------------------------------------------------------------

    def derive(self, *parts: object) -> str:
        """32 hex digits that depend on this store's secret only."""
        text = ":".join(str(part) for part in parts)
        return hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]

    def save_meta(self, key: str, value: object) -> None:
        with self.write() as conn:
            conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, orjson.dumps(value).decode()))

    def change_settings(self, settings: Settings) -> None:
        self.settings = settings
        self.save_meta("settings", settings.changed)

    def save_clock(self) -> None:
        self.save_meta("clock", self.clock.state)

    def accounts(self, conn: sqlite3.Connection) -> list[Account]:
        rows = conn.execute("SELECT id, name, username, password, email FROM accounts ORDER BY id")
        return [Account(*row) for row in rows]


def touch(conn: sqlite3.Connection, account_id: int, *, shape: bool) -> None:
    """Move the versions that cached ranks depend on: ``shape`` when a list could gain, lose or reorder by e-mail."""
    conn.execute(
        "UPDATE accounts SET content = content + 1, shape = shape + ? WHERE id = ?", (1 if shape else 0, account_id)
    )
