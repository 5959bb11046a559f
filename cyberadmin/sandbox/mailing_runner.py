"""Starts and ends mailings on the sandbox's clock: to the subscribed members of their groups at that moment."""

from __future__ import annotations

import re
import sqlite3

import orjson

from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.journal import Effect
from cyberadmin.sandbox.mailing_outcomes import draw
from cyberadmin.sandbox.members import touched
from cyberadmin.sandbox.store import Store
from cyberadmin.sandbox.wire import Request

SCHEDULED, SENDING, SENT, STOPPED = "scheduled", "sending", "sent", "stopped"
LINK = re.compile(r"""<a\s[^>]*?href\s*=\s*["'](https?://[^"']+)["']""", re.IGNORECASE)
# Everybody once, whatever the number of groups; the mails leave evenly over the run.
_ADDRESS = """
    INSERT INTO recipients (mailing_id, member_id, groups, sent_on)
    SELECT ?1, p.member_id, p.groups,
        ?2 + CAST(row_number() OVER (ORDER BY p.member_id) * ?3 / count(*) OVER () AS INTEGER)
    FROM (
        SELECT x.member_id, ',' || group_concat(x.group_id) || ',' AS groups
        FROM mailing_groups g
        JOIN memberships x ON x.group_id = g.group_id
        JOIN members m ON m.id = x.member_id AND m.state = 0
        WHERE g.mailing_id = ?1 GROUP BY x.member_id
    ) p
"""


def next_start(conn: sqlite3.Connection) -> int | None:
    """When the next scheduled mailing starts, or None."""
    return _first(conn, "SELECT min(starts_on) FROM mailings WHERE started_on IS NULL")


def next_end(conn: sqlite3.Connection) -> int | None:
    """When the next mailing being sent is through, or None."""
    return _first(conn, "SELECT min(ends_on) FROM mailings WHERE started_on IS NOT NULL AND done = 0")


def _first(conn: sqlite3.Connection, query: str) -> int | None:
    at = conn.execute(query).fetchone()[0]
    return None if at is None else int(at)


def start_due(store: Store, conn: sqlite3.Connection, until: int) -> None:
    """Start every mailing due until then, each at its own time."""
    rows = conn.execute(
        "SELECT id, account_id, starts_on FROM mailings WHERE started_on IS NULL AND starts_on <= ?"
        " ORDER BY starts_on, id",
        (until,),
    ).fetchall()
    for mailing_id, account_id, at in rows:
        start(clock_call(store, conn, account_id, at, "startMailing"), mailing_id)


def end_due(store: Store, conn: sqlite3.Connection, until: int) -> None:
    """End every mailing whose last mail left until then."""
    rows = conn.execute(
        "SELECT id, account_id, ends_on FROM mailings WHERE started_on IS NOT NULL AND done = 0 AND ends_on <= ?"
        " ORDER BY ends_on, id",
        (until,),
    ).fetchall()
    for mailing_id, account_id, at in rows:
        end(clock_call(store, conn, account_id, at, "endMailing"), mailing_id)


def clock_call(store: Store, conn: sqlite3.Connection, account_id: int, at: int, operation: str) -> Call:
    """A call that nobody made: what the vendor does by itself (journal source ``mailing``)."""
    account = next(one for one in store.accounts(conn) if one.id == account_id)
    request = Request("CLOCK", "/mailings", ("mailings",), {}, {}, b"")
    return Call(conn, store.settings, at, account, request, operation, secret=store.secret, source="mailing")


def start(call: Call, mailing_id: int, run_seconds: float | None = None) -> None:
    """Write the recipients, the links and what people will do with the mailing."""
    seconds = call.settings.amount("mailing_run_seconds") if run_seconds is None else run_seconds
    run = int(seconds * 1000)
    count = call.conn.execute(_ADDRESS, (mailing_id, call.now, run)).rowcount
    call.conn.execute(
        # A mailing that was cancelled and goes out all the same (setting deleted_mailing_sent) is there again.
        "UPDATE mailings SET started_on = ?, ends_on = ?, recipients_count = ?, cancelled = 0 WHERE id = ?",
        (call.now, call.now + (run if count else 0), count, mailing_id),
    )
    _plan_outcomes(call, mailing_id, add_links(call.conn, mailing_id))
    touched(call, shape=False)
    call.record(Effect("mailing", (mailing_id,), before=SCHEDULED, after=SENDING, body=_counted(count)))


def add_links(conn: sqlite3.Connection, mailing_id: int) -> list[int]:
    """Find the links of the HTML body, each address once; their ids."""
    row = conn.execute("SELECT html FROM mailing_bodies WHERE mailing_id = ?", (mailing_id,)).fetchone()
    urls = dict.fromkeys(LINK.findall(row[0] if row else ""))
    insert = "INSERT INTO mailing_links (mailing_id, url) VALUES (?, ?)"
    return [int(conn.execute(insert, (mailing_id, url)).lastrowid or 0) for url in urls]


def _plan_outcomes(call: Call, mailing_id: int, link_ids: list[int]) -> None:
    chosen = call.conn.execute("SELECT outcomes FROM mailings WHERE id = ?", (mailing_id,)).fetchone()[0]
    if not (call.settings.text("mailing_outcomes") == "plausible" if chosen is None else chosen):
        return
    rows = call.conn.execute("SELECT member_id, sent_on FROM recipients WHERE mailing_id = ?", (mailing_id,)).fetchall()
    call.conn.executemany(
        "INSERT INTO mailing_events (at, mailing_id, member_id, kind, link_id) VALUES (?, ?, ?, ?, ?)",
        (
            (one.at, mailing_id, one.member_id, one.kind, one.link_id)
            for one in draw(f"mailing:{mailing_id}", rows, link_ids)
        ),
    )


def end(call: Call, mailing_id: int) -> None:
    """The last mail left."""
    _close(call, mailing_id, SENT)


def stop(call: Call, mailing_id: int, keep: int | None = None) -> None:
    """Stop a mailing being sent: those it has not left for yet (or all but the first ``keep``) get nothing."""
    kept = "SELECT member_id FROM recipients WHERE mailing_id = ?1 ORDER BY sent_on, member_id LIMIT ?2"
    condition, value = ("sent_on > ?2", call.now) if keep is None else (f"member_id NOT IN ({kept})", keep)
    call.conn.execute(
        f"UPDATE recipients SET sent_on = NULL WHERE mailing_id = ?1 AND {condition}", (mailing_id, value)
    )
    call.conn.execute("UPDATE recipients SET sent_on = min(sent_on, ?2) WHERE mailing_id = ?1", (mailing_id, call.now))
    call.conn.execute("UPDATE mailings SET stopped_on = ?2, ends_on = ?2 WHERE id = ?1", (mailing_id, call.now))
    _close(call, mailing_id, STOPPED)


def _close(call: Call, mailing_id: int, status: str) -> None:
    sent = "SELECT member_id FROM recipients WHERE mailing_id = ? AND sent_on IS NOT NULL"
    count = call.conn.execute(
        f"UPDATE members SET received = received + 1 WHERE id IN ({sent})", (mailing_id,)
    ).rowcount
    call.conn.execute("UPDATE mailings SET done = 1 WHERE id = ?", (mailing_id,))
    touched(call, shape=False)
    call.record(Effect("mailing", (mailing_id,), before=SENDING, after=status, body=_counted(count)))


def _counted(count: int) -> str:
    return orjson.dumps({"recipients": count}).decode()
