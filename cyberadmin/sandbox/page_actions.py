"""What each button of the page asks of the control routes, and what it says when that is done."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from cyberadmin.sandbox.asking import Ask
from cyberadmin.sandbox.bodies import field_types
from cyberadmin.sandbox.page_words import Words
from cyberadmin.sandbox.wire import ApiProblem, Json, not_found

FIELDS = ("firstname", "lastname", "company", "note", "postalCode")
CUSTOM = "custom:"
WRITES = "POST,PUT,PATCH,DELETE"
# Deeds with a person: the control route that does each.
DEEDS = {
    "unsubscribe": ("POST", "unsubscribe"),
    "bounce": ("POST", "bounce"),
    "resubscribe": ("POST", "resubscribe"),
    "delete_person": ("DELETE", "members"),
}
TROUBLES: dict[str, Json] = {
    "unavailable": {"action": "status", "code": 503},
    "lost_answer": {"action": "drop_after"},
    "too_many": {"action": "status", "code": 429, "headers": {"Retry-After": "10"}},
    "slow": {"action": "delay", "ms": 2000},
    "html_page": {"action": "html_200"},
    "lists_shift": {"action": "shift", "path": "/members", "method": "GET"},
}
CALLS: dict[str, Json] = {"any": {}, "reads": {"method": "GET"}, "writes": {"method": WRITES}}
OFTEN: dict[str, Json] = {
    "once": {"times": 1},
    "five_times": {"times": 5},
    "every_other": {"every": 2},
    "always": {},
}
SECONDS = {"hour": 3_600, "day": 86_400}
WHOLE = re.compile(r"-?\d{1,15}", re.ASCII)
DECIMAL = re.compile(r"-?\d{1,12}[.,]\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Step:
    """One control request with the notice of its success; ``section`` is where the page opens next."""

    method: str
    path: str
    body: Json
    section: str
    notice: str
    values: dict[str, object] = field(default_factory=dict)


def delete_tokens(ask: Ask, say: Words) -> Step:
    return _tokens(ask, "DELETE", "did_delete_tokens")


def make_token(ask: Ask, say: Words) -> Step:
    return _tokens(ask, "POST", "did_make_token")


def _tokens(ask: Ask, method: str, notice: str) -> Step:
    with ask.store.read() as conn:
        account = ask.account(conn)
    return Step(method, "tokens", {"account": account.id}, "holds", notice, {"name": account.name})


def act_on_person(ask: Ask, say: Words) -> Step:
    """``what`` is a deed of ``DEEDS``, a field of ``FIELDS`` or ``custom:ACCOUNT:FIELD``."""
    what, email = ask.text("what"), ask.text("email").strip()
    with ask.store.read() as conn:
        account = ask.account(conn)
        body: Json = {"account": account.id, "email": email}
        if what in DEEDS:
            method, path = DEEDS[what]
            return Step(method, path, body, "act", "did_person", {"what": say(what), "email": email})
        value = ask.text("value", "").strip()
        changes = _changes(conn, account.id, what, value)
    values: dict[str, object] = {"email": email, "value": value}
    return Step("PATCH", "members", {**body, "set": changes}, "act", "did_field" if value else "did_empty", values)


def _changes(conn: sqlite3.Connection, account_id: int, what: str, value: str) -> Json:
    if what in FIELDS:
        return {what: value}
    owner, _, number = what.removeprefix(CUSTOM).partition(":")
    if not what.startswith(CUSTOM):
        raise not_found("No such action")
    if owner != str(account_id):
        raise ApiProblem(400, "This custom field belongs to another account")
    return {"customFields": {number: _typed(field_types(conn, account_id).get(number, ""), value)}}


def _typed(kind: str, text: str) -> object:
    """The number a field of numbers wants; what is none stays text, which the control route refuses."""
    if kind in ("integer", "decimal number") and WHOLE.fullmatch(text):
        return int(text)
    if kind == "decimal number" and DECIMAL.fullmatch(text):
        return float(text.replace(",", "."))
    return text


def rename_group(ask: Ask, say: Words) -> Step:
    title = ask.text("title").strip()
    if not title:
        raise ApiProblem(400, "A name is needed")
    return Step("PATCH", "groups", {**_group(ask), "title": title}, "act", "did_rename_group", {"title": title})


def delete_group(ask: Ask, say: Words) -> Step:
    return Step("DELETE", "groups", _group(ask), "act", "did_delete_group")


def _group(ask: Ask) -> Json:
    """``group`` is ``ACCOUNT:GROUP``, as the choice of groups posts it."""
    account, _, number = ask.text("group").partition(":")
    return {"account": account, "id": number}


def start_trouble(ask: Ask, say: Words) -> Step:
    what, calls, often = ask.text("trouble"), ask.text("calls"), ask.text("often")
    if what not in TROUBLES or calls not in CALLS or often not in OFTEN:
        raise not_found("No such action")
    rule = {**CALLS[calls], **OFTEN[often], **TROUBLES[what]}
    if ask.text("account", ""):
        with ask.store.read() as conn:
            rule["account"] = ask.account(conn).id
    return Step("POST", "faults", rule, "trouble", "did_start_trouble", {"what": say(what)})


def stop_trouble(ask: Ask, say: Words) -> Step:
    return Step("DELETE", "faults", {}, "trouble", "did_stop_trouble")


def hour(ask: Ask, say: Words) -> Step:
    return _pass(say, "hour")


def day(ask: Ask, say: Words) -> Step:
    return _pass(say, "day")


def _pass(say: Words, name: str) -> Step:
    return Step("POST", "clock", {"advance": SECONDS[name]}, "trouble", "did_pass_time", {"what": say(name)})


ACTIONS: dict[str, Callable[[Ask, Words], Step]] = {
    action.__name__: action
    for action in (
        delete_tokens,
        make_token,
        act_on_person,
        rename_group,
        delete_group,
        start_trouble,
        stop_trouble,
        hour,
        day,
    )
}
