"""Handlers of /templates (api/README.md 4.8)."""

from __future__ import annotations

from dataclasses import dataclass

from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.dates import DateStyle
from cyberadmin.sandbox.journal import Effect
from cyberadmin.sandbox.lists import envelope, read_page, slice_of
from cyberadmin.sandbox.people import ABSENT, numeric_id
from cyberadmin.sandbox.wire import Json, Reply, invalid, not_found

STORED = "stored"
_SORT_COLUMNS = {"template": "title", "language": "language", "subject": "subject", "updated": "updated_on",
                 "usage": "usage", "created": "created_on"}  # fmt: skip
SORTS = tuple(f"{name}_{way}" for name in _SORT_COLUMNS for way in ("asc", "desc"))
_SELECT = "SELECT id, title, created_on, updated_on, usage, language, subject FROM templates WHERE account_id = ?"


@dataclass(frozen=True, slots=True)
class Template:
    """A template without its bodies. ``usage`` counts the mailings made from it in the application."""

    id: int
    title: str
    created_on: int
    updated_on: int
    usage: int
    language: str
    subject: str

    def summary(self, dates: DateStyle) -> Json:
        return {
            "id": self.id,
            "title": self.title,
            "createdOn": dates.text(self.created_on),
            "updatedOn": dates.text(self.updated_on),
        }


def found_template(call: Call, text: str) -> Template:
    """The template of an id as text. Raises ApiProblem 404."""
    row = call.conn.execute(f"{_SELECT} AND id = ?", (call.account.id, numeric_id(text))).fetchone()
    if row is None:
        raise not_found()
    return Template(*row)


def template_item(call: Call, template: Template, dates: DateStyle) -> Json:
    html, text = call.conn.execute("SELECT html, text FROM templates WHERE id = ?", (template.id,)).fetchone()
    item = template.summary(dates)
    return {"id": item.pop("id"), "title": item.pop("title"), "bodyHtml": html, "bodyText": text, **item}


def list_templates(call: Call) -> Reply:
    """Without bodies."""
    page = read_page(call, SORTS)
    rows = [Template(*row) for row in call.conn.execute(f"{_SELECT} ORDER BY id", (call.account.id,))]
    if page.sort:
        name, _, way = page.sort.rpartition("_")
        column = _SORT_COLUMNS[name]
        rows.sort(key=lambda one: (_folded(getattr(one, column)), one.id), reverse=way == "desc")
    total = len(rows)
    page, shown = slice_of(call, rows, page)
    return Reply(200, envelope("templates", [one.summary(call.dates) for one in shown], total, page))


def _folded(value: str | int) -> str | int:
    return value.casefold() if isinstance(value, str) else value


def get_template(call: Call) -> Reply:
    return Reply(200, template_item(call, found_template(call, call.params["id"]), call.dates))


def _read(call: Call) -> tuple[str, str, str]:
    """Title, HTML and text; what is left out is empty. At least one body is needed."""
    body = call.body()
    given = [body.get(name, "") for name in ("title", "bodyHtml", "bodyText")]
    if "title" not in body or not ("bodyHtml" in body or "bodyText" in body):
        raise call.schema_mismatch()
    if not all(isinstance(one, str) for one in given):
        raise call.schema_mismatch()
    title, html, text = map(str, given)
    if not (html or text):
        raise invalid("bodyHtml", "At least one of bodyHtml and bodyText is needed")
    return title, html, text


def create_template(call: Call) -> Reply:
    """Born with ``updatedOn`` equal to ``createdOn`` (api/README.md 3)."""
    template_id = insert_template(call, *_read(call))
    return Reply(201, template_item(call, found_template(call, str(template_id)), call.dates))


def insert_template(call: Call, title: str, html: str, text: str) -> int:
    cursor = call.conn.execute(
        "INSERT INTO templates (account_id, title, html, text, created_on, updated_on) VALUES (?, ?, ?, ?, ?, ?)",
        (call.account.id, title, html, text, call.now, call.now),
    )
    template_id = int(cursor.lastrowid or 0)
    call.record(Effect("template", (template_id,), before=ABSENT, after=STORED))
    return template_id


def replace_template(call: Call) -> Reply:
    """PUT: what is left out is reset; ``createdOn`` stays."""
    title, html, text = _read(call)
    template = found_template(call, call.params["id"])
    call.conn.execute(
        "UPDATE templates SET title = ?, html = ?, text = ?, updated_on = ? WHERE id = ?",
        (title, html, text, call.now, template.id),
    )
    call.record(Effect("template", (template.id,), before=STORED, after=STORED))
    return Reply(200, template_item(call, found_template(call, call.params["id"]), call.dates))


def delete_template(call: Call) -> Reply:
    drop_template(call, found_template(call, call.params["id"]).id)
    return Reply(200, {call.params["id"]: "deleted"})


def drop_template(call: Call, template_id: int) -> None:
    call.conn.execute("DELETE FROM templates WHERE id = ?", (template_id,))
    call.record(Effect("template", (template_id,), before=STORED, after=ABSENT, body=""))
