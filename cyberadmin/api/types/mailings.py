"""Mailings: what lists and details answer, and what a new one is made of (api/README.md 4.7).

The vendor's answers about mailings differ in what they hold (api/README.md 3). What not every answer
holds is None when it was not given, which is never the same as zero or empty.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self, TypeVar
from zoneinfo import ZoneInfo

from cyberadmin.api.errors import SchemaError
from cyberadmin.api.types import fields
from cyberadmin.api.types.fields import TORONTO, UNSET, Unset
from cyberadmin.api.types.wall_time import wall_time

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingFields:
    """What every answer about a mailing holds."""

    id: int
    subject: str
    language: str


def _mailing_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": fields.integer(row, "id"),
        "subject": fields.text(row, "subject"),
        "language": fields.text(row, "language"),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMailing(MailingFields):
    """A row of a list of mailings. `mail_from` can be empty on old ones."""

    recipients_count: int
    mail_from: str


def _listed_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "recipients_count": fields.integer(row, "recipientsCount"),
        "mail_from": fields.text(row, "mailFrom"),
        **_mailing_fields(row),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledMailing(ListedMailing):
    """A mailing that waits for its time."""

    scheduled_at: datetime

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        return cls(scheduled_at=fields.instant(row, "scheduledOn"), **_listed_fields(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMailing(ListedMailing):
    """A mailing that left. One that left may lack its start (api/README.md 5)."""

    started_at: datetime | None

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        return cls(started_at=fields.optional_instant(row, "startedOn"), **_listed_fields(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedMailing(SentMailing):
    """A sent mailing that someone archived in the application."""

    archived_at: datetime

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        return cls(
            archived_at=fields.instant(row, "archivedOn"),
            started_at=fields.optional_instant(row, "startedOn"),
            **_listed_fields(row),
        )


@dataclass(frozen=True, slots=True)
class MailingLink:
    """A link of a mailing and its clicks, counted by person and in all."""

    id: int
    url: str
    clicks_unique: int
    clicks_total: int

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        return cls(
            fields.integer(row, "id"),
            fields.text(row, "url"),
            fields.integer(row, "clicksUnique"),
            fields.integer(row, "clicksTotal"),
        )


@dataclass(frozen=True, slots=True)
class GroupRef:
    """A group a mailing goes to."""

    id: int
    title: str

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        return cls(fields.integer(row, "id"), fields.text(row, "title"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing(MailingFields):
    """A mailing as the answer to its creation tells it: the id is sure, the rest as far as it was given.

    Counters are numbers of e-mails or people. Rates are fractions of 1. Hard bounces are counted in
    `incorrect_addresses`, soft ones in `technical_problems`. `status` is an open list: scheduled, sent...
    """

    status: str | None
    scheduled_at: datetime | None
    started_at: datetime | None
    reply_to: str | None
    mail_from: str | None
    from_name: str | None
    body_html: str | None = field(repr=False)
    body_text: str | None = field(repr=False)
    mailing_statistics: str | None
    view_online_url: str | None
    recipients_count: int | None
    emails_sent: int | None
    emails_delivered: int | None
    emails_stopped: int | None
    views: int | None
    clicks: int | None
    sent_to_friend: int | None
    incorrect_addresses: int | None
    technical_problems: int | None
    delivery_rate: float | None
    click_rate: float | None
    view_rate: float | None
    links: tuple[MailingLink, ...] | None
    recipient_groups: tuple[GroupRef, ...] | None

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when what is there is of a wrong type."""
        return cls(**_given_fields(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingDetail(Mailing):
    """A mailing with its results. Its state is always told: a dropped `startedOn` never reads as not started.

    Yet a mailing whose status is sent may lack its start (api/README.md 5). Bodies, groups and the time
    asked for are there when the vendor gives them back, which is not known (engine.md 6).
    """

    status: str

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when its state is missing or a field is of a wrong type."""
        fields.filled_text(row, "status")
        fields.present(row, "startedOn")
        return cls(**_given_fields(row))


def _given_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: _if_given(row, wire, read) for name, (wire, read) in _READERS.items()}
    return {**_mailing_fields(row), **given}


def _if_given(row: Mapping[str, Any], name: str, read: Callable[[Mapping[str, Any], str], T]) -> T | None:
    return None if row.get(name) is None else read(row, name)


def _number(row: Mapping[str, Any], name: str) -> float:
    """A finite number of zero or more."""
    value = row[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise SchemaError(name, "not a number of zero or more")
    return float(value)


def _links(row: Mapping[str, Any], name: str) -> tuple[MailingLink, ...]:
    return tuple(MailingLink.from_json(fields.obj(link, name)) for link in fields.array(row[name], name))


def _groups(row: Mapping[str, Any], name: str) -> tuple[GroupRef, ...]:
    return tuple(GroupRef.from_json(fields.obj(group, name)) for group in fields.array(row[name], name))


# Attribute of Mailing: the vendor's name and its reader.
_READERS: dict[str, tuple[str, Callable[[Mapping[str, Any], str], Any]]] = {
    "status": ("status", fields.text),
    "scheduled_at": ("scheduledOn", fields.optional_instant),
    "started_at": ("startedOn", fields.optional_instant),
    "reply_to": ("replyTo", fields.text),
    "mail_from": ("mailFrom", fields.text),
    "from_name": ("fromName", fields.text),
    "body_html": ("bodyHtml", fields.text),
    "body_text": ("bodyText", fields.text),
    "mailing_statistics": ("mailingStatistics", fields.text),
    "view_online_url": ("viewOnlineURL", fields.text),
    "recipients_count": ("recipientsCount", fields.integer),
    "emails_sent": ("emailsSent", fields.integer),
    "emails_delivered": ("emailsDelivered", fields.integer),
    "emails_stopped": ("emailsStopped", fields.integer),
    "views": ("views", fields.integer),
    "clicks": ("clicks", fields.integer),
    "sent_to_friend": ("sentToFriend", fields.integer),
    "incorrect_addresses": ("incorrectAddresses", fields.integer),
    "technical_problems": ("technicalProblems", fields.integer),
    "delivery_rate": ("deliveryRate", _number),
    "click_rate": ("clickRate", _number),
    "view_rate": ("viewRate", _number),
    "links": ("links", _links),
    "recipient_groups": ("recipientGroups", _groups),
}


_WRITE_NAMES = (
    ("reply_to", "replyTo"),
    ("from_name", "fromName"),
    ("mail_from", "mailFrom"),
    ("body_html", "bodyHtml"),
    ("body_text", "bodyText"),
    ("google_analytics", "googleAnalytics"),
    ("google_analytics_campaign", "googleAnalyticsCampaign"),
    ("mailing_statistics", "mailingStatistics"),
    ("update_profile_form", "updateProfileForm"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingWrite:
    """A mailing to schedule: a real send to `groups` at `send_at`. UNSET leaves a field to the vendor.

    `send_at` goes out as wall time in `zone`; the vendor's own is assumed Eastern (api/README.md 6, 29).
    `mail_from` must be a sender the account has validated. `mailing_statistics`: detailed or anonymized.
    """

    subject: str
    language: str
    groups: Sequence[int]
    send_at: datetime
    zone: ZoneInfo = TORONTO
    reply_to: str | Unset = UNSET
    from_name: str | Unset = UNSET
    mail_from: str | Unset = UNSET
    body_html: str | Unset = field(default=UNSET, repr=False)
    body_text: str | Unset = field(default=UNSET, repr=False)
    google_analytics: bool | Unset = UNSET
    google_analytics_campaign: str | Unset = UNSET
    mailing_statistics: str | Unset = UNSET
    update_profile_form: int | None | Unset = UNSET

    def to_json(self) -> dict[str, Any]:
        """The body of POST /mailings.

        ValueError when subject, language, groups or both bodies are empty, or when `send_at` cannot be
        said in `zone` (`wall_time`: SkippedTime, DoubledTime).
        """
        if not (self.subject and self.language and self.groups and (self.body_html or self.body_text)):
            raise ValueError("a mailing needs a subject, a language, groups and a body")
        body: dict[str, Any] = {
            "subject": self.subject,
            "language": self.language,
            "groups": ",".join(str(id) for id in self.groups),
            "sendAt": wall_time(self.send_at, self.zone),
        }
        for name, wire in _WRITE_NAMES:
            value = getattr(self, name)
            if value is not UNSET:
                body[wire] = value
        return body
