"""Lists that lie and objects of another shape than the reference says (engine.md 3, F40, F58 to F61)."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.journal import Effect
from cyberadmin.sandbox.members import touched
from cyberadmin.sandbox.people import ABSENT, Member, blank, by_id, insert, remove
from cyberadmin.sandbox.wire import Json, Reply, Request

if TYPE_CHECKING:
    from cyberadmin.sandbox.fault_actions import Exchange

COLLECTIONS = ("members", "groups", "mailings", "recipients", "templates", "customFields")


def _collection(payload: object) -> tuple[Json, str, list[Json]] | None:
    """A list answer, its collection key and its items; None for an error or a single object."""
    if isinstance(payload, dict):
        for key in COLLECTIONS:
            if isinstance(payload.get(key), list):
                return payload, key, payload[key]
    return None


def _objects(reply: Reply) -> list[Json]:
    listed = _collection(reply.payload)
    if listed:
        return listed[2]
    return [reply.payload] if isinstance(reply.payload, dict) and reply.status < 300 else []


def _asked(request: Request, **query: str) -> Request:
    return replace(request, query={**request.query, **query})


def shift(exchange: Exchange) -> Reply:
    """After each answer ``ins`` members come and ``del`` members go, drawn by ``seed``: the pages move."""
    reply = exchange.apply()
    rule, app = exchange.rule, exchange.app
    draw = random.Random(f"{rule.args.get('seed', 0)}:{rule.fired}")
    with app.store.write() as conn:
        request = Request("FAULT", "shift", (), {}, {}, b"")
        call = Call(conn, app.store.settings, app.store.clock.now(), exchange.account, request, "shift", source="fault")
        for number in range(int(rule.number("ins", 1))):
            name = f"shift-{draw.randrange(16**8):08x}-{rule.id}-{rule.fired}-{number}@example.org"
            member = insert(conn, blank(exchange.account.id, name, call.now))
            call.record(Effect("member", (member.id,), member.email, ABSENT, member.state_name))
        for _ in range(int(rule.number("del", 1))):
            _remove_one(call, draw)
        touched(call, shape=True)
    return reply


def _remove_one(call: Call, draw: random.Random) -> None:
    where = "SELECT {} FROM members WHERE account_id = ? AND state = 0"
    low, high = call.conn.execute(where.format("min(id), max(id)"), (call.account.id,)).fetchone()
    if low is None:
        return
    point = draw.randint(low, high)
    near = where.format("id") + " AND id >= ? ORDER BY id LIMIT 1"
    row = call.conn.execute(near, (call.account.id, point)).fetchone()
    member = by_id(call.conn, call.account.id, row[0])
    if isinstance(member, Member):
        remove(call.conn, member)
        call.record(Effect("member", (member.id,), member.email, member.state_name, ABSENT))


def short_page(exchange: Exchange) -> Reply:
    """``missing`` items fewer than the page holds, from its end."""
    reply = exchange.apply()
    listed = _collection(reply.payload)
    if listed:
        payload, key, items = listed
        payload[key] = items[: max(0, len(items) - int(exchange.rule.number("missing", 1)))]
    return reply


def extra_total(exchange: Exchange) -> Reply:
    """``totalCount`` is ``add`` too high (or too low when negative)."""
    reply = exchange.apply()
    if isinstance(reply.payload, dict) and "totalCount" in reply.payload:
        reply.payload["totalCount"] += int(exchange.rule.number("add", 5))
    return reply


def missing_total(exchange: Exchange) -> Reply:
    reply = exchange.apply()
    if isinstance(reply.payload, dict):
        reply.payload.pop("totalCount", None)
    return reply


def same_page(exchange: Exchange) -> Reply:
    """Page 1 whatever page is asked for, under the number that was asked for."""
    wanted = exchange.request.parameter("page")
    reply = exchange.apply(_asked(exchange.request, page="1"))
    if isinstance(reply.payload, dict) and wanted.isdigit():
        reply.payload["page"] = int(wanted)
    return reply


def cap_limit(exchange: Exchange) -> Reply:
    """``limit`` silently capped (100), the answer repeating what was asked for."""
    wanted, cap = exchange.request.parameter("limit"), int(exchange.rule.number("limit", 100))
    if not wanted.isdigit() or int(wanted) <= cap:
        return exchange.apply()
    reply = exchange.apply(_asked(exchange.request, limit=str(cap)))
    if isinstance(reply.payload, dict) and "limit" in reply.payload:
        reply.payload["limit"] = int(wanted)
    return reply


def empty_list(exchange: Exchange) -> Reply:
    """200 with an empty list; ``totalCount`` 0 unless ``keep_total``."""
    reply = exchange.apply()
    listed = _collection(reply.payload)
    if listed:
        payload, key, _ = listed
        payload[key] = []
        if "totalCount" in payload and not exchange.rule.args.get("keep_total"):
            payload["totalCount"] = 0
    return reply


def duplicate_ids(exchange: Exchange) -> Reply:
    """The last item of the page is the first one again."""
    reply = exchange.apply()
    listed = _collection(reply.payload)
    if listed and len(listed[2]) > 1:
        listed[2][-1] = dict(listed[2][0])
    return reply


def strangers(exchange: Exchange) -> Reply:
    """The last item of the page belongs to nobody in this account."""
    reply = exchange.apply()
    listed = _collection(reply.payload)
    if listed and listed[2]:
        stranger = dict(listed[2][-1])
        if "id" in stranger:
            stranger["id"] = 999_000_000 + exchange.rule.fired
        if "email" in stranger:
            stranger["email"] = f"stranger-{exchange.rule.fired}@example.net"
        listed[2][-1] = stranger
    return reply


def _unknown_fields(item: Json, _name: str) -> None:
    item.update({"phone": "514 555-0199", "preferences": {"topics": ["news"]}})


def _null_string(item: Json, name: str) -> None:
    for key in [name] if name else [key for key, value in item.items() if isinstance(value, str)]:
        item[key] = None


def _string_int(item: Json, name: str) -> None:
    for key in [name] if name else [key for key, value in item.items() if type(value) is int and key != "id"]:
        item[key] = str(item.get(key, ""))


def _id_string(item: Json, _name: str) -> None:
    item["id"] = str(item.get("id", ""))


def _missing_field(item: Json, name: str) -> None:
    item.pop(name or "lastname", None)


def _new_enum(item: Json, name: str) -> None:
    item[name or "consentType"] = "something-new"


MUTATIONS: dict[str, Callable[[Json, str], None]] = {
    "unknown_fields": _unknown_fields,
    "null_string": _null_string,
    "string_int": _string_int,
    "id_string": _id_string,
    "missing_field": _missing_field,
    "new_enum": _new_enum,
}


def mutate(exchange: Exchange) -> Reply:
    """Every object of the answer changed by ``kind`` (a name in MUTATIONS), at ``field`` where that applies."""
    reply = exchange.apply()
    change = MUTATIONS[exchange.rule.text("kind", "unknown_fields")]
    for item in _objects(reply):
        change(item, exchange.rule.text("field", ""))
    return reply


ACTIONS: dict[str, Callable[[Exchange], Reply]] = {
    action.__name__: action
    for action in (
        shift,
        short_page,
        extra_total,
        missing_total,
        same_page,
        cap_limit,
        empty_list,
        duplicate_ids,
        strangers,
        mutate,
    )  # fmt: skip
}
