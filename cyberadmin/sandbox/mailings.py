"""Handlers of /mailings (api/README.md 4.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.dates import DateStyle
from cyberadmin.sandbox.journal import Effect
from cyberadmin.sandbox.lists import bad_parameter, envelope, read_page, slice_of
from cyberadmin.sandbox.mailing_bodies import read_mailing
from cyberadmin.sandbox.mailing_rows import Mailing, find_mailing, insert_mailing, mailing_item, remove_mailing
from cyberadmin.sandbox.mailing_runner import SCHEDULED
from cyberadmin.sandbox.people import ABSENT, numeric_id
from cyberadmin.sandbox.wire import ApiProblem, Json, Reply

SORT_NAMES = ("language", "subject", "recipients", "date")
SORTS = tuple(f"{name}_{way}" for name in SORT_NAMES for way in ("asc", "desc"))
ARCHIVED_SORTS = (*SORTS, "date_sent_asc", "date_sent_desc")
# Which mailings each list holds; one being sent is in the list of the setting (api/README.md 6, row 32).
_SENDING = "m.started_on IS NOT NULL AND m.done = 0"
LISTS = {
    "sent": "m.started_on IS NOT NULL AND m.done = 1 AND m.archived_on IS NULL",
    "scheduled": "m.started_on IS NULL",
    "archived": "m.archived_on IS NOT NULL",
}
DATES = {"sent": "started_on", "scheduled": "scheduled_on", "archived": "archived_on"}


@dataclass(frozen=True, slots=True)
class Row:
    """What a list shows of a mailing; ``recipients`` of a scheduled one is who is in its groups now."""

    id: int
    subject: str
    language: str
    scheduled_on: int
    started_on: int | None
    archived_on: int | None
    recipients: int
    mail_from: str


def create_mailing(call: Call) -> Reply:
    """Schedules a real send at ``sendAt``."""
    mailing_id = insert_mailing(call, read_mailing(call, call.body()))
    call.record(Effect("mailing", (mailing_id,), before=ABSENT, after=SCHEDULED))
    # The sample's scheduledOn has no fraction, and two keys of GET are not there (api/README.md 3 and 4.7).
    dates = DateStyle(call.dates.style, digits=0)
    item = mailing_item(call, find_mailing(call, str(mailing_id)), dates)
    del item["emailsStopped"], item["mailingStatistics"]
    return Reply(201, item)


def get_mailing(call: Call) -> Reply:
    return Reply(200, mailing_item(call, find_mailing(call, call.params["id"]), call.dates))


def delete_mailing(call: Call) -> Reply:
    """Cancels a mailing that has not started (api/README.md 6, row 34)."""
    mailing = find_mailing(call, call.params["id"])
    if mailing.started_on is not None:
        raise ApiProblem(call.settings.status("delete_started_status"), "This mailing has already started")
    cancel(call, mailing)
    return Reply(200, {call.params["id"]: "deleted"})


def cancel(call: Call, mailing: Mailing) -> None:
    """The mailing is gone; with the setting ``deleted_mailing_sent`` it starts at its time all the same."""
    if call.settings.flag("deleted_mailing_sent"):
        call.conn.execute("UPDATE mailings SET cancelled = 1 WHERE id = ?", (mailing.id,))
    else:
        remove_mailing(call.conn, mailing.id)
    call.record(Effect("mailing", (mailing.id,), before=SCHEDULED, after=ABSENT, body=""))


# -- lists -----------------------------------------------------------------------------------------------------


def list_sent(call: Call) -> Reply:
    """Archived ones are left out."""
    return _list(call, "sent", SORTS)


def list_scheduled(call: Call) -> Reply:
    return _list(call, "scheduled", SORTS)


def list_archived(call: Call) -> Reply:
    return _list(call, "archived", ARCHIVED_SORTS)


def _list(call: Call, kind: str, sorts: tuple[str, ...]) -> Reply:
    page = read_page(call, sorts)
    rows = _rows(call, kind)
    if page.sort:
        name, _, way = page.sort.rpartition("_")
        # Of equals the older comes first, the newer when the order is turned round.
        rows.sort(key=lambda row: (_sort_key(kind, name)(row), row.id), reverse=way == "desc")
    total = len(rows)
    page, shown = slice_of(call, rows, page)
    return Reply(200, envelope("mailings", [_item(row, kind, call.dates) for row in shown], total, page))


def _sort_key(kind: str, name: str) -> Callable[[Row], str | int]:
    if name == "subject":
        return lambda row: row.subject.casefold()
    column = {"date": DATES[kind], "date_sent": "started_on"}.get(name, name)
    return lambda row: getattr(row, column) or 0


def _item(row: Row, kind: str, dates: DateStyle) -> Json:
    item: Json = {"id": row.id, "subject": row.subject, "language": row.language}
    if kind == "scheduled":
        item["scheduledOn"] = dates.text(row.scheduled_on)
    else:
        item["startedOn"] = dates.show(row.started_on)
    item["recipientsCount"] = row.recipients
    item["mailFrom"] = row.mail_from
    if kind == "archived":
        item["archivedOn"] = dates.show(row.archived_on)
    return item


def _rows(call: Call, kind: str) -> list[Row]:
    where = LISTS[kind]
    if call.settings.text("list_sending") == kind:
        where = f"({where} OR ({_SENDING}))"
    group = group_parameter(call)
    if group is not None:
        where += " AND EXISTS (SELECT 1 FROM mailing_groups x WHERE x.mailing_id = m.id AND x.group_id = :group)"
    rows = call.conn.execute(
        "SELECT m.id, m.subject, m.language, m.scheduled_on, m.started_on, m.archived_on, m.recipients_count,"
        f" m.mail_from FROM mailings m WHERE m.account_id = :account AND m.cancelled = 0 AND {where} ORDER BY m.id",
        {"account": call.account.id, "group": group},
    ).fetchall()
    listed = [Row(*row) for row in rows]
    if kind != "scheduled":
        return listed
    expected = _expected(call)
    return [replace(one, recipients=expected.get(one.id, one.recipients)) for one in listed]


def _expected(call: Call) -> dict[int, int]:
    """How many people each scheduled mailing would reach now; mailings to the same groups are counted once."""
    targets = call.conn.execute(
        "SELECT m.id, (SELECT group_concat(x.group_id) FROM mailing_groups x WHERE x.mailing_id = m.id)"
        " FROM mailings m WHERE m.account_id = ? AND m.started_on IS NULL",
        (call.account.id,),
    ).fetchall()
    counts = {
        ids: call.conn.execute(
            "SELECT count(DISTINCT x.member_id) FROM memberships x"
            f" JOIN members m ON m.id = x.member_id AND m.state = 0 WHERE x.group_id IN ({ids or ''})"
        ).fetchone()[0]
        for ids in {ids for _, ids in targets}
    }
    return {mailing_id: counts[ids] for mailing_id, ids in targets}


def group_parameter(call: Call) -> int | None:
    """``idGroup``, or None when absent. An unknown group simply has no mailings."""
    text = call.request.parameter("idGroup")
    number = numeric_id(text)
    if text and number is None:
        problem = bad_parameter(call, "idGroup", "must be the id of a group")
        if problem:
            raise problem
    return number
