"""Handlers of /groups (api/README.md 4.6)."""

from __future__ import annotations

from dataclasses import dataclass

from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.dates import DateStyle
from cyberadmin.sandbox.journal import Effect
from cyberadmin.sandbox.lists import envelope, pick, read_page, slice_of
from cyberadmin.sandbox.members import SORTS as MEMBER_SORTS
from cyberadmin.sandbox.members import member_selection, touched
from cyberadmin.sandbox.people import by_ids, member_items, numeric_id
from cyberadmin.sandbox.wire import ApiProblem, Json, Reply, invalid, not_found

_SORT_KEYS = {
    "group": "title",
    "nbmember": "membersCount",
    "type": "isDynamic",
    "nbnewsletter": "mailingsCount",
    "date": "createdOn",
}
SORTS = tuple(f"{name}_{way}" for name in _SORT_KEYS for way in ("asc", "desc"))
_SELECT = (
    "SELECT id, title, is_public, is_dynamic, created_on, members_count,"
    " (SELECT count(*) FROM mailing_groups x WHERE x.group_id = g.id) FROM groups g WHERE account_id = ?"
)


@dataclass(frozen=True, slots=True)
class Group:
    id: int
    title: str
    is_public: int
    is_dynamic: int
    created_on: int
    members_count: int
    mailings_count: int

    def item(self, dates: DateStyle) -> Json:
        """As the group endpoints show it: with both counters."""
        return {
            "id": self.id,
            "title": self.title,
            "isPublic": bool(self.is_public),
            "membersCount": self.members_count,
            "mailingsCount": self.mailings_count,
            "createdOn": dates.text(self.created_on),
            "isDynamic": bool(self.is_dynamic),
        }


def all_groups(call: Call) -> list[Group]:
    return [Group(*row) for row in call.conn.execute(f"{_SELECT} ORDER BY id", (call.account.id,))]


def found_group(call: Call, text: str) -> Group:
    row = call.conn.execute(f"{_SELECT} AND id = ?", (call.account.id, numeric_id(text))).fetchone()
    if row is None:
        raise not_found()
    return Group(*row)


def _static(call: Call) -> Group:
    """The group, which must not be dynamic (api/README.md 6, row 21)."""
    group = found_group(call, call.params["id"])
    if group.is_dynamic:
        raise ApiProblem(call.settings.status("dynamic_group_status"), "A dynamic group cannot be changed")
    return group


def list_groups(call: Call) -> Reply:
    page = read_page(call, SORTS)
    rows = [group.item(call.dates) for group in all_groups(call)]
    if page.sort:
        name, _, way = page.sort.rpartition("_")
        key = _SORT_KEYS[name]
        rows.sort(key=lambda row: str(row[key]).casefold() if key == "title" else row[key], reverse=way == "desc")  # type: ignore[arg-type,return-value]
    page, shown = slice_of(call, rows, page)
    return Reply(200, envelope("groups", shown, len(rows), page))


def get_group(call: Call) -> Reply:
    return Reply(200, found_group(call, call.params["id"]).item(call.dates))


def _read(call: Call, *, partial: bool) -> tuple[str | None, bool | None]:
    body = call.body()
    title, public = body.get("title"), body.get("isPublic")
    wrong_title = "title" in body and not (isinstance(title, str) and title)
    wrong_public = "isPublic" in body and not isinstance(public, bool)
    missing = not body if partial else "title" not in body
    if wrong_title or wrong_public or missing:
        raise call.schema_mismatch()
    return (title if isinstance(title, str) else None), (public if isinstance(public, bool) else None)


def _check_title(call: Call, title: str, own_id: int) -> None:
    twin = call.conn.execute(
        "SELECT 1 FROM groups WHERE account_id = ? AND title = ? AND id <> ?", (call.account.id, title, own_id)
    ).fetchone()
    if twin and call.settings.text("duplicate_titles") == "refuse":
        raise invalid("title", "Another group has this title")


def create_group(call: Call) -> Reply:
    """Makes a static group."""
    title, public = _read(call, partial=False)
    _check_title(call, title or "", 0)
    group_id = insert_group(call, title or "", public, dynamic=False)
    call.record(Effect("group", (group_id,)))
    return Reply(201, found_group(call, str(group_id)).item(call.dates))


