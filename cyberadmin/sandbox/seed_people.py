"""Some of the demo's people, made to show what an agency looks after: consents that end month by month, addresses with slips."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from cyberadmin.sandbox.consent import Terms
from cyberadmin.sandbox.dates import add_months, day_start
from cyberadmin.sandbox.generate import DEFAULTS, Recipe
from cyberadmin.sandbox.people import fold

#: How many consents end in each of the coming months; as many of each account's first people are taken.
ENDINGS = (2, 4, 3, 6, 5, 2, 3, 4, 1, 2, 3, 1)
CLIENT = "active-clients"
#: What somebody typed at the counter. Both endings exist nowhere.
SLIPS = (("@example.com", "@example.con"), ("@example.org", "@example.ogr"))


def seed_endings(conn: sqlite3.Connection, first: int, now: int) -> None:
    """Consents of clients that end within the coming months, whenever the demo is made."""
    today = datetime.fromtimestamp(now / 1000, UTC).date()
    length = DEFAULTS.months(CLIENT) or 0
    member = first
    for month, people in enumerate(ENDINGS):
        for number in range(people):
            day = add_months(today, month - length).replace(day=5 + number * 3)
            terms = Terms(CLIENT, day, "Achat à la billetterie")
            conn.execute(
                "UPDATE members SET consent_type = ?, relation_type = ?, consent_date = ?, consent_expiration = ?,"
                " consent_proof = ? WHERE id = ?",
                (terms.type, CLIENT, day_start(day), terms.expiration(DEFAULTS), terms.proof, member),
            )
            member += 1


def seed_slips(conn: sqlite3.Connection, first: int, recipe: Recipe) -> None:
    """Two people whose mail bounces because the end of their address was mistyped."""
    bounced = first + recipe.subscribed + recipe.unsubscribed
    for right, wrong in SLIPS:
        row = conn.execute(
            "SELECT id, email FROM members WHERE id >= ? AND id < ? AND email LIKE ? ORDER BY id LIMIT 1",
            (bounced, first + recipe.total, f"%{right}"),
        ).fetchone()
        if row is not None:
            email = row[1].removesuffix(right) + wrong
            conn.execute("UPDATE members SET email = ?, email_fold = ? WHERE id = ?", (email, fold(email), row[0]))
