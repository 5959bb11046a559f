"""Who is in which group; the counts on both sides are kept by triggers (schema.py)."""

from __future__ import annotations

import sqlite3

from cyberadmin.sandbox.dates import DateStyle
from cyberadmin.sandbox.wire import Json


def set_groups(conn: sqlite3.Connection, member_id: int, group_ids: list[int], *, keep: bool) -> bool:
    """Put a member in these static groups; without ``keep`` take them out of all other static ones. Changed?"""
    rows = conn.execute(
        "SELECT g.id FROM memberships x JOIN groups g ON g.id = x.group_id WHERE x.member_id = ? AND g.is_dynamic = 0",
        (member_id,),
    )
    current = {row[0] for row in rows}
    added = [one for one in group_ids if one not in current]
    removed = [] if keep else sorted(current - set(group_ids))
    conn.executemany("INSERT INTO memberships VALUES (?, ?)", [(one, member_id) for one in added])
    conn.executemany("DELETE FROM memberships WHERE group_id = ? AND member_id = ?", [(x, member_id) for x in removed])
    return bool(added or removed)


def groups_of(conn: sqlite3.Connection, member_id: int, dates: DateStyle) -> list[Json]:
    """A member's groups in id order, without counters (api/README.md 4.6)."""
    rows = conn.execute(
        "SELECT g.id, g.title, g.is_public, g.created_on, g.is_dynamic FROM memberships x"
        " JOIN groups g ON g.id = x.group_id WHERE x.member_id = ? ORDER BY g.id",
        (member_id,),
    )
    return [
        {"id": id, "title": title, "isPublic": bool(public), "createdOn": dates.text(made), "isDynamic": bool(dynamic)}
        for id, title, public, made, dynamic in rows
    ]
