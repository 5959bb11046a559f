"""The demo shows what an agency looks after: consents that end month by month, and addresses with slips."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from cyberadmin.sandbox.dates import day_start
from cyberadmin.sandbox.people import BOUNCED, SUBSCRIBED
from cyberadmin.sandbox.seed import DEMOS, seed_demo
from cyberadmin.sandbox.seed_people import ENDINGS
from cyberadmin.sandbox.store import Store

DAY = 86_400_000
YEAR = 366 * DAY


def test_every_demo_client_has_slips_and_consents_that_end_within_the_year(tmp_path: Path) -> None:
    store = Store(tmp_path / "sandbox.sqlite3")
    seed_demo(store)
    now = store.clock.now()
    with store.write() as conn:
        slips = conn.execute(
            "SELECT account_id, count(*) FROM members WHERE state = ? AND (email LIKE '%.con' OR email LIKE '%.ogr')"
            " GROUP BY account_id",
            (BOUNCED,),
        ).fetchall()
        ending = conn.execute(
            "SELECT account_id, count(*) FROM members WHERE state = ? AND consent_proof = 'Achat à la billetterie'"
            " AND consent_expiration BETWEEN ? AND ? GROUP BY account_id",
            (SUBSCRIBED, now - 31 * 86_400_000, now + YEAR),
        ).fetchall()
    assert [count for _account, count in slips] == [2] * len(DEMOS)
    assert [count for _account, count in ending] == [sum(ENDINGS)] * len(DEMOS)


def test_the_demo_is_of_late_whenever_it_is_made(tmp_path: Path) -> None:
    store = Store(tmp_path / "sandbox.sqlite3")
    store.clock.set(day_start(date(2027, 11, 23)))
    seed_demo(store)
    now = store.clock.now()
    with store.write() as conn:
        implied = "FROM members WHERE state = ? AND relation_type = 'association-members'"
        everybody = conn.execute(f"SELECT count(*) {implied}", (SUBSCRIBED,)).fetchone()[0]
        holds = conn.execute(f"SELECT count(*) {implied} AND consent_expiration > ?", (SUBSCRIBED, now)).fetchone()[0]
        sent = conn.execute("SELECT max(started_on) FROM mailings").fetchone()[0]
        joined = conn.execute("SELECT max(joined_on) FROM members").fetchone()[0]
    assert everybody * 0.6 < holds < everybody
    assert now - 100 * DAY < sent < now
    assert now - 200 * DAY < joined < now
