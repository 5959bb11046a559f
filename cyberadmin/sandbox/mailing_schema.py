"""Tables of mailings and templates, and how a store made before they existed gets them.

A recipient is written when its mailing starts and stays for good: what it says of that day (``groups``) must survive
every later change, and somebody who is deleted stays countable (people.py, ERASED).
"""

from __future__ import annotations

import sqlite3

MAILING_TABLES = """
CREATE TABLE IF NOT EXISTS senders (
    account_id INTEGER NOT NULL, email_fold TEXT NOT NULL, email TEXT NOT NULL,
    PRIMARY KEY (account_id, email_fold)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mailings (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL, subject TEXT NOT NULL, language TEXT NOT NULL,
    scheduled_on INTEGER NOT NULL, started_on INTEGER);
CREATE TABLE IF NOT EXISTS mailing_groups (
    group_id INTEGER NOT NULL, mailing_id INTEGER NOT NULL, PRIMARY KEY (group_id, mailing_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mailing_groups_by_mailing ON mailing_groups (mailing_id, group_id);
CREATE TABLE IF NOT EXISTS mailing_bodies (
    mailing_id INTEGER PRIMARY KEY, html TEXT NOT NULL, text TEXT NOT NULL, options TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS mailing_links (
    id INTEGER PRIMARY KEY AUTOINCREMENT, mailing_id INTEGER NOT NULL, url TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS mailing_links_by_mailing ON mailing_links (mailing_id, id);
CREATE TABLE IF NOT EXISTS mailing_clicks (
    link_id INTEGER NOT NULL, member_id INTEGER NOT NULL, clicks INTEGER NOT NULL,
    PRIMARY KEY (link_id, member_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recipients (
    mailing_id INTEGER NOT NULL, member_id INTEGER NOT NULL, groups TEXT NOT NULL, sent_on INTEGER, opened_on INTEGER,
    clicked_on INTEGER, hard_bounced_on INTEGER, soft_bounced_on INTEGER, unsubscribed_on INTEGER,
    PRIMARY KEY (mailing_id, member_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mailing_events (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, mailing_id INTEGER NOT NULL, member_id INTEGER NOT NULL,
    kind TEXT NOT NULL, link_id INTEGER);
CREATE INDEX IF NOT EXISTS mailing_events_due ON mailing_events (at, id);
CREATE TABLE IF NOT EXISTS templates (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL, title TEXT NOT NULL, html TEXT NOT NULL,
    text TEXT NOT NULL, created_on INTEGER NOT NULL, updated_on INTEGER NOT NULL, usage INTEGER NOT NULL DEFAULT 0,
    language TEXT NOT NULL DEFAULT '', subject TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS templates_by_account ON templates (account_id, id);
"""
RECIPIENT_INDEX = "CREATE INDEX IF NOT EXISTS recipients_by_member ON recipients (member_id, mailing_id)"
# ``starts_on`` is when the sandbox starts it, ``scheduled_on`` what was asked for; ``outcomes`` null follows the setting.
COLUMNS = {
    "accounts": {"timezone": "TEXT NOT NULL DEFAULT 'America/Toronto'"},
    "mailings": {
        "created_on": "INTEGER NOT NULL DEFAULT 0", "starts_on": "INTEGER NOT NULL DEFAULT 0", "ends_on": "INTEGER",
        "done": "INTEGER NOT NULL DEFAULT 0", "stopped_on": "INTEGER", "archived_on": "INTEGER",
        "cancelled": "INTEGER NOT NULL DEFAULT 0", "mail_from": "TEXT NOT NULL DEFAULT ''",
        "from_name": "TEXT NOT NULL DEFAULT ''", "reply_to": "TEXT NOT NULL DEFAULT ''",
        "anonymized": "INTEGER NOT NULL DEFAULT 0", "recipients_count": "INTEGER NOT NULL DEFAULT 0",
        "forwarded": "INTEGER NOT NULL DEFAULT 0", "outcomes": "INTEGER",
    },
}  # fmt: skip
DUE_INDEXES = (
    "CREATE INDEX IF NOT EXISTS mailings_by_account ON mailings (account_id, id)",
    "CREATE INDEX IF NOT EXISTS mailings_to_start ON mailings (starts_on) WHERE started_on IS NULL",
    "CREATE INDEX IF NOT EXISTS mailings_to_end ON mailings (ends_on) WHERE started_on IS NOT NULL AND done = 0",
)


def prepare(conn: sqlite3.Connection) -> None:
    """Make the tables, add the columns that an older file lacks, and move its deliveries."""
    conn.executescript(MAILING_TABLES)
    for table, columns in COLUMNS.items():
        present = {row[1] for row in conn.execute(f"PRAGMA table_info({table})")}
        for name, declaration in columns.items():
            if name not in present:
                conn.execute(f"ALTER TABLE {table} ADD COLUMN {name} {declaration}")
    if conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'deliveries'").fetchone():
        _move_deliveries(conn)
    for statement in (RECIPIENT_INDEX, *DUE_INDEXES):
        conn.execute(statement)


def _move_deliveries(conn: sqlite3.Connection) -> None:
    conn.executescript(
        """
        BEGIN;
        INSERT INTO recipients (mailing_id, member_id, groups, sent_on, opened_on)
            SELECT d.mailing_id, d.member_id,
                (SELECT ',' || group_concat(g.group_id) || ',' FROM mailing_groups g WHERE g.mailing_id = d.mailing_id),
                d.sent_on, d.opened_on
            FROM deliveries d WHERE EXISTS (SELECT 1 FROM mailing_groups g WHERE g.mailing_id = d.mailing_id);
        UPDATE mailings SET created_on = scheduled_on, starts_on = scheduled_on, ends_on = started_on,
            done = started_on IS NOT NULL,
            recipients_count = (SELECT count(*) FROM recipients r WHERE r.mailing_id = mailings.id);
        DROP TABLE deliveries;
        COMMIT;
        """
    )
