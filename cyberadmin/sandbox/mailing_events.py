"""Outcomes of mailings as they happen: opens, clicks, bounces, unsubscriptions; the last two change the contact too."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.departed import leave
from cyberadmin.sandbox.journal import Effect
from cyberadmin.sandbox.mailing_outcomes import CLICK, FORWARD, HARD, OPEN, SOFT, UNSUBSCRIBE, Outcome
from cyberadmin.sandbox.mailing_runner import clock_call
from cyberadmin.sandbox.members import touched
from cyberadmin.sandbox.people import BOUNCED, SUBSCRIBED, UNSUBSCRIBED, by_id, leave_groups, save
from cyberadmin.sandbox.store import Store

# Outcomes are counted once a minute, so that lists of recipients do not move between any two requests.
TICK = 60_000
STAMPS = {HARD: "hard_bounced_on", SOFT: "soft_bounced_on", OPEN: "opened_on", CLICK: "clicked_on",
          UNSUBSCRIBE: "unsubscribed_on"}  # fmt: skip
COUNTERS = {OPEN: "opened", CLICK: "clicked"}
DEPARTURES = {HARD: (BOUNCED, "bounce"), UNSUBSCRIBE: (UNSUBSCRIBED, "unsubscription")}


def next_due(conn: sqlite3.Connection) -> int | None:
    """The minute in which the next outcome counts, or None."""
    at = conn.execute("SELECT min(at) FROM mailing_events").fetchone()[0]
    return None if at is None else (int(at) // TICK + 1) * TICK


def run(store: Store, conn: sqlite3.Connection, until: int) -> None:
    """Record every outcome of the whole minutes until then, in the order they happened."""
    end = until // TICK * TICK
    rows = conn.execute(
        "SELECT e.at, e.member_id, e.kind, e.link_id, e.mailing_id, m.account_id FROM mailing_events e"
        " JOIN mailings m ON m.id = e.mailing_id WHERE e.at < ? ORDER BY e.at, e.id",
        (end,),
    ).fetchall()
    calls: dict[int, Call] = {}
    for at, member_id, kind, link_id, mailing_id, account_id in rows:
        if account_id not in calls:
            calls[account_id] = clock_call(store, conn, account_id, at, "recordOutcome")
        call = replace(calls[account_id], now=at)
        record(call, mailing_id, Outcome(at, member_id, kind, link_id))
    conn.execute("DELETE FROM mailing_events WHERE at < ?", (end,))
    for call in calls.values():
        touched(call, shape=False)


def record(call: Call, mailing_id: int, outcome: Outcome) -> bool:
    """Write one outcome; False when the mailing never left for this person. The caller moves the list versions."""
    key = (mailing_id, outcome.member_id)
    got = "SELECT 1 FROM recipients WHERE mailing_id = ? AND member_id = ? AND sent_on IS NOT NULL"
    if call.conn.execute(got, key).fetchone() is None:
        return False
    if outcome.kind == FORWARD:
        call.conn.execute("UPDATE mailings SET forwarded = forwarded + 1 WHERE id = ?", (mailing_id,))
        return True
    if outcome.kind == CLICK:
        # Whoever clicks has opened, with or without pictures.
        _stamp(call, mailing_id, replace(outcome, kind=OPEN))
        call.conn.execute(
            "INSERT INTO mailing_clicks VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET clicks = clicks + 1",
            (outcome.link_id, outcome.member_id),
        )
    _stamp(call, mailing_id, outcome)
    if outcome.kind in DEPARTURES:
        _depart(call, outcome)
    return True


def _stamp(call: Call, mailing_id: int, outcome: Outcome) -> None:
    """Only the first open (click, bounce) of a person has a date."""
    column = STAMPS[outcome.kind]
    first = call.conn.execute(
        f"UPDATE recipients SET {column} = ? WHERE mailing_id = ? AND member_id = ? AND {column} IS NULL",
        (outcome.at, mailing_id, outcome.member_id),
    ).rowcount
    if first and outcome.kind in COUNTERS:
        name = COUNTERS[outcome.kind]
        call.conn.execute(
            f"UPDATE members SET {name} = {name} + 1 WHERE id = ?"
            " AND NOT (SELECT anonymized FROM mailings WHERE id = ?)",
            (outcome.member_id, mailing_id),
        )


def _depart(call: Call, outcome: Outcome) -> None:
    """A hard bounce takes the address out, an unsubscription unsubscribes (api/README.md 4.2 and 6, row 17)."""
    member = by_id(call.conn, call.account.id, outcome.member_id)
    if member is None or member.state != SUBSCRIBED:
        return
    state, kind = DEPARTURES[outcome.kind]
    before = member.state_name
    leave(member, state, outcome.at, call.settings)
    leave_groups(call.conn, member.id)
    save(call.conn, member)
    touched(call, shape=True)
    call.record(Effect(kind, (member.id,), member.email, before, member.state_name))
