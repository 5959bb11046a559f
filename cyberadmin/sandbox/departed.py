"""Handlers of /members/bounced and /members/unsubscribed (api/README.md 4.2)."""

from __future__ import annotations

from cyberadmin.sandbox.bodies import clean_email
from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.journal import Effect
from cyberadmin.sandbox.lists import Selection, day_filters, envelope, pick, read_page
from cyberadmin.sandbox.members import touched
from cyberadmin.sandbox.people import (
    ABSENT,
    BOUNCED,
    UNSUBSCRIBED,
    Member,
    blank,
    by_email,
    by_ids,
    by_key,
    departed_items,
    insert,
    leave_groups,
    save,
)
from cyberadmin.sandbox.settings import Settings
from cyberadmin.sandbox.wire import Reply, invalid, not_found

SORTS = ("email_asc", "email_desc", "date_asc", "date_desc", "updated_asc", "updated_desc")


def list_bounced(call: Call) -> Reply:
    return _list(call, BOUNCED, "bouncedOn", "m.bounced_on")


def list_unsubscribed(call: Call) -> Reply:
    return _list(call, UNSUBSCRIBED, "unsubscribedOn", "m.unsubscribed_on")


def _list(call: Call, state: int, name: str, column: str) -> Reply:
    page = read_page(call, SORTS)
    more, bounds = day_filters(call, {name: column, "updatedOn": "m.updated_on"})
    field, _, way = page.sort.partition("_")
    by = {"email": "m.email_fold", "date": column, "updated": "m.updated_on"}.get(field, column)
    # Lists without ids come newest first (api/README.md 6, row 7).
    order = f"{by} {way or 'desc'}, m.id {way or 'desc'}"
    where = "m.account_id = ? AND m.state = ?" + more
    selection = Selection("members m", "m.id", where, (call.account.id, state, *bounds), order, shape_only=False)
    page, total, ids = pick(call, selection, page)
    items = departed_items(by_ids(call.conn, ids), call.dates, call.settings)
    return Reply(200, envelope("members", items, total, page))


def get_unsubscribed(call: Call) -> Reply:
    """By e-mail only: an unsubscribed member has no id."""
    sensitive = call.settings.text("email_case") == "sensitive"
    member = by_email(call.conn, call.account.id, call.params["key"], sensitive=sensitive)
    if member is None or member.state != UNSUBSCRIBED:
        raise not_found()
    return Reply(200, departed_items([member], call.dates, call.settings)[0])


def unsubscribe_member(call: Call) -> Reply:
    """Idempotent; ``isNewUnsubscription`` tells the two apart (api/README.md 4.2; unknown key: 6, row 16)."""
    member = by_key(call.conn, call.account.id, call.params["key"], call.settings) or _unknown(call)
    before = member.state_name if member.id else ABSENT
    new = member.state != UNSUBSCRIBED or not member.id
    if new:
        unsubscribe(call, member)
        call.record(Effect("unsubscription", (member.id,), member.email, before, member.state_name))
    answer = departed_items([member], call.dates, call.settings)[0]
    answer["isNewUnsubscription"] = new
    return Reply(200, answer)


def _unknown(call: Call) -> Member:
    choice = call.settings.text("unsubscribe_unknown")
    if choice == "create" and "@" in call.params["key"]:
        return blank(call.account.id, clean_email(call, call.params["key"]), call.now)
    if choice == "422":
        raise invalid("key", "No such member")
    raise not_found()


def unsubscribe(call: Call, member: Member) -> None:
    """The member leaves the list and every group (api/README.md 6, row 17)."""
    leave(member, UNSUBSCRIBED, call.now, call.settings)
    if not member.id:
        insert(call.conn, member)
    leave_groups(call.conn, member.id)
    save(call.conn, member)
    touched(call, shape=True)


def leave(member: Member, state: int, now: int, settings: Settings, *, dated: bool = True) -> None:
    """Set the state of somebody who left; ``hardBouncedOn`` may be unknown (``dated=False``)."""
    member.state = state
    member.unsubscribed_on = now if state == UNSUBSCRIBED else None
    member.bounced_on = now if state == BOUNCED and dated else None
    if settings.moves("unsubscribe" if state == UNSUBSCRIBED else "bounce"):
        member.updated_on = now
