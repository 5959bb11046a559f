"""Carries out batches whose time has come on the sandbox's clock (api/README.md 4.9; 6, rows 10 to 15)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from cyberadmin.sandbox import journal
from cyberadmin.sandbox.bodies import EMAIL, SHAPES, TEXT_COLUMNS, check_custom, field_types
from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.consent import Terms, improves
from cyberadmin.sandbox.dates import day_of, parse_day
from cyberadmin.sandbox.departed import unsubscribe
from cyberadmin.sandbox.members import revive, touched
from cyberadmin.sandbox.memberships import set_groups
from cyberadmin.sandbox.people import (
    ABSENT,
    BOUNCED,
    SUBSCRIBED,
    UNSUBSCRIBED,
    Member,
    blank,
    by_email,
    by_key,
    insert,
    remove,
    save,
)
from cyberadmin.sandbox.store import Account, Store
from cyberadmin.sandbox.wire import Json, Request

EMPTY = "__EMPTY__"
DEPARTED_SETTINGS = {UNSUBSCRIBED: "add_members_unsubscribed", BOUNCED: "add_members_bounced"}


class RowRefused(Exception):
    """One entry of a batch is not carried out."""


@dataclass(slots=True)
class Run:
    """One batch being carried out."""

    call: Call
    batch_id: int
    body: Json
    types: dict[str, str] = field(default_factory=dict)
    groups: list[int] = field(default_factory=list)
    entries: list[journal.Entry] = field(default_factory=list)

    def note(self, member: Member, before: str, after: str, row: object) -> None:
        effect = journal.Effect(
            "member", (member.id,), member.email, before, after, orjson.dumps(row).decode(), self.batch_id
        )
        self.entries.append(self.call.entry(effect))


def run(store: Store, conn: sqlite3.Connection, until: int) -> None:
    """Carry out every batch due until then, oldest end first."""
    rows = conn.execute(
        "SELECT id, account_id, type, body, ends_on, twist FROM batches"
        " WHERE result IS NULL AND stuck = 0 AND ends_on <= ? ORDER BY ends_on, id",
        (until,),
    ).fetchall()
    accounts = {account.id: account for account in store.accounts(conn)}
    for batch_id, account_id, kind, body, ends_on, twist in rows:
        call = _call(store, conn, accounts[account_id], ends_on)
        result = _carry_out(Run(call, batch_id, orjson.loads(body)), kind, twist)
        conn.execute("UPDATE batches SET result = ? WHERE id = ?", (orjson.dumps(result).decode(), batch_id))


def next_due(conn: sqlite3.Connection) -> int | None:
    """When the next batch ends, or None."""
    due = conn.execute("SELECT min(ends_on) FROM batches WHERE result IS NULL AND stuck = 0").fetchone()[0]
    return None if due is None else int(due)


def _call(store: Store, conn: sqlite3.Connection, account: Account, now: int) -> Call:
    request = Request("POST", "/batches", ("batches",), {}, {}, b"")
    return Call(conn, store.settings, now, account, request, "createBatch", source="batch")


def _carry_out(run: Run, kind: str, twist: str) -> Json:
    work: Callable[[Run, object], object]
    if kind == "addMembers":
        rows, work = run.body["members"], _add
        run.types = field_types(run.call.conn, run.call.account.id)
        asked = run.body.get("groups", [])
        known = run.call.conn.execute("SELECT id FROM groups WHERE account_id = ?", (run.call.account.id,))
        existing = {row[0] for row in known}
        run.groups = [one for one in asked if one in existing] if isinstance(asked, list) else []
    else:
        rows, work = run.body["ids"], _unsubscribe if kind == "unsubscribe" else _delete
    result = _rows(run, rows if isinstance(rows, list) else [], work, by_id=kind != "addMembers")
    journal.write(run.call.conn, run.entries)
    touched(run.call, shape=True)
    return _twisted(result, twist)


def _rows(run: Run, rows: list[object], work: Callable[[Run, object], object], *, by_id: bool) -> Json:
    successes: list[object] = []
    errors: list[object] = []
    whole = _refused_whole(run, rows) if not by_id else None
    for index, row in enumerate(rows):
        entry = row if by_id or not isinstance(row, dict) else row.get("email")
        try:
            if whole or _planted(run, index):
                raise RowRefused(whole or "Refused by the partial-failure setting")
            answer = work(run, row)
            successes.append(answer if not by_id and run.call.settings.text("batch_successes") == "id" else entry)
        except RowRefused as refusal:
            errors.append(_error(run, entry, str(refusal), plain=by_id))
    if run.call.settings.text("batch_result_order") == "reverse":
        successes.reverse()
        errors.reverse()
    return {"errors": errors, "successes": successes}


def _planted(run: Run, index: int) -> bool:
    choice = run.call.settings.text("batch_partial")
    return (choice == "first_fails" and index == 0) or (choice == "all_but_first_fail" and index > 0)


def _refused_whole(run: Run, rows: list[object]) -> str | None:
    """With ``batch_bad_row`` whole, one bad row refuses the batch (api/README.md 6, row 28)."""
    if run.call.settings.text("batch_bad_row") != "whole":
        return None
    for row in rows:
        try:
            _check_row(run, row if isinstance(row, dict) else {})
        except RowRefused as refusal:
            return f"The batch holds an invalid row: {refusal}"
    return None


def _error(run: Run, entry: object, text: str, *, plain: bool) -> Json:
    shape = "id" if plain else run.call.settings.text("batch_error_shape")
    named: Json = {} if shape == "none" else {shape: entry}
    return {**named, "description": text, "details": [text]}


def _twisted(result: Json, twist: str) -> Json:
    """What a fault rule makes of a finished result."""
    successes = result["successes"]
    listed = successes if isinstance(successes, list) else []
    if twist == "empty":
        return {"errors": [], "successes": []}
    if twist == "strangers":
        return {**result, "successes": [*listed, "stranger@example.net", 999_999_999]}
    if twist == "duplicates":
        return {**result, "successes": [*listed, *listed]}
    return result


# -- addMembers ------------------------------------------------------------------------------------------------


def _check_row(run: Run, row: Json) -> tuple[str, dict[str, str | None], dict[str, object]]:
    """E-mail, columns to set and custom values of a row: empty keeps, ``__EMPTY__`` clears. Raises RowRefused."""
    email = str(row["email"]).strip()
    if not EMAIL.fullmatch(email):
        raise RowRefused("Invalid e-mail address")
    columns: dict[str, str | None] = {}
    for name, column in TEXT_COLUMNS.items():
        text = str(row.get(name, ""))
        if text == EMPTY:
            columns[column] = ""
        elif text and name in SHAPES and not SHAPES[name].fullmatch(text):
            raise RowRefused(f"Invalid {name}")
        elif text:
            columns[column] = text
    birthdate = str(row.get("birthdate", ""))
    if birthdate and birthdate != EMPTY and not parse_day(birthdate):
        raise RowRefused("Invalid birthdate")
    if birthdate:
        columns["birthdate"] = None if birthdate == EMPTY else birthdate
    day = row.get("consentDate")
    if day and not parse_day(str(day)):
        raise RowRefused("Invalid consentDate")
    return email, columns, _check_custom(run, row.get("customFields"))


def _check_custom(run: Run, given: object) -> dict[str, object]:
    if not isinstance(given, dict):
        return {}
    cleared = {key: None for key, value in given.items() if value == EMPTY}
    kept = {key: value for key, value in given.items() if value != EMPTY and value != ""}
    good, errors = check_custom(run.types, {**kept, **cleared}, run.call.settings)
    if errors:
        name, text = next(iter(errors.items()))
        raise RowRefused(f"customFields.{name}: {text}")
    return good


def _add(run: Run, row: object) -> object:
    """An upsert by e-mail; somebody who left is never silently taken back (api/README.md 6, row 10)."""
    data = row if isinstance(row, dict) else {}
    email, columns, custom = _check_row(run, data)
    call = run.call
    sensitive = call.settings.text("email_case") == "sensitive"
    member = by_email(call.conn, call.account.id, email, sensitive=sensitive)
    before = member.state_name if member else ABSENT
    if member is not None and member.state != SUBSCRIBED:
        choice = call.settings.text(DEPARTED_SETTINGS[member.state])
        if choice == "error":
            raise RowRefused(f"Member {email} is {before}")
        if choice == "skip":
            return member.id
        revive(member, call.now)
    if member is None:
        member = blank(call.account.id, email, call.now)
    _fill(run, member, data, columns, custom)
    set_groups(call.conn, member.id, run.groups, keep=True)
    run.note(member, before, member.state_name, row)
    return member.id


def _fill(run: Run, member: Member, row: Json, columns: dict[str, str | None], custom: dict[str, object]) -> None:
    call = run.call
    for name, value in columns.items():
        setattr(member, name, value)
    if custom:
        stored = {**orjson.loads(member.custom), **custom}
        member.custom = orjson.dumps({key: one for key, one in stored.items() if one is not None}).decode()
    terms = _terms(run, row)
    if not member.id or improves(terms, member, call.settings):
        terms.write_to(member, call.settings)
    if member.id:
        member.updated_on = call.now
        save(call.conn, member)
    else:
        insert(call.conn, member)


def _terms(run: Run, row: Json) -> Terms:
    """Per-member values win over the defaults; without any date the batch's day counts."""
    day = parse_day(str(row.get("consentDate") or run.body.get("defaultConsentDate") or ""))
    proof = row.get("consentProof") or run.body.get("defaultConsentProof") or ""
    return Terms(str(run.body["relationType"]), day or day_of(run.call.now), str(proof))


# -- unsubscribe and deleteMembers -----------------------------------------------------------------------------


def _unsubscribe(run: Run, entry: object) -> object:
    member = _entry_member(run, entry)
    if member is None:
        return entry
    before = member.state_name
    if member.state != UNSUBSCRIBED:
        unsubscribe(run.call, member)
        run.note(member, before, member.state_name, entry)
    return entry


def _delete(run: Run, entry: object) -> object:
    member = _entry_member(run, entry)
    if member is None:
        return entry
    if member.state != SUBSCRIBED and run.call.settings.text("departed_member_delete") == "404":
        raise RowRefused(f"Members with ids {entry} do not exists")
    remove(run.call.conn, member)
    run.note(member, member.state_name, ABSENT, entry)
    return entry


def _entry_member(run: Run, entry: object) -> Member | None:
    """The member of an id or e-mail. Raises RowRefused, worded as the vendor words it (sic)."""
    member = by_key(run.call.conn, run.call.account.id, str(entry).strip(), run.call.settings)
    if member is None and ("@" not in str(entry) or run.call.settings.text("batch_unknown_email") == "error"):
        raise RowRefused(f"Members with ids {entry} do not exists")
    return member
