"""Checks of what POST /mailings is given: needed fields, groups, senders, and the time of the send."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cyberadmin.sandbox.bodies import read_groups
from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.dates import EASTERN, FIRST_YEAR, LAST_YEAR
from cyberadmin.sandbox.people import fold
from cyberadmin.sandbox.settings import Settings
from cyberadmin.sandbox.wire import Json, invalid

SEND_AT = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}", re.ASCII)
LANGUAGES = ("en_ca", "fr_ca")
STATISTICS = ("detailed", "anonymized")
TEXTS = ("replyTo", "fromName", "mailFrom", "bodyHtml", "bodyText", "googleAnalyticsCampaign")
OPTIONS = ("googleAnalytics", "googleAnalyticsCampaign", "updateProfileForm")


@dataclass(slots=True)
class NewMailing:
    """A mailing as it is to be stored; ``scheduled_on`` in UTC milliseconds."""

    subject: str
    language: str
    group_ids: list[int]
    scheduled_on: int
    mail_from: str = ""
    from_name: str = ""
    reply_to: str = ""
    html: str = ""
    text: str = ""
    anonymized: bool = False
    options: Json = field(default_factory=dict)
    outcomes: bool | None = None


def read_mailing(call: Call, body: Json) -> NewMailing:
    """Check a body of POST /mailings (api/README.md 4.7; 6, rows 20 and 29 to 31). Raises ApiProblem."""
    _check_types(call, body)
    texts = {name: str(body.get(name, "")) for name in TEXTS}
    groups = read_groups(call, body["groups"], dynamic_too=True)
    if not groups:
        raise invalid("groups", "At least one group is needed")
    if not (texts["bodyHtml"] or texts["bodyText"]):
        raise invalid("bodyHtml", "At least one of bodyHtml and bodyText is needed")
    return NewMailing(
        subject=str(body["subject"]),
        language=str(body["language"]),
        group_ids=groups,
        scheduled_on=_send_at(call, str(body["sendAt"])),
        mail_from=_sender(call, texts["mailFrom"]),
        from_name=_or_default(call, "fromName", texts["fromName"], call.account.name),
        reply_to=_or_default(call, "replyTo", texts["replyTo"], call.account.email),
        html=texts["bodyHtml"],
        text=texts["bodyText"],
        anonymized=body.get("mailingStatistics") == "anonymized",
        options={name: body[name] for name in OPTIONS if name in body},
    )


def _check_types(call: Call, body: Json) -> None:
    """The endpoint's JSON schema (openapi.yaml, MailingCreate)."""
    form = body.get("updateProfileForm")
    good = (
        all(name in body for name in ("subject", "language", "groups", "sendAt"))
        and ("bodyHtml" in body or "bodyText" in body)
        and all(isinstance(body[name], str) for name in TEXTS if name in body)
        and isinstance(body["subject"], str)
        and body["subject"] != ""
        and body["language"] in LANGUAGES
        and isinstance(body["sendAt"], str)
        and SEND_AT.fullmatch(body["sendAt"]) is not None
        and body.get("mailingStatistics", "detailed") in STATISTICS
        and isinstance(body.get("googleAnalytics", False), bool)
        and (form is None or _is_whole(form))
    )
    if not good:
        raise call.schema_mismatch()


def _is_whole(value: object) -> bool:
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


# -- senders ---------------------------------------------------------------------------------------------------


def _sender(call: Call, given: str) -> str:
    """``mailFrom`` must be the account's own address or one validated in the application."""
    text = _or_default(call, "mailFrom", given, call.account.email)
    if not text or call.settings.text("unvalidated_sender") == "accept" or is_sender(call, text):
        return text
    raise invalid("mailFrom", "Not a validated sender of this account")


def is_sender(call: Call, email: str) -> bool:
    """Is this address validated for this account?"""
    known = call.conn.execute(
        "SELECT 1 FROM senders WHERE account_id = ? AND email_fold = ?", (call.account.id, fold(email))
    ).fetchone()
    return known is not None or fold(email) == fold(call.account.email)


def _or_default(call: Call, name: str, given: str, default: str) -> str:
    """What was given, else the account's own (api/README.md 6, row 31)."""
    choice = call.settings.text("sender_defaults")
    if given:
        return given
    if choice == "refuse":
        raise invalid(name, "This field is required")
    return default if choice == "account" else ""


# -- the time of the send --------------------------------------------------------------------------------------


def _send_at(call: Call, text: str) -> int:
    """``sendAt`` is a wall time, Eastern unless the setting says the account's zone (api/README.md 6, rows 29, 30)."""
    at = wall_time(text, _zone(call), call.settings)
    if call.settings.text("send_at_seconds") == "dropped":
        at -= at % 60_000
    if at < call.now:
        if call.settings.text("send_at_past") == "refuse":
            raise invalid("sendAt", "This moment has passed")
        return call.now
    return at


def _zone(call: Call) -> ZoneInfo:
    if call.settings.text("send_at_zone") == "eastern":
        return EASTERN
    row = call.conn.execute("SELECT timezone FROM accounts WHERE id = ?", (call.account.id,)).fetchone()
    return ZoneInfo(row[0])


def wall_time(text: str, zone: ZoneInfo, settings: Settings) -> int:
    """UTC milliseconds of ``yyyy-mm-dd HH:mm:ss``. Raises ApiProblem when there is no such moment."""
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        raise invalid("sendAt", "No such date or time") from None
    if not FIRST_YEAR <= wall.year <= LAST_YEAR:
        raise invalid("sendAt", "No such date or time")
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != wall:
        if settings.text("send_at_gap") == "refuse":
            raise invalid("sendAt", "The clocks are put forward over this time")
    elif settings.text("send_at_fold") == "second":
        moment = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return int(moment.timestamp()) * 1000
