"""Handlers of /members and /members/{key} (api/README.md 4.1)."""

from __future__ import annotations

from cyberadmin.sandbox.bodies import MemberBody, read_member
from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.journal import Effect
from cyberadmin.sandbox.lists import Page, Selection, choice_parameter, day_filters, envelope, pick, read_page
from cyberadmin.sandbox.memberships import set_groups
from cyberadmin.sandbox.people import (
    ABSENT,
    BOUNCED,
    SUBSCRIBED,
    UNSUBSCRIBED,
    Member,
    blank,
    by_email,
    by_ids,
    by_key,
    fold,
    insert,
    member_item,
    member_items,
    remove,
    save,
)
from cyberadmin.sandbox.store import touch
from cyberadmin.sandbox.wire import ApiProblem, Json, Reply, not_found

STATUSES = ("active", "orphans", "all")
_ORDERS = {
    "email": "m.email_fold {0}, m.id {0}",
    "language": "m.language {0}, m.id {0}",
    "fullname": "lower(m.firstname || ' ' || m.lastname) {0}, m.id {0}",
    "date": "m.joined_on {0}, m.id {0}",
    "consent_type": "m.consent_type {0}, m.id {0}",
    "consent_date": "m.consent_date {0}, m.id {0}",
    "updated": "m.updated_on {0}, m.id {0}",
}
SORTS = {f"{name}_{way}": sql.format(way.upper()) for name, sql in _ORDERS.items() for way in ("asc", "desc")}
DEFAULT_ORDERS = {"id_asc": "m.id", "id_desc": "m.id DESC", "email_asc": SORTS["email_asc"]}
STABLE_SORTS = ("", "email_asc", "email_desc", "date_asc", "date_desc")


def touched(call: Call, *, shape: bool) -> None:
    touch(call.conn, call.account.id, shape=shape)


def found(call: Call, departed: str = "") -> Member:
    """The subscribed member of ``{key}``; 404 after an unsubscription or a bounce, unless the setting ``departed`` says
    otherwise (for reads the one for reads; api/README.md 6, row 17).
    """
    member = by_key(call.conn, call.account.id, call.params["key"], call.settings)
    if member is None:
        raise not_found()
    setting = departed or ("departed_member_get" if call.request.method == "GET" else "")
    if member.state != SUBSCRIBED and (not setting or call.settings.text(setting) == "404"):
        raise not_found()
    return member


def list_members(call: Call) -> Reply:
    page = read_page(call, SORTS)
    status = choice_parameter(call, "status", STATUSES) or "active"
    where = "m.account_id = ? AND m.state = 0"
    if status != "all":
        where += f" AND m.orphan = {int(status == 'orphans')}"
    page, total, ids = pick(call, member_selection(call, page, "members m", where, (call.account.id,)), page)
    answer = envelope("members", member_items(by_ids(call.conn, ids), call.dates, call.settings), total, page)
    answer["items_per_page"] = page.limit
    return Reply(200, answer)


def member_selection(
    call: Call, page: Page, source: str, where: str, params: tuple[int, ...], id_column: str = "m.id"
) -> Selection:
    """A list of members with the four date filters and the order that was asked for."""
    more, bounds = day_filters(call, {"joinedOn": "m.joined_on", "updatedOn": "m.updated_on"})
    order = SORTS[page.sort] if page.sort else DEFAULT_ORDERS[call.settings.text("default_order")]
    stable = page.sort in STABLE_SORTS and "updated_on" not in more
    return Selection(source, id_column, where + more, (*params, *bounds), order.replace("m.id", id_column), stable)


