"""Handlers of /mailings/{id}/recipients and its seven parts, and of the older path (api/README.md 4.7 and 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.lists import Page, Selection, envelope, pick, read_page
from cyberadmin.sandbox.mailing_rows import Mailing, find_mailing
from cyberadmin.sandbox.mailings import group_parameter
from cyberadmin.sandbox.members import SORTS as MEMBER_SORTS
from cyberadmin.sandbox.people import by_ids, recipient_items
from cyberadmin.sandbox.wire import Json, Reply, invalid

SORT_NAMES = ("email", "language", "fullname", "date", "updated")
SORTS = tuple(f"{name}_{way}" for name in SORT_NAMES for way in ("asc", "desc"))
LEGACY_SORTS = tuple(one for one in SORTS if not one.startswith("updated"))
DEFAULT_SORT = "date_desc"
LEFT = "r.sent_on <= :now"


@dataclass(frozen=True, slots=True)
class Part:
    """One list: which recipients, the column of its date, and the key that shows it ("" when none does)."""

    where: str
    column: str = "sent_on"
    key: str = ""
    personal: bool = False


PARTS = {
    "": Part("1"),
    "delivered": Part(f"{LEFT} AND r.hard_bounced_on IS NULL AND r.soft_bounced_on IS NULL"),
    "stopped": Part("r.sent_on IS NULL"),
    "hard-bounced": Part("r.hard_bounced_on IS NOT NULL", "hard_bounced_on", "hardBouncedOn"),
    "soft-bounced": Part("r.soft_bounced_on IS NOT NULL", "soft_bounced_on", "softBouncedOn"),
    "unsubscribed": Part("r.unsubscribed_on IS NOT NULL", "unsubscribed_on", "unsubscribedOn"),
    "opened": Part("r.opened_on IS NOT NULL", "opened_on", "openedOn", personal=True),
    "clicked": Part("r.clicked_on IS NOT NULL", "clicked_on", "clickedOn", personal=True),
}


def lister(name: str) -> Callable[[Call], Reply]:
    """The handler of one part."""

    def handle(call: Call) -> Reply:
        page = read_page(call, SORTS)
        page = Page(page.number, page.limit, page.sort or DEFAULT_SORT)
        mailing = find_mailing(call, call.params["id"])
        page, total, items = _recipients(call, mailing, PARTS[name], page)
        return Reply(200, envelope("recipients", items, total, page))

    return handle


def list_hard_bounces(call: Call) -> Reply:
    """The older path: hard bounces as ``members`` without ids (api/README.md 5)."""
    page = read_page(call, LEGACY_SORTS)
    mailing = find_mailing(call, call.params["id"])
    asked = Page(page.number, page.limit, page.sort or DEFAULT_SORT)
    answered, total, items = _recipients(call, mailing, PARTS["hard-bounced"], asked)
    for item in items:
        del item["idMember"]
    return Reply(200, envelope("members", items, total, Page(answered.number, page.limit, page.sort)))


def _recipients(call: Call, mailing: Mailing, part: Part, page: Page) -> tuple[Page, int, list[Json]]:
    where, params = "r.mailing_id = ?", [mailing.id]
    group = group_parameter(call)
    if group is not None:
        # As it was on the day: the recipient's row names the groups.
        where += " AND instr(r.groups, ?) > 0"
    condition = part.where
    if part.personal and mailing.anonymized:
        condition = _anonymized(call, condition)
    bounds: list[int | str] = [*params, *([f",{group},"] if group is not None else [])]
    if LEFT in condition:
        condition = condition.replace(":now", "?")
        # Once all mails have left the moment of the question no longer matters, and the rank can be kept.
        bounds.append(min(call.now, mailing.ends_on or call.now))
    selection = _selection(part, page, f"{where} AND {condition}", tuple(bounds))
    page, total, ids = pick(call, selection, page)
    items = recipient_items(by_ids(call.conn, ids), call.dates, call.settings)
    if part.key:
        _add_dates(call, mailing, part, ids, items)
    return page, total, items


def _anonymized(call: Call, condition: str) -> str:
    """Nobody is named in an anonymized mailing (api/README.md 6, row 35)."""
    choice = call.settings.text("anonymized_recipients")
    if choice == "422":
        raise invalid("id", "The statistics of this mailing are anonymized")
    return condition if choice == "shown" else "0"


def _selection(part: Part, page: Page, where: str, params: tuple[int | str, ...]) -> Selection:
    name, _, way = page.sort.partition("_")
    source = "recipients r"
    if name == "date":
        order = f"r.{part.column} {way}, r.member_id {way}"
    else:
        source += " CROSS JOIN members m ON m.id = r.member_id"
        order = MEMBER_SORTS[page.sort].replace("m.id", "r.member_id")
    return Selection(source, "r.member_id", where, params, order, shape_only=False, unindexed=True)


def _add_dates(call: Call, mailing: Mailing, part: Part, ids: list[int], items: list[Json]) -> None:
    rows = call.conn.execute(
        f"SELECT r.{part.column} FROM json_each(?) j JOIN recipients r ON r.mailing_id = ? AND r.member_id = j.value"
        " ORDER BY j.key",
        (orjson.dumps(ids).decode(), mailing.id),
    ).fetchall()
    dates = call.dates
    for item, (at,) in zip(items, rows, strict=True):
        item[part.key] = dates.text(at)
