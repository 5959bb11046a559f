"""Mailings between our words and the vendor's (api/README.md 4.7). Nothing here makes a request."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from cyberadmin.api import types
from cyberadmin.api.types.fields import UNSET, Unset
from cyberadmin.sync.clock import now
from cyberadmin.sync.resource import Seen, Values

from .models import Mailing
from .times import WIRE_ZONE

#: What an integer column of PostgreSQL holds.
MOST = 2**31 - 1
LONGEST_URL = 4_000
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
MARK = re.compile(r"<!--\s*ca:([0-9a-f-]{36})\s*-->")
TEXTS = ("subject", "language", "mail_from", "from_name", "reply_to")
COUNTERS = (
    "recipients_count",
    "emails_sent",
    "emails_delivered",
    "emails_stopped",
    "views",
    "clicks",
    "sent_to_friend",
    "incorrect_addresses",
    "technical_problems",
)
RATES = ("delivery_rate", "view_rate", "click_rate")
STAGES = set(Mailing.Stage.values) - {Mailing.Stage.NEW.value}


def values_of(mailing: Mailing) -> Values:
    """The values of a row that are compared with the vendor's. Bodies are not: it may keep or change them as it likes."""
    values: Values = {name: getattr(mailing, name) for name in TEXTS}
    values["send_at"] = said(mailing.send_at)
    values["group_ids"] = list(mailing.group_ids)
    return values


def assign(mailing: Mailing, values: Values) -> None:
    """Put values into a row's columns (not saved)."""
    for name, value in values.items():
        if name == "send_at":
            mailing.send_at = datetime.fromisoformat(value) if value else None
        else:
            setattr(mailing, name, value if value is not None else "")


def said(moment: datetime | None) -> str | None:
    """A moment as text: equal texts are equal moments."""
    return moment.astimezone(UTC).isoformat() if moment else None


def write_of(mailing: Mailing) -> types.MailingWrite:
    """The mailing as it is sent. Raises nothing; `to_json` of it raises ValueError for a time that cannot be said."""
    return types.MailingWrite(
        subject=mailing.subject,
        language=mailing.language,
        groups=list(mailing.group_ids),
        send_at=cast(datetime, mailing.send_at),
        zone=WIRE_ZONE,
        reply_to=_given(mailing.reply_to),
        from_name=_given(mailing.from_name),
        mail_from=_given(mailing.mail_from),
        body_html=_given(mailing.html_sent),
        body_text=_given(mailing.body_text),
    )


def _given(text: str) -> str | Unset:
    return text or UNSET


def seen_detail(detail: types.Mailing, row: Mailing | None = None) -> Seen:
    """A mailing with its results. What the vendor does not tell keeps the value of `row` (api/README.md 3)."""
    values = values_of(row or Mailing())
    values |= {name: clean(name, text) for name in TEXTS if (text := getattr(detail, name)) is not None}
    if detail.scheduled_at is not None:
        values["send_at"] = said(detail.scheduled_at)
    elif values["send_at"] is None:
        values["send_at"] = said(detail.started_at)
    extra: Values = {"details_at": now(), "status": (detail.status or "")[:40], "stage": _stage(detail, row)}
    if detail.recipient_groups or (detail.recipient_groups is not None and not (row and row.is_ours)):
        values["group_ids"] = sorted({group.id for group in detail.recipient_groups})
        extra["groups"] = [{"id": group.id, "title": _text(group.title, 250)} for group in detail.recipient_groups]
    extra |= {name: min(int(n), MOST) for name in COUNTERS if (n := getattr(detail, name)) is not None}
    extra |= {name: rate for name in RATES if (rate := getattr(detail, name)) is not None}
    extra |= _other_details(detail)
    if detail.body_html or detail.body_text:
        extra |= {"body_available": True, "body_html": clean("body_html", detail.body_html or "")}
        extra["body_text"] = clean("body_text", detail.body_text or "")
    return Seen(values, detail.id, extra)