def create_member(call: Call) -> Reply:
    """Adds at once, subscribed, without a mail; somebody known is refused (api/README.md 4.1; 6, row 9)."""
    body = call.body()
    if "email" not in body:
        raise call.schema_mismatch()
    given = read_member(call, body)
    email = given.email or ""
    member = _admitted(call, email)
    before = member.state_name if member else ABSENT
    if member is None:
        member = blank(call.account.id, email, call.now)
        member.relation_type = _text_or_none(call.settings.value("created_relation"))
        given.write_to(member)
        insert(call.conn, member)
    else:
        revive(member, call.now)
        given.write_to(member)
        save(call.conn, member)
    set_groups(call.conn, member.id, given.groups or [], keep=True)
    touched(call, shape=True)
    call.record(Effect("member", (member.id,), member.email, before, member.state_name))
    return Reply(201, member_item(member, call.dates, call.settings))


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def _admitted(call: Call, email: str) -> Member | None:
    """None for a new address, the row of somebody who left when the settings let POST take them back."""
    known = by_email(call.conn, call.account.id, email, sensitive=call.settings.text("email_case") == "sensitive")
    conflict = ApiProblem(call.settings.status("existing_member_status"), "Member already exists")
    if known is None:
        deleted = call.conn.execute(
            "SELECT 1 FROM deleted_addresses WHERE account_id = ? AND email_fold = ?", (call.account.id, fold(email))
        ).fetchone()
        if deleted and call.settings.text("deleted_create") == "refuse":
            raise conflict
        return None
    name = {UNSUBSCRIBED: "unsubscribed_create", BOUNCED: "bounced_create"}.get(known.state)
    if name is None or call.settings.text(name) == "refuse":
        raise conflict
    return known


def revive(member: Member, now: int) -> None:
    """Subscribed again."""
    member.state = SUBSCRIBED
    member.unsubscribed_on = member.bounced_on = None
    member.updated_on = now


def get_member(call: Call) -> Reply:
    return Reply(200, member_item(found(call), call.dates, call.settings))


def replace_member(call: Call) -> Reply:
    """PUT: what is left out goes back to its empty default; groups stay when absent."""
    body = call.body()
    if "email" not in body and call.settings.text("put_without_email") == "refuse":
        raise call.schema_mismatch()
    given = read_member(call, body)
    empty = blank(call.account.id, "", call.now)
    columns = ("firstname", "lastname", "company", "gender", "language", "postal_code", "country", "note", "birthdate")
    given.columns = {**{name: getattr(empty, name) for name in columns}, **given.columns}
    member = found(call)
    member.custom = "{}"
    return _changed(call, member, given)


def edit_member(call: Call) -> Reply:
    """PATCH: what is left out is untouched."""
    body = call.body()
    if not body:
        raise call.schema_mismatch()
    given = read_member(call, body)
    return _changed(call, found(call), given)


def _changed(call: Call, member: Member, given: MemberBody) -> Reply:
    moved = given.email is not None and fold(given.email) != member.email_fold
    if given.email is not None and given.email != member.email:
        sensitive = call.settings.text("email_case") == "sensitive"
        other = by_email(call.conn, call.account.id, given.email, sensitive=sensitive)
        if other is not None and other.id != member.id:
            raise ApiProblem(call.settings.status("email_in_use_status"), "Another member has this e-mail address")
    given.write_to(member)
    if moved and call.settings.text("email_change_consent") == "reset":
        reset_consent(member, call.now)
    member.updated_on = call.now
    save(call.conn, member)
    if given.groups is not None:
        set_groups(call.conn, member.id, given.groups, keep=False)
    touched(call, shape=moved or given.groups is not None)
    call.record(Effect("member", (member.id,), member.email, member.state_name, member.state_name))
    return Reply(200, member_item(member, call.dates, call.settings))


def reset_consent(member: Member, now: int) -> None:
    """Consent is tied to the address: a new one starts like a new member (api/README.md 4.1)."""
    member.consent_type, member.relation_type, member.consent_proof = "implied", None, ""
    member.consent_date, member.consent_expiration = now, None


def delete_member(call: Call) -> Reply:
    member = found(call, "departed_member_delete")
    remove(call.conn, member)
    touched(call, shape=True)
    call.record(Effect("member", (member.id,), member.email, member.state_name, ABSENT))
    answer: Json = {call.params["key"]: "deleted"}
    return Reply(200, answer)
