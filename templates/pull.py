"""Reading the vendor's templates into the mirror.

The list shows no bodies (api/README.md 4.8): a template that is new, or whose row in the list changed, is read by
itself, and merged before the next one is read, so that one body at a time is held.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cyberadmin.api import types
from cyberadmin.api.errors import NotFound, SchemaError
from cyberadmin.api.types import fields
from cyberadmin.sync import merge, pull_merge, registry
from cyberadmin.sync.pull_context import ListRefused, PullContext
from cyberadmin.sync.pull_pages import Row, Rows, Window, by_number
from cyberadmin.sync.resource import Resource, Seen
from cyberadmin.sync.sweep import Sweepable

from .models import TITLE_WIDTH, EmailTemplate, normalised, title_key

if TYPE_CHECKING:
    from cyberadmin.api.pagination import Page

LIST = "templates"


def pull_templates(context: PullContext) -> Iterator[None]:
    """Read all templates; yields after each page. The list knows no "changed since"."""
    context.step(LIST)
    reading = context.reading(LIST)
    resource = registry.get("template")

    def ask(window: Window) -> "Page[types.TemplateSummary]":
        # By title: neither number nor date is among the sorts (api/openapi.yaml, SortTemplates).
        return context.read(lambda: context.client.templates.list(page=window.page, sort="template_asc"))

    def merge_page(rows: Rows) -> None:
        context.expect((reading.announced or 0) if reading.pages == 1 else 0)
        seen = [pk for row in rows if (pk := _take(context, resource, row)) is not None]
        context.in_page(lambda: _note(context, seen, len(rows)))

    yield from context.walk(reading, by_number(ask, template_id, reading), merge_page)
    live = EmailTemplate.objects.filter(account=context.account, gone_at=None, deleted_at=None)
    context.sweepable.append(Sweepable(resource, (LIST,), live.exclude(remote_id=None), lambda template: None))


def template_id(row: Row) -> int | None:
    """The vendor's number of a listed template; None for a row that has none."""
    try:
        return fields.integer(row, "id")
    except SchemaError:
        return None


def _note(context: PullContext, seen: list[int], rows: int) -> None:
    context.seen(context.readings[LIST], seen)
    context.advance(rows)


def _take(context: PullContext, resource: Resource, row: Row) -> int | None:
    """Bring one listed template in line; its local number, or None when it was left out."""
    number = template_id(row)
    if number is None:
        _bad(context, row, "id")
        return None
    listed_at = context.asked_at
    mirrored = _mirrored(context, number)
    if mirrored is not None and _is_same(mirrored, row, context):
        return mirrored.pk
    if mirrored is None and _may_be_ours(context, row):
        # It may be the one that a create of ours is just making; settling or looking links the two.
        context.count("left_to_create")
        return None
    seen = _read(context, number, row)
    context.asked_at = listed_at
    if seen is None:
        return mirrored.pk if mirrored is not None else None
    return context.in_page(lambda: _merge(context, resource, number, seen, pull_merge.digest(row)))


def _mirrored(context: PullContext, number: int) -> EmailTemplate | None:
    return (
        EmailTemplate.objects.filter(account=context.account, remote_id=number).defer("body_html", "body_text").first()
    )


def _is_same(template: EmailTemplate, row: Row, context: PullContext) -> bool:
    if template.pulled_at is not None and template.pulled_at > context.asked_at:
        return True  # settled after this page was asked for: what we hold is newer
    same = template.gone_at is None and template.snapshot is None and template.content_hash == pull_merge.digest(row)
    if same:
        context.count("unchanged")
    return same


def _may_be_ours(context: PullContext, row: Row) -> bool:
    being_made = EmailTemplate.objects.filter(account=context.account, gone_at=None, remote_id=None)
    return being_made.filter(title_key=title_key(str(row.get("title") or ""))).exists()


def _read(context: PullContext, number: int, row: Row) -> Seen | None:
    """The template with its bodies; None when it was deleted since the list was read, or cannot be understood."""
    try:
        template = context.read(lambda: context.client.templates.get(number))
    except ListRefused as refused:
        if not isinstance(refused.__cause__, NotFound):
            _bad(context, row, "body")
        return None
    return seen_template(template)


def seen_template(template: types.Template) -> Seen:
    """A template in our words."""
    values = {
        "title": template.title.replace("\x00", "")[:TITLE_WIDTH],
        "body_html": normalised(template.body_html),
        "body_text": normalised(template.body_text),
    }
    return Seen(values, template.id, {"created_on": template.created_at, "updated_on": template.updated_at})


def _merge(context: PullContext, resource: Resource, number: int, seen: Seen, digest: str) -> int:
    template = EmailTemplate.objects.filter(account=context.account, remote_id=number).first()
    if template is None:
        template = EmailTemplate(account=context.account, pulled_at=context.asked_at, content_hash=digest)
        resource.assign(template, seen.values)
        resource.absorb(template, seen)
        merge.compare(resource, template, seen.values)
        template.save()
        context.count("created")
    elif template.pulled_at is None or template.pulled_at <= context.asked_at:
        pull_merge.take_in(resource, template, seen, digest)
        context.count("updated")
    return template.pk


def _bad(context: PullContext, row: Row, field: str) -> None:
    context.readings[LIST].veto("bad_row")
    context.problem("bad_row", list=LIST, id=template_id(row), field=field)
