"""Reading the vendor's groups into the mirror. Who is in them is read after the contacts (contacts/pull_memberships.py)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cyberadmin.api import types
from cyberadmin.api.errors import SchemaError
from cyberadmin.api.types import fields
from cyberadmin.sync import merge, pull_merge, registry
from cyberadmin.sync.pull_context import PullContext
from cyberadmin.sync.pull_pages import Row, Rows, Window, by_number
from cyberadmin.sync.resource import Resource
from cyberadmin.sync.sweep import Sweepable

from .models import Group, title_key
from .wire import TITLE_WIDTH, seen_group

if TYPE_CHECKING:
    from cyberadmin.api.pagination import Page

LIST = "groups"


def pull_groups(context: PullContext) -> Iterator[None]:
    """Read all groups, static and dynamic; yields after each page. The list knows no "changed since"."""
    context.step(LIST)
    reading = context.reading(LIST)
    resource = registry.get("group")

    def ask(window: Window) -> "Page[types.Group]":
        # Groups have no e-mail address; creation is their only steady order (api/README.md 4.6).
        return context.read(lambda: context.client.groups.list(page=window.page, sort="date_asc"))

    def merge_page(rows: Rows) -> None:
        context.expect((reading.announced or 0) if reading.pages == 1 else 0)
        context.in_page(lambda: _merge(context, resource, rows))

    yield from context.walk(reading, by_number(ask, group_id, reading), merge_page)
    live = Group.objects.filter(account=context.account, gone_at=None, deleted_at=None)
    context.sweepable.append(Sweepable(resource, (LIST,), live.exclude(remote_id=None), _forget))


def group_id(row: Row) -> int | None:
    """The vendor's number of a listed group; None for a row that has none."""
    try:
        return fields.integer(row, "id")
    except SchemaError:
        return None


def _forget(group: Group) -> None:
    group.memberships.all().delete()


def _merge(context: PullContext, resource: Resource, rows: Rows) -> None:
    known = {
        group.remote_id: group
        for group in Group.objects.filter(account=context.account, remote_id__in=[group_id(row) for row in rows])
    }
    being_made = set(
        Group.objects.filter(account=context.account, gone_at=None, remote_id=None).values_list("title_key", flat=True)
    )
    seen = []
    for row in rows:
        mirrored = known.get(group_id(row))
        group = mirrored if _is_same(mirrored, row, context) else _take(context, resource, mirrored, row, being_made)
        if group is not None:
            seen.append(group.pk)
        elif mirrored is not None:
            seen.append(mirrored.pk)
    context.seen(context.readings[LIST], seen)
    context.advance(len(rows))


def _is_same(group: Group | None, row: Row, context: PullContext) -> bool:
    if group is None:
        return False
    if group.pulled_at is not None and group.pulled_at > context.asked_at:
        return True  # settled after this page was asked for: what we hold is newer
    same = group.gone_at is None and group.snapshot is None and group.content_hash == pull_merge.digest(row)
    if same:
        context.count("unchanged")
    return same


def _take(
    context: PullContext, resource: Resource, group: Group | None, row: Row, being_made: set[str]
) -> Group | None:
    """Merge one new or changed group; None when it was left out."""
    try:
        seen = seen_group(types.Group.from_json(row))
    except SchemaError as error:
        context.readings[LIST].veto("bad_row")
        context.problem("bad_row", list=LIST, id=group_id(row), field=error.field)
        return None
    if group is not None:
        pull_merge.take_in(resource, group, seen, pull_merge.digest(row))
        context.count("updated")
        return group
    if title_key(seen.values["title"])[:TITLE_WIDTH] in being_made:
        # It may be the one that a create of ours is just making; settling or looking links the two.
        context.count("left_to_create")
        return None
    group = Group(account=context.account, pulled_at=context.asked_at, content_hash=pull_merge.digest(row))
    resource.assign(group, seen.values)
    resource.absorb(group, seen)
    merge.compare(resource, group, seen.values)
    group.save()
    context.count("created")
    return group
