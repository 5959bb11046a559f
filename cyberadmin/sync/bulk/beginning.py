"""Whether a plan still stands, and who made it may still do it: asked before the first request and before each batch."""

from django.db import connection

from cyberadmin.accounts import policy
from cyberadmin.api import errors
from cyberadmin.sync import outcomes
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import ChangeSet

from . import lease, services
from .kinds import Refused
from .work import Held, Paused, Work, remember

State = ChangeSet.State
#: So many rows, or this share of them, may have moved since the plan; more, and the plan as a whole is outdated.
MOVED_ROWS, MOVED_SHARE = 10, 0.2


def begin(work: Work) -> None:
    """Before the first request: does the plan as a whole still stand, here and there? Raises Paused, Held, LeaseLost."""
    change_set = work.change_set
    if change_set.memory.get("begun"):
        return
    try:
        work.kind.check(change_set)
        check_moved(work)
        look(work)
    except Refused as refused:
        if services.sent_something(change_set):
            raise Paused(refused.reason, refused.detail) from refused
        lease.release(
            change_set,
            (State.APPLYING,),
            state=State.OUTDATED,
            reason=refused.reason,
            reason_detail=refused.detail,
            approved_fingerprint="",
            finished_at=now(),
        )
        raise lease.LeaseLost from refused
    lease.write(change_set, (State.APPLYING,), memory=remember(change_set, begun=True))


def begin_batch(work: Work) -> None:
    """Before each batch: what the plan needs there may have gone since the one before. Raises Paused, Held."""
    try:
        work.ask_in_time("look", lambda: look(work))
    except Refused as refused:
        raise Paused(refused.reason, refused.detail) from refused


def look(work: Work) -> None:
    """Ask the vendor itself. Raises Refused, and Held when it gives no answer that can be read."""
    try:
        work.read(lambda: work.kind.look(work.change_set, work.client))
    except errors.ApiError as error:
        raise Held(outcomes.backoff(1), "vendor_trouble") from error


def check_moved(work: Work) -> None:
    """Raise Refused when too many rows moved since the plan: it is no longer what was approved."""
    table = work.resource.model._meta.db_table
    sql = f"""
        SELECT COUNT(*), SUM(CASE WHEN o.id IS NULL OR o.edit_version <> r.base_version OR o.gone_at IS NOT NULL
                             THEN 1 ELSE 0 END)
        FROM sync_plannedrow r LEFT JOIN {table} o ON o.id = r.object_id
        WHERE r.change_set_id = %s AND r.state = 'waiting' AND r.object_id IS NOT NULL"""  # noqa: S608 - our own table
    with connection.cursor() as cursor:
        cursor.execute(sql, [work.change_set.pk])
        rows, moved = cursor.fetchone()
    if moved and moved > max(MOVED_ROWS, MOVED_SHARE * rows):
        raise Refused("account_changed", {"moved": int(moved), "rows": int(rows)})


def check_rights(work: Work) -> None:
    """Who made it and who approved it must both still be allowed to. Raises Paused."""
    work.ask_in_time("rights", lambda: _check_rights(work))


def _check_rights(work: Work) -> None:
    change_set = work.change_set
    right = work.kind.right(change_set)
    for person in (change_set.actor, change_set.approved_by):
        if person is None or not policy.can(person, right, work.account):
            raise Paused("rights_lost")
