"""Mailings, templates and senders of the demo accounts: sent with outcomes, archived, stopped, and two to come."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from cyberadmin.sandbox.dates import EASTERN, add_months, day_of, day_start, months_since
from cyberadmin.sandbox.generate import HORIZON
from cyberadmin.sandbox.generate_mailings import DAY, fill
from cyberadmin.sandbox.mailing_runner import add_links
from cyberadmin.sandbox.people import fold
from cyberadmin.sandbox.seed_bodies import Look, page, plain_text
from cyberadmin.sandbox.store import Account, Store

HALF_PAST_EIGHT = 30_600_000
# Between the planned time and the real start, as in the vendor's sample.
LATENESS = 4_517
RUN = 30_000
MEMBERS = (
    "SELECT x.member_id AS id FROM memberships x JOIN members m ON m.id = x.member_id"
    " WHERE x.group_id = :group AND m.joined_on < :sent"
)
# Each of the people who left did so through one of the mailings, more through the large ones.
LEAVERS = """
    INSERT INTO recipients
    SELECT :mailing, id, :groups, :sent, iif(state = 1, :sent + 600000 + id % 997 * 60000, NULL), NULL,
        iif(state = 2, :sent + 4000 + id % 97 * 1000, NULL), NULL, iif(state = 1, :sent + 660000 + id % 997 * 60000, NULL)
    FROM members WHERE account_id = :account AND state IN (1, 2) AND id * 7919 % 1000 BETWEEN :low AND :high
        AND joined_on < :sent
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """One mailing: sent on ``day``, or scheduled so many ``days`` after the seed; ``group`` is a place in the demo's list."""

    subject: str
    language: str
    group: int
    day: date | None = None
    days: int = 0
    end: str = "sent"
    mail_from: str | None = None
    anonymized: bool = False


@dataclass(frozen=True, slots=True)
class MailDemo:
    """The mailings of one demo account; ``templates`` are titles with a language, one may have no title."""

    look: Look
    sender: str
    templates: tuple[tuple[str, str], ...]
    plans: tuple[Plan, ...] = field(default=())


DEMOS = {
    "musee.rivenord": MailDemo(
        Look("Musée de la Rive-Nord", "1200, rue des Cèdres, Longueuil (Québec)  J4K 0A0", "#23415f"),
        "infolettre@musee.example.org",
        (("Infolettre mensuelle", "fr_ca"), ("Monthly newsletter", "en_ca"), ("Invitation au vernissage", "fr_ca"),
         ("", "fr_ca")),
        (Plan("Journée des musées", "fr_ca", 3, date(2025, 5, 12), mail_from=""),
         Plan("Été au musée", "fr_ca", 0, date(2025, 6, 20), end="archived"),
         Plan("The lighthouse keepers", "en_ca", 2, date(2025, 8, 14)),
         Plan("Nocturne d’octobre", "fr_ca", 0, date(2025, 9, 22)),
         Plan("Merci à nos mécènes", "fr_ca", 4, date(2025, 9, 24), anonymized=True),
         Plan("Rentrée scolaire : visites guidées", "fr_ca", 3, date(2025, 9, 26), end="stopped"),
         Plan("Vernissage : lumières du fleuve", "fr_ca", 0, days=3), Plan("Winter at the museum", "en_ca", 2, days=9)),
    ),
    "festival.lanternes": MailDemo(
        Look("Festival des Lanternes", "45, place du Marché, Québec (Québec)  G1K 0A0", "#8a3b12"),
        "nouvelles@lanternes.example.org",
        (("Annonce de programmation", "fr_ca"), ("Line-up announcement", "en_ca"), ("Mot aux bénévoles", "fr_ca")),
        (Plan("Merci aux bénévoles", "fr_ca", 2, date(2025, 3, 2), end="archived"),
         Plan("Passeports en prévente", "fr_ca", 3, date(2025, 5, 6)),
         Plan("La programmation est arrivée!", "fr_ca", 0, date(2025, 9, 3)),
         Plan("Line-up revealed", "en_ca", 1, date(2025, 9, 3)),
         Plan("Communiqué : une première mondiale", "fr_ca", 4, date(2025, 9, 16), end="stopped"),
         Plan("Dernière semaine avant l’ouverture", "fr_ca", 0, days=2), Plan("One week to go", "en_ca", 1, days=2)),
    ),
    "coop.bellerive": MailDemo(
        Look("Coopérative Belle-Rive", "8, chemin de la Rive, Rimouski (Québec)  G5L 0A0", "#2f5d3a"),
        "circulaire@bellerive.example.com",
        (("Circulaire de la semaine", "fr_ca"), ("Avis aux membres", "fr_ca"), ("Notice to members", "en_ca")),
        (Plan("Assemblée générale", "fr_ca", 0, date(2025, 4, 8), end="archived"),
         Plan("Ristournes de l’année", "fr_ca", 0, date(2025, 9, 15)),
         Plan("Your patronage refund", "en_ca", 0, date(2025, 9, 15), anonymized=True),
         Plan("Circulaire : pommes et courges", "fr_ca", 1, date(2025, 9, 25), end="stopped"),
         Plan("Circulaire : récoltes d’automne", "fr_ca", 1, days=4), Plan("Notice of meeting", "en_ca", 0, days=12)),
    ),
    "theatre.petitquai": MailDemo(
        Look("Théâtre du Petit Quai", "310, rue du Quai, Sorel-Tracy (Québec)  J3P 0A0", "#5a2a4f"),
        "saison@petitquai.example.org",
        (("Annonce de saison", "fr_ca"), ("Season announcement", "en_ca")),
        (Plan("Matinées scolaires", "fr_ca", 2, date(2025, 6, 3), end="archived"),
         Plan("La saison en un coup d’œil", "fr_ca", 1, date(2025, 8, 25)),
         Plan("The season at a glance", "en_ca", 0, date(2025, 8, 25)),
         Plan("Dernières places", "fr_ca", 0, date(2025, 9, 26), end="stopped"),
         Plan("Supplémentaires en vente", "fr_ca", 1, days=5), Plan("Extra shows on sale", "en_ca", 0, days=6)),
    ),
}  # fmt: skip


