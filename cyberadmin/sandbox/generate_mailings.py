"""Makes many sent mailings with their recipients fast, always the same for the same seed and people.

The rows are made by SQLite itself: a multiplication spreads member and mailing over 1,000 chances, from which the shares
of mailing_outcomes.py are taken.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from cyberadmin.sandbox.mailing_outcomes import HARD_SHARE, OPEN_SHARE, SOFT_SHARE
from cyberadmin.sandbox.mailing_runner import add_links
from cyberadmin.sandbox.mailing_schema import RECIPIENT_INDEX
from cyberadmin.sandbox.store import Account, touch

DAY = 86_400_000
MANY = 50_000
SUBJECTS = ("Infolettre n° {}", "Les nouvelles de la semaine {}", "Newsletter no. {}", "À ne pas manquer, édition {}")
HTML = '<p><a href="https://www.example.org/{0}">{0}</a> <a href="https://www.example.org/agenda">Agenda</a></p>'
HARD_PER_MILLE = int(1000 * HARD_SHARE)
SOFT_PER_MILLE = int(1000 * SOFT_SHARE)
OPEN_PER_MILLE = int(1000 * OPEN_SHARE)
CLICK_PER_MILLE = 124
LEAVE_PER_MILLE = 4
# ``chance`` decides what happens, ``spread`` when; those who leave, click and open are counted from 20 on.
RECIPIENTS = f"""
    INSERT INTO recipients
    SELECT :mailing, p.id, :groups, :sent + p.spread * 30,
        iif(p.chance BETWEEN 20 AND {19 + OPEN_PER_MILLE}, :sent + 60000 + p.spread * p.spread * 300, NULL),
        iif(p.chance BETWEEN 20 AND {19 + CLICK_PER_MILLE}, :sent + 90000 + p.spread * p.spread * 300, NULL),
        iif(:leaving AND p.chance < {HARD_PER_MILLE}, :sent + 32000 + p.spread * 500, NULL),
        iif(p.chance BETWEEN {HARD_PER_MILLE} AND {HARD_PER_MILLE + SOFT_PER_MILLE - 1},
            :sent + 18000000 + p.spread * 80000, NULL),
        iif(:leaving AND p.chance BETWEEN 20 AND {19 + LEAVE_PER_MILLE}, :sent + 120000 + p.spread * p.spread * 300, NULL)
    FROM (
        SELECT id, ((id * 2654435761 + :salt * 40503) >> 7) % 1000 AS chance,
            ((id * 40503 + :salt * 2654435761) >> 5) % 1000 AS spread
        FROM ({{people}})
    ) p
"""
WINDOW = "SELECT id FROM members WHERE account_id = :account AND state = 0 AND id >= :first ORDER BY id LIMIT :count"
CLICKS = """
    INSERT INTO mailing_clicks SELECT :link, member_id, 1 + member_id % 3 FROM recipients
    WHERE mailing_id = :mailing AND clicked_on IS NOT NULL AND (member_id % 3 = 0) = :some
"""


@dataclass(frozen=True, slots=True)
class MailingRecipe:
    """``recipients`` for each mailing, taken in turn from the account's subscribed members."""

    mailings: int
    recipients: int
    group_ids: tuple[int, ...] = ()
    seed: int = 0


def generate_mailings(
    conn: sqlite3.Connection, account: Account, recipe: MailingRecipe, now: int
) -> tuple[int, int, int]:
    """Insert sent mailings; the first and last id and the recipient rows made. Nothing is journalled."""
    people = [row[0] for row in conn.execute(
        "SELECT id FROM members WHERE account_id = ? AND state = 0 ORDER BY id", (account.id,)
    )]  # fmt: skip
    many = recipe.mailings * recipe.recipients > MANY
    if many:
        conn.execute("DROP INDEX recipients_by_member")
    ids, rows = [], 0
    room = max(1, len(people) - recipe.recipients + 1)
    for number in range(recipe.mailings):
        sent = now - (recipe.mailings - number) * 3_600_000 - 8 * DAY
        mailing_id = insert_sent(conn, account, number, sent, recipe.group_ids)
        first = people[number * 7_919 % room] if people else 0
        values = {"account": account.id, "first": first, "count": recipe.recipients, "leaving": 1}
        rows += fill(conn, WINDOW, {"mailing": mailing_id, "sent": sent, "salt": recipe.seed + number, **values})
        ids.append(mailing_id)
    if many:
        conn.execute(RECIPIENT_INDEX)
    touch(conn, account.id, shape=False)
    return (ids[0], ids[-1], rows) if ids else (0, 0, 0)


def insert_sent(conn: sqlite3.Connection, account: Account, number: int, sent: int, group_ids: tuple[int, ...]) -> int:
    subject = SUBJECTS[number % len(SUBJECTS)].format(number + 1)
    language = "en_ca" if number % len(SUBJECTS) == 2 else "fr_ca"
    cursor = conn.execute(
        "INSERT INTO mailings (account_id, subject, language, scheduled_on, started_on, created_on, starts_on, ends_on,"
        " done, mail_from, from_name, reply_to) VALUES (?1, ?2, ?3, ?4, ?4, ?4, ?4, ?5, 1, ?6, ?7, ?6)",
        (account.id, subject, language, sent, sent + 30_000, account.email, account.name),
    )
    mailing_id = int(cursor.lastrowid or 0)
    conn.executemany("INSERT INTO mailing_groups VALUES (?, ?)", [(one, mailing_id) for one in group_ids])
    html = HTML.format(f"edition-{number + 1}")
    conn.execute("INSERT INTO mailing_bodies (mailing_id, html, text) VALUES (?, ?, ?)", (mailing_id, html, subject))
    add_links(conn, mailing_id)
    return mailing_id


def fill(conn: sqlite3.Connection, people: str, values: dict[str, int]) -> int:
    """Recipients (the ids of the query ``people``) and clicks of a mailing sent long ago; how many recipients.

    ``values``: ``mailing``, ``sent`` (milliseconds), ``salt``, ``leaving`` (0: nobody bounces hard or unsubscribes), and
    the parameters of ``people``.
    """
    mailing = {"mailing": values["mailing"]}
    targets = conn.execute("SELECT group_concat(group_id) FROM mailing_groups WHERE mailing_id = :mailing", mailing)
    groups = f",{targets.fetchone()[0] or ''},"
    made = conn.execute(RECIPIENTS.format(people=people), {**values, "groups": groups}).rowcount
    links = conn.execute("SELECT id FROM mailing_links WHERE mailing_id = :mailing ORDER BY id", mailing).fetchall()
    for some, (link,) in enumerate(links[:2]):
        conn.execute(CLICKS, {"link": link, "some": some, **mailing})
    conn.execute("UPDATE mailings SET recipients_count = :made WHERE id = :mailing", {"made": made, **mailing})
    return made
