"""A kombu transport in one SQLite file of its own, for one machine: any number of web and worker processes.

Its messages are doorbells: the queue is in the product's database, so what matters here is that no process can read
half a message or block another one for long. Each operation is a single statement, hence atomic. A message leaves the
file when a worker takes it; a worker killed with a bell in its hand costs one sweep, as it does with any broker.

Transport option: `path`, the file (made when it is missing; its folder must exist).
"""

import contextlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterable
from queue import Empty
from typing import Any

from kombu.transport import virtual

SCHEMA = """
CREATE TABLE message (id INTEGER PRIMARY KEY, queue TEXT NOT NULL, payload TEXT NOT NULL);
CREATE INDEX message_by_queue ON message (queue, id);
CREATE TABLE binding (
    exchange TEXT NOT NULL, routing_key TEXT NOT NULL, pattern TEXT NOT NULL, queue TEXT NOT NULL,
    PRIMARY KEY (exchange, routing_key, pattern, queue)
) WITHOUT ROWID;
"""
BUSY_SECONDS = 10.0


class Channel(virtual.Channel):
    """One connection to the file for each channel; kombu hands a channel to one thread at a time."""

    supports_fanout = True
    _connection: sqlite3.Connection | None = None
    _owner = 0

    @property
    def file(self) -> sqlite3.Connection:
        """The open file; opened again in a process that inherited this channel, since SQLite cannot cross a fork."""
        if self._connection is None or self._owner != os.getpid():
            self._connection, self._owner = connect(self.connection.client.transport_options["path"]), os.getpid()
        return self._connection

    def close(self) -> None:
        """Close the channel and its file."""
        super().close()  # type: ignore[no-untyped-call]
        if self._connection is not None and self._owner == os.getpid():
            self._connection.close()
        self._connection = None

    def _put(self, queue: str, message: dict[str, Any], **_: Any) -> None:
        self.file.execute("INSERT INTO message (queue, payload) VALUES (?, ?)", (queue, json.dumps(message)))

    def _put_fanout(self, exchange: str, message: dict[str, Any], routing_key: str, **_: Any) -> None:
        statement = "INSERT INTO message (queue, payload) SELECT DISTINCT queue, ? FROM binding WHERE exchange = ?"
        self.file.execute(statement, (json.dumps(message), exchange))

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        # Looking takes no lock, so an idle worker never stands in a writer's way.
        if not self.file.execute("SELECT 1 FROM message WHERE queue = ? LIMIT 1", (queue,)).fetchone():
            raise Empty
        oldest = "SELECT id FROM message WHERE queue = ? ORDER BY id LIMIT 1"
        taken = self.file.execute(f"DELETE FROM message WHERE id = ({oldest}) RETURNING payload", (queue,)).fetchall()  # noqa: S608
        if not taken:
            raise Empty
        return json.loads(taken[0][0])

    def _size(self, queue: str) -> int:
        return int(self.file.execute("SELECT count(*) FROM message WHERE queue = ?", (queue,)).fetchone()[0])

    def _purge(self, queue: str) -> int:
        return self.file.execute("DELETE FROM message WHERE queue = ?", (queue,)).rowcount

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str) -> None:
        row = (exchange, routing_key or "", pattern or "", queue)
        self.file.execute("INSERT OR IGNORE INTO binding VALUES (?, ?, ?, ?)", row)

    def get_table(self, exchange: str) -> Iterable[tuple[str, str, str]]:
        """The bindings of an exchange: routing key, pattern, queue."""
        statement = "SELECT routing_key, pattern, queue FROM binding WHERE exchange = ?"
        return self.file.execute(statement, (exchange,)).fetchall()

    def _delete(self, queue: str, exchange: str, *_args: Any, **_kwargs: Any) -> None:
        self._purge(queue)
        self.file.execute("DELETE FROM binding WHERE exchange = ? AND queue = ?", (exchange, queue))


class Transport(virtual.Transport):
    """Looks for messages at short intervals: 20 looks a second cost an idle worker well under 1 % of a core."""

    Channel = Channel
    driver_type = driver_name = "sqlite"
    polling_interval = 0.05
    connection_errors = (*virtual.Transport.connection_errors, sqlite3.OperationalError)  # type: ignore[assignment]
    channel_errors = (*virtual.Transport.channel_errors, sqlite3.DatabaseError)  # type: ignore[assignment]
    implements = virtual.Transport.implements.extend(exchange_type=frozenset(["direct", "topic", "fanout"]))

    def driver_version(self) -> str:
        """The version of the SQLite library."""
        return sqlite3.sqlite_version


def connect(path: str) -> sqlite3.Connection:
    """Open the broker's file, making it when missing. NORMAL: a bell lost in a power cut costs one sweep."""
    if not os.path.exists(path):
        _make(path)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


def _make(path: str) -> None:
    """Make the file aside and put it in place whole: switching to WAL fails when two processes do it at once."""
    aside = f"{path}.{os.getpid()}.{threading.get_ident()}"
    with contextlib.closing(sqlite3.connect(aside, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(SCHEMA)
    try:
        os.link(aside, path)
    except FileExistsError:
        pass  # Another process was quicker; its file is as good.
    finally:
        os.unlink(aside)
