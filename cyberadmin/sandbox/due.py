"""What happens by itself when its time has come on the sandbox's clock: batches, mailings, what people do with them.

Everything is carried out in the order of its time, also when the clock jumps over days.
"""

from __future__ import annotations

import sqlite3

from cyberadmin.sandbox import batch_runner, mailing_events, mailing_runner
from cyberadmin.sandbox.store import Store

RUNNERS = (
    (batch_runner.next_due, batch_runner.run),
    (mailing_runner.next_start, mailing_runner.start_due),
    (mailing_runner.next_end, mailing_runner.end_due),
    (mailing_events.next_due, mailing_events.run),
)


def next_due(conn: sqlite3.Connection) -> int | None:
    """When the next thing falls due, in milliseconds; None when nothing is pending."""
    times = [at for at in (one(conn) for one, _ in RUNNERS) if at is not None]
    return min(times, default=None)


def run_due(store: Store) -> None:
    """Carry out everything that is due; costs nothing when nothing is."""
    if store.next_due_at == 0:
        with store.write_lock, store.read() as conn:
            store.next_due_at = next_due(conn)
    if store.next_due_at is None or store.clock.now() < store.next_due_at:
        return
    with store.write() as conn:
        now = store.clock.now()
        while _run_first(store, conn, now):
            pass
        store.next_due_at = next_due(conn)


def _run_first(store: Store, conn: sqlite3.Connection, now: int) -> bool:
    """Run the kind that comes first, up to where the next kind begins; False when nothing is due."""
    times = [(at, number) for number, (one, _) in enumerate(RUNNERS) if (at := one(conn)) is not None and at <= now]
    if not times:
        return False
    times.sort()
    first, number = times[0]
    until = max(first, times[1][0] - 1) if len(times) > 1 else now
    RUNNERS[number][1](store, conn, until)
    return True