def _other_details(detail: types.Mailing) -> Values:
    extra: Values = {}
    if detail.started_at is not None:
        extra["started_at"] = detail.started_at
    if detail.view_online_url is not None:
        extra["view_online_url"] = clean("view_online_url", detail.view_online_url)
    if detail.mailing_statistics is not None:
        extra["is_anonymized"] = detail.mailing_statistics == "anonymized"
    if detail.links is not None:
        extra["links"] = [
            {
                "id": link.id,
                "url": _text(link.url, LONGEST_URL),
                "clicks_unique": min(link.clicks_unique, MOST),
                "clicks_total": min(link.clicks_total, MOST),
            }
            for link in detail.links
        ]
    return extra


def _stage(detail: types.Mailing, row: Mailing | None) -> str:
    if detail.status == Mailing.Stage.SCHEDULED and detail.started_at is not None:
        return Mailing.Stage.SENDING
    if detail.status == Mailing.Stage.SENT and row is not None and row.archived_at is not None:
        return Mailing.Stage.ARCHIVED
    if detail.status in STAGES:
        return str(detail.status)
    return Mailing.Stage.SENT if detail.started_at is not None else Mailing.Stage.SCHEDULED


def seen_row(item: types.ScheduledMailing | types.SentMailing, row: Mailing | None = None) -> Seen:
    """A listed mailing: what lists leave out keeps the value of `row`."""
    values = values_of(row or Mailing())
    values |= {name: clean(name, getattr(item, name)) for name in ("subject", "language", "mail_from")}
    extra: Values = {"recipients_count": min(item.recipients_count, MOST)}
    if isinstance(item, types.ScheduledMailing):
        values["send_at"] = said(item.scheduled_at)
        return Seen(values, item.id, extra | {"stage": Mailing.Stage.SCHEDULED})
    if item.started_at is not None:
        extra["started_at"] = item.started_at
        values["send_at"] = values["send_at"] or said(item.started_at)
    if isinstance(item, types.ArchivedMailing):
        return Seen(values, item.id, extra | {"stage": Mailing.Stage.ARCHIVED, "archived_at": item.archived_at})
    # A detail may know better that it is still being sent or was stopped.
    keeps = row is not None and row.stage in (Mailing.Stage.SENDING, Mailing.Stage.STOPPED, Mailing.Stage.SENT)
    return Seen(values, item.id, extra if keeps else extra | {"stage": Mailing.Stage.SENT})


def clean(name: str, text: str) -> str:
    """Text of the vendor as the column of that name takes it: no NUL, no longer than the column (bodies: any length)."""
    width: int | None = cast(Any, Mailing._meta.get_field(name)).max_length
    return _text(text, width)


def _text(text: str, width: int | None) -> str:
    return text.replace("\x00", "")[:width]


def is_same_mark(mailing: Mailing, detail: types.Mailing) -> bool:
    """Whether what the vendor tells has the natural mark of `mailing`: subject, language, time and groups."""
    groups = sorted({group.id for group in detail.recipient_groups or ()})
    return (
        clean("subject", detail.subject) == mailing.subject
        and detail.language == mailing.language
        and (detail.scheduled_at is None or said(detail.scheduled_at) == said(mailing.send_at))
        and (not groups or groups == list(mailing.group_ids))
    )


def is_our_body(mailing: Mailing, extra: Mapping[str, Any]) -> bool:
    """Whether a body that the vendor gave back is this mailing's. It counts as ours where none is given."""
    html, text = extra.get("body_html") or "", extra.get("body_text") or ""
    if not html and not text:
        return True
    marks = MARK.findall(html)
    if marks:
        return str(mailing.uid) in marks
    return _plain(html) == _plain(mailing.body_html) and text.split() == mailing.body_text.split()


def _plain(html: str) -> list[str]:
    return COMMENT.sub("", html).split()
