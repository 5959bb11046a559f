"""Reading who is in which group. One list per group, compared in sets; nothing but links is ever removed by it.

A membership on its way to the vendor (`pending`) stays as it is until its push settles. What a push settled after a
list was asked for is newer than that list and stays too.
"""

from collections.abc import Iterator
from typing import Any

import orjson
from django.db import connection
from django.db.models import Count

from cyberadmin.api import types
from cyberadmin.api.pagination import Page
from cyberadmin.sync.pull_context import PullContext
from cyberadmin.sync.pull_pages import Reading, Rows, Window, by_day
from groups.models import Group

from .models import GroupMembership
from .pull_rows import joined_day, member_id

# A contact that a push read or wrote after the list was asked for (settling leaves no fingerprint).
_NEWER = "c.content_hash = '' AND c.pulled_at > %(asked_at)s"
_ADD = """
INSERT INTO contacts_groupmembership (contact_id, group_id, pending)
SELECT c.id, %(group)s, '' FROM {ids} JOIN contacts_contact c ON c.account_id = %(account)s AND c.remote_id = ids.value
WHERE c.gone_at IS NULL AND c.state = 'subscribed' AND NOT ({newer})
ON CONFLICT (group_id, contact_id) DO NOTHING
"""
_REMOVE = """
DELETE FROM contacts_groupmembership WHERE group_id = %(group)s AND pending = '' AND contact_id NOT IN (
  SELECT c.id FROM {ids} JOIN contacts_contact c ON c.account_id = %(account)s AND c.remote_id = ids.value
) AND NOT EXISTS (SELECT 1 FROM contacts_contact c WHERE c.id = contact_id AND {newer})
"""


def pull_memberships(context: PullContext) -> Iterator[None]:
    """Read the members of every group (full) or of those whose size differs from ours (incremental)."""
    context.step("memberships")
    groups = list(_to_read(context))
    context.expect(sum(group.members_count for group in groups))
    for group in groups:
        yield from _pull_group(context, group)


def _to_read(context: PullContext) -> Iterator[Group]:
    live = Group.objects.filter(account=context.account, gone_at=None).exclude(remote_id=None).order_by("pk")
    if context.full:
        yield from live
        return
    # What the vendor was last seen to hold: additions under way are not there yet, removals still are.
    here = GroupMembership.objects.filter(group__in=live).exclude(pending="add")
    sizes = dict(here.values_list("group").annotate(size=Count("pk")).values_list("group", "size"))
    yield from (group for group in live if group.members_count != sizes.get(group.pk, 0))


def _pull_group(context: PullContext, group: Group) -> Iterator[None]:
    reading = context.reading(f"group:{group.pk}")
    asked: list[Any] = []
    ids: list[int] = []

    def collect(rows: Rows) -> None:
        if not asked:
            asked.append(context.asked_at)
        ids.extend(number for number in map(member_id, rows) if number is not None)
        context.advance(len(rows))

    yield from context.walk(reading, _pages(context, group, reading), collect)
    if not asked:
        asked.append(context.asked_at)
    context.in_page(lambda: _compare(context, group, ids, asked[0], remove=reading.whole))
    yield


def _pages(context: PullContext, group: Group, reading: Reading) -> Iterator[Rows]:
    members = context.client.groups.list_members
    number = int(group.remote_id or 0)

    def ask(window: Window) -> Page[types.Member]:
        return context.read(
            lambda: members(
                number, page=window.page, sort=window.sort, joined_from=window.start, joined_to=window.until
            )
        )

    return by_day(ask, joined_day, member_id, reading)


def _compare(context: PullContext, group: Group, ids: list[int], asked_at: Any, *, remove: bool) -> None:
    on_postgres = connection.vendor == "postgresql"
    source = "unnest(%(ids)s::bigint[]) AS ids(value)" if on_postgres else "json_each(%(ids)s) AS ids"
    parameters = {
        "account": group.account_id,
        "group": group.pk,
        "ids": ids if on_postgres else orjson.dumps(ids).decode(),
        "asked_at": connection.ops.adapt_datetimefield_value(asked_at),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ADD.format(ids=source, newer=_NEWER), parameters)
        context.count("joined_groups", max(cursor.rowcount, 0))
        if remove:
            cursor.execute(_REMOVE.format(ids=source, newer=_NEWER), parameters)
            context.count("left_groups", max(cursor.rowcount, 0))
