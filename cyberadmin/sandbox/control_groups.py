"""Control routes of groups: what staff do in the vendor's application."""

from __future__ import annotations

from cyberadmin.sandbox.asking import Ask
from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.dates import DateStyle
from cyberadmin.sandbox.groups import drop_group, found_group, insert_group
from cyberadmin.sandbox.journal import Effect
from cyberadmin.sandbox.members import touched
from cyberadmin.sandbox.people import by_email
from cyberadmin.sandbox.wire import Json, not_found


def _shown(call: Call, group_id: int) -> Json:
    return found_group(call, str(group_id)).item(DateStyle())


def create_group(ask: Ask) -> object:
    """``title``, ``isPublic``, ``isDynamic``: only here can a dynamic group be made."""
    with ask.acting("createGroupRemotely") as call:
        public = bool(ask.body.get("isPublic", False))
        group_id = insert_group(call, ask.text("title"), public, dynamic=bool(ask.body.get("isDynamic", False)))
        call.record(Effect("group", (group_id,)))
        return _shown(call, group_id)


def edit_group(ask: Ask) -> object:
    """Change ``title``, ``isPublic`` or ``isDynamic`` of group ``id``."""
    with ask.acting("editGroupRemotely") as call:
        group = found_group(call, ask.text("id"))
        title = ask.text("title", group.title)
        public = bool(ask.body.get("isPublic", group.is_public))
        dynamic = bool(ask.body.get("isDynamic", group.is_dynamic))
        call.conn.execute(
            "UPDATE groups SET title = ?, is_public = ?, is_dynamic = ? WHERE id = ?",
            (title, public, dynamic, group.id),
        )
        call.record(Effect("group", (group.id,)))
        return _shown(call, group.id)


def delete_group(ask: Ask) -> object:
    with ask.acting("deleteGroupRemotely") as call:
        group = found_group(call, ask.text("id"))
        drop_group(call, group.id)
        call.record(Effect("group", (group.id,)))
        return {"id": group.id}


def change_members(ask: Ask) -> object:
    """``add`` and ``remove`` lists of e-mails for group ``id``, dynamic ones too."""
    with ask.acting("changeGroupMembersRemotely") as call:
        group = found_group(call, ask.text("id"))
        added, removed = _member_ids(ask, call, "add"), _member_ids(ask, call, "remove")
        pairs = [(group.id, one) for one in added]
        call.conn.executemany("INSERT OR IGNORE INTO memberships VALUES (?, ?)", pairs)
        pairs = [(group.id, one) for one in removed]
        call.conn.executemany("DELETE FROM memberships WHERE group_id = ? AND member_id = ?", pairs)
        touched(call, shape=True)
        call.record(Effect("membership", (group.id, *added, *removed)))
        return _shown(call, group.id)


def _member_ids(ask: Ask, call: Call, name: str) -> list[int]:
    ids = []
    for email in ask.listed(name):
        member = by_email(call.conn, call.account.id, str(email))
        if member is None:
            raise not_found(f"No member {email}")
        ids.append(member.id)
    return ids


ROUTES = {
    ("POST", "groups"): create_group,
    ("PATCH", "groups"): edit_group,
    ("DELETE", "groups"): delete_group,
    ("POST", "groups/members"): change_members,
}
