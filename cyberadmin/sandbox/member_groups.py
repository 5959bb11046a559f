"""Handlers of /members/{key}/groups and /members/{key}/mailings."""

from __future__ import annotations

from cyberadmin.sandbox.bodies import read_groups
from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.journal import Effect
from cyberadmin.sandbox.lists import envelope, read_page, slice_of
from cyberadmin.sandbox.members import found, touched
from cyberadmin.sandbox.memberships import groups_of, set_groups
from cyberadmin.sandbox.people import Member, numeric_id, save
from cyberadmin.sandbox.wire import Json, Reply, invalid, not_found

SORTS = ("title_asc", "title_desc", "created_asc", "created_desc")
MAILING_SORTS = {
    "date_sent_asc": "d.sent_on, m.id",
    "date_sent_desc": "d.sent_on DESC, m.id DESC",
    "date_opened_asc": "d.opened_on, m.id",
    "date_opened_desc": "d.opened_on DESC, m.id DESC",
}


def list_groups(call: Call) -> Reply:
    page = read_page(call, SORTS)
    member = found(call)
    rows = groups_of(call.conn, member.id, call.dates)
    if page.sort:
        key = "createdOn" if page.sort.startswith("created") else "title"
        rows.sort(key=lambda one: str(one[key]).casefold(), reverse=page.sort.endswith("desc"))
    page, shown = slice_of(call, rows, page)
    return Reply(200, envelope("groups", shown, len(rows), page))


def add_groups(call: Call) -> Reply:
    return _write(call, keep=True)


def replace_groups(call: Call) -> Reply:
    """PUT: exactly the given static groups; dynamic ones are the vendor's business."""
    return _write(call, keep=False)


def _write(call: Call, *, keep: bool) -> Reply:
    body = call.body()
    if "groups" not in body:
        raise call.schema_mismatch()
    ids = read_groups(call, body["groups"])
    member = found(call)
    if set_groups(call.conn, member.id, ids, keep=keep):
        note_group_change(call, member)
    call.record(Effect("membership", (member.id, *ids), member.email, member.state_name, member.state_name))
    return Reply(200, {"groups": groups_of(call.conn, member.id, call.dates)})


def note_group_change(call: Call, member: Member) -> None:
    """Move versions, and ``updatedOn`` when the setting says so (engine.md 6)."""
    if call.settings.moves("groups"):
        member.updated_on = call.now
        save(call.conn, member)
    touched(call, shape=True)


def remove_group(call: Call) -> Reply:
    group_id = numeric_id(call.params["groupId"])
    member = found(call)
    row = call.conn.execute(
        "SELECT g.is_dynamic FROM groups g JOIN memberships x ON x.group_id = g.id"
        " WHERE g.account_id = ? AND g.id = ? AND x.member_id = ?",
        (call.account.id, group_id, member.id),
    ).fetchone()
    if group_id is None or row is None:
        raise not_found()
    if row[0]:
        raise invalid("groups", "A dynamic group cannot be changed", call.settings.status("dynamic_group_status"))
    call.conn.execute("DELETE FROM memberships WHERE group_id = ? AND member_id = ?", (group_id, member.id))
    note_group_change(call, member)
    call.record(Effect("membership", (member.id, group_id), member.email, member.state_name, member.state_name))
    return Reply(200, {call.params["groupId"]: "deleted"})


def list_mailings(call: Call) -> Reply:
    """What the member received: ``startedOn``, ``sentOn``, ``opened``, ``openedOn`` (api/README.md 4.1)."""
    page = read_page(call, MAILING_SORTS)
    member = found(call)
    order = MAILING_SORTS.get(page.sort, "m.id")
    rows = call.conn.execute(
        "SELECT m.id, m.subject, m.language, m.started_on, d.sent_on, iif(m.anonymized, NULL, d.opened_on)"
        f" FROM recipients d JOIN mailings m ON m.id = d.mailing_id WHERE d.member_id = ? AND d.sent_on <= ?"
        f" ORDER BY {order}",
        (member.id, call.now),
    )
    dates = call.dates
    items: list[Json] = [
        {
            "id": id,
            "subject": subject,
            "language": language,
            "startedOn": dates.show(started),
            "sentOn": dates.show(sent),
            "opened": opened is not None,
            "openedOn": dates.show(opened),
        }  # fmt: skip
        for id, subject, language, started, sent, opened in rows
    ]
    page, shown = slice_of(call, items, page)
    return Reply(200, envelope("mailings", shown, len(items), page))
