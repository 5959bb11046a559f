"""Rows of the mailings table and what the API shows of one: counters, rates, links, groups."""

from __future__ import annotations

import hashlib
import hmac
import re
import sqlite3
from dataclasses import dataclass, fields

import orjson

from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.dates import DateStyle
from cyberadmin.sandbox.mailing_bodies import NewMailing
from cyberadmin.sandbox.mailing_runner import SCHEDULED, SENDING, SENT, STOPPED
from cyberadmin.sandbox.people import numeric_id
from cyberadmin.sandbox.settings import Settings
from cyberadmin.sandbox.wire import Json, not_found

VIEW_ONLINE = "https://newsletters.example.com/newsletter-view-online?ct="
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Mailing:
    """One row. Times are UTC milliseconds; ``ends_on`` is when the last mail leaves."""

    id: int
    account_id: int
    subject: str
    language: str
    scheduled_on: int
    started_on: int | None
    ends_on: int | None
    done: int
    stopped_on: int | None
    archived_on: int | None
    mail_from: str
    from_name: str
    reply_to: str
    anonymized: int
    recipients_count: int
    forwarded: int

    @property
    def state(self) -> str:
        if self.started_on is None:
            return SCHEDULED
        if self.stopped_on is not None:
            return STOPPED
        return SENT if self.done else SENDING

    def status(self, settings: Settings) -> str:
        """As the API words it (api/README.md 6, row 32)."""
        if self.archived_on is not None and settings.text("status_archived") == "archived":
            return "archived"
        state = self.state
        return settings.text(f"status_{state}") if state in (SENDING, STOPPED) else state


MAILING_COLUMNS = ", ".join(f"m.{one.name}" for one in fields(Mailing))


def find_mailing(call: Call, text: str) -> Mailing:
    """The mailing of an id as text. Raises ApiProblem 404."""
    row = call.conn.execute(
        f"SELECT {MAILING_COLUMNS} FROM mailings m WHERE m.account_id = ? AND m.id = ? AND m.cancelled = 0",
        (call.account.id, numeric_id(text)),
    ).fetchone()
    if row is None:
        raise not_found()
    return Mailing(*row)


def insert_mailing(call: Call, new: NewMailing) -> int:
    """Store a scheduled mailing; its id."""
    late = call.hints.get("mailing_late", 0)
    delay = call.settings.amount("mailing_start_seconds") + (late if isinstance(late, (int, float)) else 0)
    cursor = call.conn.execute(
        "INSERT INTO mailings (account_id, subject, language, scheduled_on, created_on, starts_on, mail_from, from_name,"
        " reply_to, anonymized, outcomes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            call.account.id,
            new.subject,
            new.language,
            new.scheduled_on,
            call.now,
            new.scheduled_on + int(delay * 1000),
            new.mail_from,
            new.from_name,
            new.reply_to,
            new.anonymized,
            new.outcomes,
        ),
    )
    mailing_id = int(cursor.lastrowid or 0)
    rows = [(group_id, mailing_id) for group_id in new.group_ids]
    call.conn.executemany("INSERT INTO mailing_groups VALUES (?, ?)", rows)
    options = orjson.dumps(new.options).decode()
    call.conn.execute("INSERT INTO mailing_bodies VALUES (?, ?, ?, ?)", (mailing_id, new.html, new.text, options))
    return mailing_id


def remove_mailing(conn: sqlite3.Connection, mailing_id: int) -> None:
    """A scheduled mailing goes without a trace: nobody was written to."""
    conn.execute("DELETE FROM mailing_groups WHERE mailing_id = ?", (mailing_id,))
    conn.execute("DELETE FROM mailing_bodies WHERE mailing_id = ?", (mailing_id,))
    conn.execute("DELETE FROM mailings WHERE id = ?", (mailing_id,))


