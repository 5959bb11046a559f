"""Tables of the sandbox's store; those of mailings and templates are in mailing_schema.py.

The indexes end in what a list needs beyond its order, so that a rank is found without touching the rows. Counts of
group members and of a member's groups are kept by triggers: no handler can forget one. ``accounts.shape`` and
``accounts.content`` are the versions that cached ranks are checked against (lists.py); they live in the store so that
a reader sees the version of its own snapshot.
"""

MEMBER_INDEXES = """
CREATE INDEX IF NOT EXISTS members_by_id ON members (account_id, state, id, orphan);
CREATE INDEX IF NOT EXISTS members_by_email ON members (account_id, state, email_fold, id, orphan);
CREATE INDEX IF NOT EXISTS members_by_joined ON members (account_id, state, joined_on, id, orphan);
CREATE INDEX IF NOT EXISTS members_by_updated ON members (account_id, state, updated_on, id, orphan);
"""
MEMBER_INDEX_NAMES = ("members_by_id", "members_by_email", "members_by_joined", "members_by_updated")

MEMBERSHIP_TRIGGERS = """
CREATE TRIGGER IF NOT EXISTS membership_added AFTER INSERT ON memberships BEGIN
    UPDATE members SET group_count = group_count + 1 WHERE id = NEW.member_id;
    UPDATE groups SET members_count = members_count + 1 WHERE id = NEW.group_id;
END;
CREATE TRIGGER IF NOT EXISTS membership_removed AFTER DELETE ON memberships BEGIN
    UPDATE members SET group_count = group_count - 1 WHERE id = OLD.member_id;
    UPDATE groups SET members_count = members_count - 1 WHERE id = OLD.group_id;
END;
"""

TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS accounts (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, username TEXT NOT NULL UNIQUE, password TEXT NOT NULL,
    email TEXT NOT NULL, shape INTEGER NOT NULL DEFAULT 0, content INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL, unique_id TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE, expires_on INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS customfields (
    account_id INTEGER NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
    PRIMARY KEY (account_id, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS members (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL, state INTEGER NOT NULL,
    email TEXT NOT NULL, email_fold TEXT NOT NULL, firstname TEXT NOT NULL, lastname TEXT NOT NULL,
    company TEXT NOT NULL, gender TEXT NOT NULL, language TEXT NOT NULL, postal_code TEXT NOT NULL,
    country TEXT NOT NULL, note TEXT NOT NULL, birthdate TEXT, custom TEXT NOT NULL, joined_on INTEGER NOT NULL,
    updated_on INTEGER, consent_type TEXT NOT NULL, relation_type TEXT, consent_date INTEGER,
    consent_expiration INTEGER, consent_proof TEXT NOT NULL, unsubscribed_on INTEGER, bounced_on INTEGER,
    received INTEGER NOT NULL, opened INTEGER NOT NULL, clicked INTEGER NOT NULL,
    group_count INTEGER NOT NULL DEFAULT 0, orphan INTEGER GENERATED ALWAYS AS (group_count = 0) VIRTUAL);
CREATE TABLE IF NOT EXISTS deleted_addresses (
    account_id INTEGER NOT NULL, email_fold TEXT NOT NULL, PRIMARY KEY (account_id, email_fold)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL, title TEXT NOT NULL,
    is_public INTEGER NOT NULL, is_dynamic INTEGER NOT NULL, created_on INTEGER NOT NULL,
    members_count INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS groups_by_account ON groups (account_id, id);
CREATE TABLE IF NOT EXISTS memberships (
    group_id INTEGER NOT NULL, member_id INTEGER NOT NULL, PRIMARY KEY (group_id, member_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS memberships_by_member ON memberships (member_id, group_id);
CREATE TABLE IF NOT EXISTS optins (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL, email TEXT NOT NULL, body TEXT NOT NULL,
    group_ids TEXT NOT NULL, created_on INTEGER NOT NULL, clicked_on INTEGER);
CREATE TABLE IF NOT EXISTS batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
    created_on INTEGER NOT NULL, starts_on INTEGER NOT NULL, ends_on INTEGER NOT NULL, result TEXT,
    stuck INTEGER NOT NULL DEFAULT 0, hidden INTEGER NOT NULL DEFAULT 0, twist TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS batches_due ON batches (ends_on) WHERE result IS NULL AND stuck = 0;
CREATE TABLE IF NOT EXISTS journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, source TEXT NOT NULL, account_id INTEGER NOT NULL,
    operation TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, kind TEXT NOT NULL, ids TEXT NOT NULL,
    email TEXT, before TEXT, after TEXT, body TEXT, batch_id INTEGER);
CREATE INDEX IF NOT EXISTS journal_by_account ON journal (account_id, seq);
"""

# Ids start where the vendor's samples stand, so that no table's ids are mistaken for another's.
FIRST_IDS = {
    "members": 4_180_000, "groups": 20_400, "mailings": 31_300, "optins": 5_500, "batches": 9_000, "tokens": 0,
    "mailing_links": 77_100, "templates": 1_800,
}  # fmt: skip
