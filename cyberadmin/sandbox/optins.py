"""Opt-in requests: a mail goes out, and the person is in the account only after the click (api/README.md 4.3)."""

from __future__ import annotations

import re

import orjson

from cyberadmin.sandbox.bodies import MemberBody, read_member
from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.dates import day_of, day_start
from cyberadmin.sandbox.journal import Effect
from cyberadmin.sandbox.members import revive, touched
from cyberadmin.sandbox.memberships import set_groups
from cyberadmin.sandbox.people import ABSENT, SUBSCRIBED, Member, blank, by_email, insert, save
from cyberadmin.sandbox.wire import Reply, not_found

CONFIRM_URL = re.compile(r"https?://\S+")


def create_optin(call: Call) -> Reply:
    """Answers the id of the request, which is not a member id."""
    body = call.body()
    url = body.get("optinConfirmUrl")
    if "email" not in body or not (url is None or (isinstance(url, str) and CONFIRM_URL.fullmatch(url))):
        raise call.schema_mismatch()
    if url is None and "optinConfirmUrl" in body:
        raise call.schema_mismatch()
    given = read_member(call, body)
    groups = orjson.dumps(given.groups or []).decode()
    stored = {"columns": given.columns, "custom": given.custom}
    optin_id = call.conn.execute(
        "INSERT INTO optins (account_id, email, body, group_ids, created_on) VALUES (?, ?, ?, ?, ?)",
        (call.account.id, given.email, orjson.dumps(stored).decode(), groups, call.now),
    ).lastrowid
    call.record(Effect("optin", (int(optin_id or 0),), given.email))
    return Reply(201, {str(optin_id): "created"})


def click(call: Call, optin_id: int) -> Member:
    """The person confirms: added, updated or subscribed again, with an express consent kept with its proof."""
    row = call.conn.execute(
        "SELECT email, body, group_ids FROM optins WHERE id = ? AND account_id = ?", (optin_id, call.account.id)
    ).fetchone()
    if row is None:
        raise not_found("No such opt-in request")
    email, stored, groups = row[0], orjson.loads(row[1]), orjson.loads(row[2])
    member = by_email(call.conn, call.account.id, email) or blank(call.account.id, email, call.now)
    before = member.state_name if member.id else ABSENT
    MemberBody(columns=stored["columns"], custom=stored["custom"]).write_to(member)
    if member.id:
        member.updated_on = call.now
        if member.state != SUBSCRIBED:
            revive(member, call.now)
    relation = call.settings.value("optin_relation")
    member.consent_type, member.relation_type = "express", None if relation is None else str(relation)
    member.consent_date, member.consent_expiration = day_start(day_of(call.now)), None
    member.consent_proof = f"Opt-in request {optin_id} confirmed"
    if member.id:
        save(call.conn, member)
    else:
        insert(call.conn, member)
    known = {row[0] for row in call.conn.execute("SELECT id FROM groups WHERE account_id = ?", (call.account.id,))}
    set_groups(call.conn, member.id, [one for one in groups if one in known], keep=True)
    call.conn.execute("UPDATE optins SET clicked_on = ? WHERE id = ?", (call.now, optin_id))
    touched(call, shape=True)
    call.record(Effect("optin-click", (optin_id, member.id), member.email, before, member.state_name))
    return member