def mailing_item(call: Call, mailing: Mailing, dates: DateStyle) -> Json:
    """One mailing as GET shows it (schema Mailing); parts may be kept back by settings (engine.md 6)."""
    item: Json = {
        "id": mailing.id,
        "subject": mailing.subject,
        "language": mailing.language,
        "startedOn": dates.show(mailing.started_on),
        "scheduledOn": dates.text(mailing.scheduled_on),
        "replyTo": mailing.reply_to,
        **_body(call, mailing),
        **_counters(call, mailing),
        "status": mailing.status(call.settings),
        "mailFrom": mailing.mail_from,
        "fromName": mailing.from_name,
        "mailingStatistics": "anonymized" if mailing.anonymized else "detailed",
        "links": links_of(call.conn, mailing.id),
        "recipientGroups": _groups(call.conn, mailing.id),
        "viewOnlineURL": VIEW_ONLINE + _key(call, mailing),
    }
    for setting, names in (
        ("mailing_body", ("bodyHtml", "bodyText")),
        ("mailing_groups", ("recipientGroups",)),
        ("mailing_send_at", ("scheduledOn",)),
    ):
        _keep_back(item, names, call.settings.text(setting))
    return item


def _keep_back(item: Json, names: tuple[str, ...], choice: str) -> None:
    for name in names:
        if choice == "absent":
            del item[name]
        elif choice == "null":
            item[name] = None
        elif choice == "empty":
            item[name] = [] if isinstance(item[name], list) else ""


def _body(call: Call, mailing: Mailing) -> Json:
    row = call.conn.execute("SELECT html, text FROM mailing_bodies WHERE mailing_id = ?", (mailing.id,)).fetchone()
    html, text = row or ("", "")
    if call.settings.text("html_comments") == "stripped":
        html = COMMENT.sub("", html)
    return {"bodyHtml": html, "bodyText": text}


def _counters(call: Call, mailing: Mailing) -> Json:
    """Before the start all of them are 0, the recipients too (sample of POST /mailings)."""
    row = call.conn.execute(
        "SELECT count(*), total(sent_on <= ?1), total(hard_bounced_on IS NOT NULL), total(soft_bounced_on IS NOT NULL),"
        " total(sent_on <= ?1 AND hard_bounced_on IS NULL AND soft_bounced_on IS NULL),"
        " total(opened_on IS NOT NULL), total(clicked_on IS NOT NULL) FROM recipients WHERE mailing_id = ?2",
        (call.now, mailing.id),
    ).fetchone()
    recipients, sent, hard, soft, delivered, views, clicks = map(int, row)
    divisor = views if call.settings.text("click_rate_of") == "views" else delivered
    return {
        "recipientsCount": recipients,
        "emailsSent": sent,
        "emailsDelivered": delivered,
        "emailsStopped": recipients - sent if mailing.stopped_on is not None else 0,
        "views": views,
        "clicks": clicks,
        "sentToFriend": mailing.forwarded,
        "incorrectAddresses": hard,
        "technicalProblems": soft,
        "deliveryRate": _rate(delivered, sent),
        "clickRate": _rate(clicks, divisor),
        "viewRate": _rate(views, delivered),
    }


def _rate(part: int, whole: int) -> float:
    """A fraction; 0 when there is nothing to divide by (api/README.md 6, row 33)."""
    return round(min(part / whole, 1), 3) if whole else 0


def links_of(conn: sqlite3.Connection, mailing_id: int) -> list[Json]:
    """The links of a mailing that started, with the people who clicked and all their clicks."""
    rows = conn.execute(
        "SELECT k.id, k.url, count(c.member_id), coalesce(sum(c.clicks), 0) FROM mailing_links k"
        " LEFT JOIN mailing_clicks c ON c.link_id = k.id WHERE k.mailing_id = ? GROUP BY k.id ORDER BY k.id",
        (mailing_id,),
    )
    return [{"id": id, "url": url, "clicksUnique": unique, "clicksTotal": total} for id, url, unique, total in rows]


def _groups(conn: sqlite3.Connection, mailing_id: int) -> list[Json]:
    rows = conn.execute(
        "SELECT g.id, g.title FROM mailing_groups x JOIN groups g ON g.id = x.group_id"
        " WHERE x.mailing_id = ? ORDER BY g.id",
        (mailing_id,),
    )
    return [{"id": id, "title": title} for id, title in rows]


def _key(call: Call, mailing: Mailing) -> str:
    return hmac.new(call.secret.encode(), f"view:{mailing.id}".encode(), hashlib.sha256).hexdigest()[:24]
