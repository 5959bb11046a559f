"""The last gate before a mailing is made: everything that must still be true, asked right before the POST.

Raises `Stopped`, by which the engine parks the change with a reason and a person decides; nothing was sent then.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from cyberadmin.accounts import policy
from cyberadmin.api import errors, types
from cyberadmin.api.client import ApiClient
from cyberadmin.api.pagination import Page
from cyberadmin.sync.clock import now
from cyberadmin.sync.resource import Stopped

from . import fingerprint, times
from .models import Approval, Mailing

#: How far ahead a mailing must be when it is sent: a second one is then found and deleted before it leaves (fault 49).
LEAD = timedelta(minutes=30)
#: A test reaches one person, so a shorter lead does.
TEST_LEAD = timedelta(minutes=2)
#: How long the vendor may still show what it has deleted, and how long to wait before asking again.
LAG, LAG_SECONDS = timedelta(minutes=5), 30.0
#: How many more or fewer people a group may have than were approved: a list lives.
DRIFT_PEOPLE, DRIFT_SHARE = 10, 0.05


def lead_of(mailing: Mailing) -> timedelta:
    """How far ahead this mailing must be when it is sent."""
    return TEST_LEAD if mailing.is_test else LEAD


def check(client: ApiClient, mailing: Mailing) -> None:
    """Raise Stopped unless this mailing may be made now."""
    _check_itself(mailing)
    check_replaced(client, mailing)
    _check_people(client, mailing)


def check_successor(client: ApiClient, mailing: Mailing) -> None:
    """Raise Stopped unless this mailing could be made now were the one that it replaces gone: asked before that one goes."""
    _check_itself(mailing)
    _check_people(client, mailing)


def _check_itself(mailing: Mailing) -> None:
    if mailing.send_at is None or mailing.send_at - now() < lead_of(mailing):
        raise Stopped("window_gone")
    if not times.is_sayable(mailing.send_at):
        raise Stopped("time_unsayable", final=True)
    if not mailing.is_test:
        check_approval(mailing)


def _check_people(client: ApiClient, mailing: Mailing) -> None:
    counts = people(client, mailing)
    if mailing.is_test:
        if counts != 1:
            raise Stopped("test_group", {"count": counts})
    else:
        approved = cast(Approval, mailing.approval).recipients.get(mailing.language, 0)
        if has_drifted(approved, counts):
            raise Stopped("groups_moved", {"approved": approved, "count": counts})


def check_approval(mailing: Mailing) -> None:
    """Raise Stopped unless what is about to be sent is what was approved, by somebody who may still send."""
    approval = mailing.approval
    if approval is None or not approval.covers(mailing.language, fingerprint.of_mailing(mailing)):
        raise Stopped("approval_gone", final=True)
    if approval.decided_by is None or not policy.can(approval.decided_by, "send", mailing.account_id):
        raise Stopped("approval_gone", final=True)


def check_replaced(client: ApiClient, mailing: Mailing) -> None:
    """Raise Stopped while the mailing that this one replaces is still at the vendor: never two."""
    if mailing.moved_from_remote_id is None:
        return
    try:
        client.mailings.get(mailing.moved_from_remote_id)
    except errors.NotFound:
        return
    old = mailing.moved_from
    # Its deletion was just accepted: the vendor's answers may lag behind its writes for a while.
    just_deleted = old is not None and old.gone_at is not None and now() - old.gone_at < LAG
    again = LAG_SECONDS if just_deleted else 0.0
    raise Stopped("old_still_there", {"remote_id": mailing.moved_from_remote_id}, again_after=again)


def people(client: ApiClient, mailing: Mailing) -> int:
    """How many people the vendor counts in the mailing's groups now. Raises Stopped when one is gone."""
    count = 0
    for group_id in mailing.group_ids:
        try:
            count += client.groups.get(group_id).members_count
        except errors.NotFound:
            raise Stopped("groups_moved", {"missing": group_id}) from None
    return count


def has_drifted(approved: int, counted: int) -> bool:
    """Whether the groups are no longer those that somebody approved."""
    return abs(counted - approved) > max(DRIFT_PEOPLE, DRIFT_SHARE * approved)


def every(read: Callable[..., Page[Any]], **filters: Any) -> list[Any]:
    """All typed rows of a list of mailings, page after page."""
    found: dict[int, types.ScheduledMailing | types.SentMailing] = {}
    number, read_rows = 1, 0
    while True:
        page = read(page=number, sort="date_asc", **filters)
        found.update((one.id, one) for one in page.items)
        read_rows += len(page.rows)
        if not page.rows or read_rows >= page.total_count:
            return list(found.values())
        number += 1