def insert_group(call: Call, title: str, public: bool | None, *, dynamic: bool) -> int:
    shown = call.settings.flag("default_is_public") if public is None else public
    cursor = call.conn.execute(
        "INSERT INTO groups (account_id, title, is_public, is_dynamic, created_on) VALUES (?, ?, ?, ?, ?)",
        (call.account.id, title, shown, dynamic, call.now),
    )
    return int(cursor.lastrowid or 0)


def replace_group(call: Call) -> Reply:
    """PUT: what is left out is reset."""
    title, public = _read(call, partial=False)
    return _changed(call, title, call.settings.flag("default_is_public") if public is None else public)


def edit_group(call: Call) -> Reply:
    title, public = _read(call, partial=True)
    return _changed(call, title, public)


def _changed(call: Call, title: str | None, public: bool | None) -> Reply:
    group = _static(call)
    if title is not None:
        _check_title(call, title, group.id)
    call.conn.execute(
        "UPDATE groups SET title = coalesce(?, title), is_public = coalesce(?, is_public) WHERE id = ?",
        (title, public, group.id),
    )
    call.record(Effect("group", (group.id,)))
    return Reply(200, found_group(call, call.params["id"]).item(call.dates))


def delete_group(call: Call) -> Reply:
    """Members stay; a group in use may be refused (api/README.md 6, rows 22 and 23)."""
    group = found_group(call, call.params["id"])
    if group.is_dynamic and call.settings.text("delete_dynamic_group") == "refuse":
        raise ApiProblem(call.settings.status("dynamic_group_status"), "A dynamic group cannot be deleted")
    choice = call.settings.text("delete_group_in_use")
    if choice != "allow" and _in_use(call, group.id):
        raise ApiProblem(int(choice), "This group is in use: change the mailing or the request first")
    drop_group(call, group.id)
    call.record(Effect("group", (group.id,), body=""))
    return Reply(200, {call.params["id"]: "deleted"})


def drop_group(call: Call, group_id: int) -> None:
    for table in ("memberships", "mailing_groups"):
        call.conn.execute(f"DELETE FROM {table} WHERE group_id = ?", (group_id,))
    call.conn.execute("DELETE FROM groups WHERE id = ?", (group_id,))
    touched(call, shape=True)


def _in_use(call: Call, group_id: int) -> bool:
    """Does a scheduled mailing or a pending opt-in target it?"""
    scheduled = call.conn.execute(
        "SELECT 1 FROM mailing_groups x JOIN mailings m ON m.id = x.mailing_id"
        " WHERE x.group_id = ? AND m.started_on IS NULL AND m.scheduled_on > ?",
        (group_id, call.now),
    ).fetchone()
    pending = call.conn.execute(
        "SELECT 1 FROM optins o, json_each(o.group_ids) j"
        " WHERE o.account_id = ? AND o.clicked_on IS NULL AND j.value = ?",
        (call.account.id, group_id),
    ).fetchone()
    return bool(scheduled or pending)


def list_group_members(call: Call) -> Reply:
    page = read_page(call, MEMBER_SORTS)
    group = found_group(call, call.params["id"])
    source = "memberships x CROSS JOIN members m ON m.id = x.member_id"
    # The same id from the membership's own key: its index is in that order already.
    selection = member_selection(call, page, source, "x.group_id = ? AND m.state = 0", (group.id,), "x.member_id")
    page, total, ids = pick(call, selection, page)
    items = member_items(by_ids(call.conn, ids), call.dates, call.settings)
    return Reply(200, envelope("members", items, total, page))


def empty_group(call: Call) -> Reply:
    """Takes every member out; the members themselves stay."""
    group = _static(call)
    if call.settings.moves("groups"):
        call.conn.execute(
            "UPDATE members SET updated_on = ? WHERE id IN (SELECT member_id FROM memberships WHERE group_id = ?)",
            (call.now, group.id),
        )
    call.conn.execute("DELETE FROM memberships WHERE group_id = ?", (group.id,))
    touched(call, shape=True)
    call.record(Effect("membership", (group.id,), body=""))
    return Reply(200, {"members": []})
