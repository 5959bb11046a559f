"""Control routes of accounts: login, tokens, custom fields, opt-ins, generated members, the state dump."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from zoneinfo import available_timezones

import orjson

from cyberadmin.sandbox.account import mint
from cyberadmin.sandbox.asking import Ask
from cyberadmin.sandbox.consent import consent_item
from cyberadmin.sandbox.dates import DateStyle
from cyberadmin.sandbox.generate import Recipe, generate
from cyberadmin.sandbox.people import (
    COLUMNS,
    STATE_NAMES,
    SUBSCRIBED,
    Member,
    departed_items,
    fold,
    member_item,
)
from cyberadmin.sandbox.store import Account, Store
from cyberadmin.sandbox.wire import Json, not_found

FIELD_TYPES = ("text", "date", "integer", "decimal number")
TEMPLATE_KEYS = ("id", "title", "bodyHtml", "bodyText")


def accounts_shown(store: Store, conn: sqlite3.Connection) -> list[Json]:
    """Every account with its login and its oldest token (None when all were deleted)."""
    return [account_shown(conn, account) for account in store.accounts(conn)]


def account_shown(conn: sqlite3.Connection, account: Account) -> Json:
    rows = conn.execute(
        "SELECT unique_id, token, expires_on FROM tokens WHERE account_id = ? ORDER BY id", (account.id,)
    ).fetchall()
    counts = dict(
        conn.execute("SELECT state, count(*) FROM members WHERE account_id = ? GROUP BY state", (account.id,))
    )
    return {
        "id": account.id,
        "name": account.name,
        "username": account.username,
        "password": account.password,
        "email": account.email,
        "token": rows[0][1] if rows else None,
        "tokens": [{"tokenUniqueId": row[0], "token": row[1]} for row in rows],
        "members": {name: counts.get(state, 0) for state, name in STATE_NAMES.items()},
    }


def list_accounts(ask: Ask) -> object:
    with ask.store.read() as conn:
        return {"accounts": accounts_shown(ask.store, conn)}


def insert_account(store: Store, conn: sqlite3.Connection, name: str, username: str, email: str, password: str) -> int:
    """A new account with one token."""
    cursor = conn.execute(
        "INSERT INTO accounts (name, username, password, email) VALUES (?, ?, ?, ?)", (name, username, password, email)
    )
    account_id = int(cursor.lastrowid or 0)
    mint(conn, account_id, store.secret, store.clock.now(), store.settings)
    return account_id


def create_account(ask: Ask) -> object:
    """``name``; ``username``, ``password`` and ``email`` are made up when absent."""
    with ask.store.write() as conn:
        number = conn.execute("SELECT coalesce(max(id), 0) + 1 FROM accounts").fetchone()[0]
        name = ask.text("name")
        username = ask.text("username", f"api{number}")
        email = ask.text("email", f"{username}@example.com")
        password = ask.text("password", ask.store.derive("password", username))
        account_id = insert_account(ask.store, conn, name, username, email, password)
        shown = account_shown(conn, Account(account_id, name, username, password, email))
    ask.app.sign_in.forget()
    return shown


def edit_account(ask: Ask) -> object:
    """New ``name``, ``username``, ``password``, ``email`` or ``timezone``: what a person changes in the application."""
    if "timezone" in ask.body and ask.text("timezone") not in available_timezones():
        raise ValueError("no such time zone")
    with ask.store.write() as conn:
        account = ask.account(conn)
        for column in ("name", "username", "password", "email", "timezone"):
            if column in ask.body:
                conn.execute(f"UPDATE accounts SET {column} = ? WHERE id = ?", (ask.text(column), account.id))
        shown = next(one for one in accounts_shown(ask.store, conn) if one["id"] == account.id)
    ask.app.sign_in.forget()
    return shown


def add_token(ask: Ask) -> object:
    with ask.store.write() as conn:
        account = ask.account(conn)
        token = mint(conn, account.id, ask.store.secret, ask.store.clock.now(), ask.store.settings)
    ask.app.sign_in.forget()
    return {"tokenUniqueId": token.unique_id, "token": token.text}


def delete_tokens(ask: Ask) -> object:
    """Delete one ``token`` (its text or its unique id) or all of an account."""
    with ask.store.write() as conn:
        account = ask.account(conn)
        token = ask.text("token", "")
        removed = conn.execute(
            "DELETE FROM tokens WHERE account_id = ? AND (? = '' OR token = ? OR unique_id = ?)",
            (account.id, token, token, token),
        ).rowcount
    ask.app.sign_in.forget()
    if not removed:
        raise not_found("No such token")
    return {"removed": removed}


def define_field(ask: Ask) -> object:
    """``name``, ``type`` and perhaps ``id``; an existing id is redefined."""
    if ask.text("type") not in FIELD_TYPES:
        raise ValueError(f"type is one of {', '.join(FIELD_TYPES)}")
    with ask.store.write() as conn:
        account = ask.account(conn)
        highest = conn.execute("SELECT coalesce(max(id), 0) FROM customfields WHERE account_id = ?", (account.id,))
        field_id = ask.whole("id", int(highest.fetchone()[0]) + 1)
        row = (account.id, field_id, ask.text("name"), ask.text("type"))
        conn.execute("INSERT OR REPLACE INTO customfields VALUES (?, ?, ?, ?)", row)
    return {"id": field_id, "name": row[2], "type": row[3]}


def delete_field(ask: Ask) -> object:
    with ask.store.write() as conn:
        where = (ask.account(conn).id, ask.whole("id"))
        return {"removed": conn.execute("DELETE FROM customfields WHERE account_id = ? AND id = ?", where).rowcount}


def list_optins(ask: Ask) -> object:
    with ask.store.read() as conn:
        rows = conn.execute(
            "SELECT id, email, group_ids, created_on, clicked_on FROM optins WHERE account_id = ? ORDER BY id",
            (ask.account(conn).id,),
        ).fetchall()
    dates = DateStyle()
    return {
        "optins": [
            {
                "id": id,
                "email": email,
                "groups": orjson.loads(groups),
                "createdOn": dates.text(created),
                "clickedOn": dates.show(clicked),
            }
            for id, email, groups, created, clicked in rows
        ]  # fmt: skip
    }


def generate_members(ask: Ask) -> object:
    """``members`` subscribed people (and ``unsubscribed``, ``bounced``), the same for the same ``seed`` and start."""
    with ask.store.write() as conn:
        account = ask.account(conn)
        recipe = Recipe(
            subscribed=ask.whole("members", 0),
            unsubscribed=ask.whole("unsubscribed", 0),
            bounced=ask.whole("bounced", 0),
            seed=ask.text("seed", "0"),
            prefix=ask.text("prefix", "person"),
            group_ids=tuple(int(str(one)) for one in ask.listed("groups")),
        )
        first, last = generate(conn, account.id, recipe, ask.store.clock.now())
    return {"first_id": first, "last_id": last}


def state(ask: Ask) -> object:
    """One account, whole or the people of one ``email``: the oracle of a test."""
    email = ask.request.parameter("email")
    where, params = "account_id = ?", [ask.text("account")]
    with ask.store.read() as conn:
        account = ask.account(conn)
        params = [str(account.id)]
        if email:
            where, params = where + " AND state IN (0, 1, 2) AND email_fold = ?", [*params, fold(email)]
        rows = conn.execute(f"SELECT {COLUMNS} FROM members WHERE {where} ORDER BY id", params)
        people = [Member(*row) for row in rows]
        groups = conn.execute(
            "SELECT id, title, is_public, is_dynamic, members_count FROM groups WHERE account_id = ? ORDER BY id",
            (account.id,),
        ).fetchall()
        joined = _memberships(conn, account, people if email else None)
        templates = conn.execute(
            "SELECT id, title, html, text FROM templates WHERE account_id = ? ORDER BY id", (account.id,)
        ).fetchall()
    names = ("id", "title", "isPublic", "isDynamic", "membersCount")
    answer: Json = {"account": account.name, "groups": [dict(zip(names, row, strict=True)) for row in groups]}
    answer["templates"] = [dict(zip(TEMPLATE_KEYS, row, strict=True)) for row in templates]
    for number, name in STATE_NAMES.items():
        key = "members" if number == SUBSCRIBED else name
        answer[key] = [_person(ask, one, joined.get(one.id, [])) for one in people if one.state == number]
    return answer


def _memberships(conn: sqlite3.Connection, account: Account, people: list[Member] | None) -> dict[int, list[int]]:
    rows: Iterable[tuple[int, int]]
    if people is None:
        rows = conn.execute(
            "SELECT x.member_id, x.group_id FROM groups g JOIN memberships x ON x.group_id = g.id"
            " WHERE g.account_id = ? ORDER BY x.group_id",
            (account.id,),
        )
    else:
        ids = orjson.dumps([one.id for one in people]).decode()
        rows = conn.execute(
            "SELECT member_id, group_id FROM memberships WHERE member_id IN (SELECT value FROM json_each(?))"
            " ORDER BY group_id",
            (ids,),
        )
    joined: dict[int, list[int]] = {}
    for member_id, group_id in rows:
        joined.setdefault(member_id, []).append(group_id)
    return joined


def _person(ask: Ask, member: Member, groups: list[int]) -> Json:
    dates, settings = DateStyle(), ask.store.settings
    item = member_item(member, dates, settings)
    if member.state != SUBSCRIBED:
        item = {"id": member.id, **departed_items([member], dates, settings)[0]}
    return {**item, "state": member.state_name, "groups": groups, "consent": consent_item(member, dates)}


ROUTES = {
    ("GET", "accounts"): list_accounts,
    ("POST", "accounts"): create_account,
    ("PATCH", "accounts/{account}"): edit_account,
    ("POST", "tokens"): add_token,
    ("DELETE", "tokens"): delete_tokens,
    ("POST", "customfields"): define_field,
    ("DELETE", "customfields"): delete_field,
    ("GET", "optins"): list_optins,
    ("POST", "generate"): generate_members,
    ("GET", "state"): state,
}