def seed_mailings(store: Store, conn: sqlite3.Connection, account_id: int, group_ids: list[int]) -> None:
    """Fill one demo account; planned mailings lie after the store's clock, all others before it."""
    account = next(one for one in store.accounts(conn) if one.id == account_id)
    demo = DEMOS[account.username]
    conn.execute("INSERT INTO senders VALUES (?, ?, ?)", (account_id, fold(demo.sender), demo.sender))
    _seed_templates(conn, account_id, demo)
    sent: list[tuple[Plan, int, int, int]] = []
    for plan in demo.plans:
        at = _moment(plan, store.clock.now())
        mailing_id = _insert(conn, account, demo, plan, group_ids[plan.group], at)
        if plan.day is not None:
            started = at + LATENESS
            sent.append((plan, mailing_id, started, _send(conn, mailing_id, group_ids[plan.group], started)))
    total, low = sum(one[3] for one in sent), 0
    for plan, mailing_id, started, count in sent:
        high = low + 1000 * count // total
        _leave(conn, account_id, mailing_id, started, (low, high - 1))
        _close(conn, plan, mailing_id, started)
        low = high


def _moment(plan: Plan, now: int) -> int:
    if plan.day is not None:
        # Whole years later: an autumn stays an autumn.
        return day_start(add_months(plan.day, months_since(HORIZON, now) // 12 * 12)) + HALF_PAST_EIGHT
    # Written as wall time: a change of the clocks on the way must not move it.
    morning = datetime.combine(day_of(now) + timedelta(days=plan.days), time(8, 30), EASTERN)
    return int(morning.timestamp()) * 1000


def _seed_templates(conn: sqlite3.Connection, account_id: int, demo: MailDemo) -> None:
    for number, (title, language) in enumerate(demo.templates):
        made = day_start(date(2024, 2 + number, 6)) + 40_519_230
        changed = made if number % 2 else made + 190 * DAY
        heading = "[TITRE]" if language == "fr_ca" else "[TITLE]"
        row = (account_id, title, page(demo.look, heading, language), plain_text(demo.look, heading, language),
               made, changed, 3 * len(demo.templates) - 3 * number, language, heading)  # fmt: skip
        conn.execute(
            "INSERT INTO templates (account_id, title, html, text, created_on, updated_on, usage, language, subject)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )


def _insert(
    conn: sqlite3.Connection, account: Account, demo: MailDemo, plan: Plan, group_id: int, scheduled: int
) -> int:
    created = scheduled - 2 * DAY if plan.day is not None else scheduled - 20 * DAY
    mail_from = demo.sender if plan.mail_from is None else plan.mail_from
    cursor = conn.execute(
        "INSERT INTO mailings (account_id, subject, language, scheduled_on, created_on, starts_on, mail_from, from_name,"
        " reply_to, anonymized) VALUES (?1, ?2, ?3, ?4, ?5, ?4, ?6, ?7, ?8, ?9)",
        (account.id, plan.subject, plan.language, scheduled, created, mail_from, account.name, account.email,
         plan.anonymized),
    )  # fmt: skip
    mailing_id = int(cursor.lastrowid or 0)
    conn.execute("INSERT INTO mailing_groups VALUES (?, ?)", (group_id, mailing_id))
    bodies = (page(demo.look, plan.subject, plan.language), plain_text(demo.look, plan.subject, plan.language))
    conn.execute("INSERT INTO mailing_bodies (mailing_id, html, text) VALUES (?, ?, ?)", (mailing_id, *bodies))
    return mailing_id


def _send(conn: sqlite3.Connection, mailing_id: int, group_id: int, sent: int) -> int:
    conn.execute("UPDATE mailings SET started_on = ?, ends_on = ?, done = 1, forwarded = ? WHERE id = ?",
                 (sent, sent + RUN, mailing_id % 4, mailing_id))  # fmt: skip
    add_links(conn, mailing_id)
    values = {"mailing": mailing_id, "sent": sent, "salt": mailing_id, "leaving": 0, "group": group_id}
    return fill(conn, MEMBERS, values)


def _leave(conn: sqlite3.Connection, account_id: int, mailing_id: int, sent: int, chances: tuple[int, int]) -> None:
    """The contacts tell the same day of leaving as the mailing, where they tell one."""
    groups = conn.execute("SELECT ',' || group_id || ',' FROM mailing_groups WHERE mailing_id = ?", (mailing_id,))
    values = {"mailing": mailing_id, "groups": groups.fetchone()[0], "sent": sent, "account": account_id,
              "low": chances[0], "high": chances[1]}  # fmt: skip
    conn.execute(LEAVERS, values)
    for column, stamp in (("unsubscribed_on", "unsubscribed_on"), ("bounced_on", "hard_bounced_on")):
        conn.execute(
            f"UPDATE members SET {column} = (SELECT r.{stamp} FROM recipients r"
            " WHERE r.mailing_id = :mailing AND r.member_id = members.id)"
            f" WHERE {column} IS NOT NULL AND id IN"
            f" (SELECT member_id FROM recipients WHERE mailing_id = :mailing AND {stamp} IS NOT NULL)",
            {"mailing": mailing_id},
        )
    count = "(SELECT count(*) FROM recipients WHERE mailing_id = mailings.id)"
    conn.execute(f"UPDATE mailings SET recipients_count = {count} WHERE id = ?", (mailing_id,))


def _close(conn: sqlite3.Connection, plan: Plan, mailing_id: int, sent: int) -> None:
    if plan.end == "archived":
        conn.execute("UPDATE mailings SET archived_on = ? WHERE id = ?", (sent + 60 * DAY, mailing_id))
    elif plan.end == "stopped":
        stopped = sent + RUN // 3
        conn.execute("UPDATE mailings SET stopped_on = ?1, ends_on = ?1 WHERE id = ?2", (stopped, mailing_id))
        conn.execute(
            "UPDATE recipients SET sent_on = NULL, opened_on = NULL, clicked_on = NULL, soft_bounced_on = NULL"
            " WHERE mailing_id = ? AND sent_on > ?",
            (mailing_id, stopped),
        )
        conn.execute(
            "DELETE FROM mailing_clicks WHERE link_id IN (SELECT id FROM mailing_links WHERE mailing_id = ?1)"
            " AND member_id IN (SELECT member_id FROM recipients WHERE mailing_id = ?1 AND sent_on IS NULL)",
            (mailing_id,),
        )
