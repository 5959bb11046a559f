"""Keys of another client, posted in every field of every form there is: none is accepted (docs/engine.md section 4, line 2).

The forms are found on the pages, the pages in the URLconf. Whatever a post does is judged by two questions and then taken
back: does any row now refer across the wall between two clients, and did any row of the other client change?
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import product
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client

from cyberadmin.accounts import wall
from cyberadmin.accounts.models import Account
from tests.accounts.isolation_world import Agency, Planted, build
from tests.accounts.test_isolation import browser, scoped_doors

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

#: Fields that name no row.
TYPED = {"csrfmiddlewaretoken", "form_token", "next", "language"}
WRITE = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')


@dataclass
class Form:
    """One form of a page: where it goes, and its fields with what they hold."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """Finds the forms that post."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._open: Form | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and values.get("method", "").lower() == "post":
            self._open = Form(values.get("action", ""))
            self.found.append(self._open)
        elif self._open is not None and tag in ("input", "select", "textarea", "button") and values.get("name"):
            self._open.fields.setdefault(values["name"], values.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


PATHS = wall.scoped_models() | {Account: "pk"}
MODELS = {model._meta.db_table: model for model in PATHS}


def image(planted: Planted, tables: Iterable[str] = MODELS) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of one client in these tables, as it is."""
    models = [MODELS[table] for table in tables]
    return {
        model._meta.db_table: list(
            model._base_manager.filter(**{PATHS[model]: planted.account.pk}).order_by("pk").values_list()
        )
        for model in models
    }


def crossings(tables: Set[str]) -> list[str]:
    """Names of the relations from or to these tables through which a row of one client refers to a row of another."""
    return [
        name
        for name, rows in wall.relations()
        if tables & {rows.model._meta.db_table, related(rows.model, name)} and rows.order_by().exists()
    ]


def related(model: type[Model], relation: str) -> str:
    """The table that a relation, as the wall names it, refers to."""
    there = model._meta.get_field(relation.partition(".")[2]).related_model
    assert isinstance(there, type)
    return str(there._meta.db_table)


def pages(agency: Agency, client: Client) -> Iterator[tuple[str, list[Form]]]:
    """Every page of our client with its forms."""
    base = f"/c/{agency.ours.account.slug}/"
    for door in scoped_doors():
        for path in door.paths(agency.ours):
            response = client.get(f"{base}{path}")
            if response.status_code == 200 and "html" in response.headers["Content-Type"]:
                yield f"{base}{path}", Forms(response.getvalue().decode(errors="replace")).found


class Writes:
    """Notices which tables of clients were written, all of them where a statement does not say; only these are looked at."""

    def __init__(self) -> None:
        self.tables: set[str] = set()

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(("SELECT", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK")):
            write = WRITE.match(sql)
            self.tables |= MODELS.keys() & {write[1]} if write else MODELS.keys()
        return execute(sql, params, many, context)


def filled(form: Form, foreign: int) -> Iterator[dict[str, str]]:
    """The form with the foreign key in each single field, the others as they came; then in all fields at once."""
    names = [name for name in form.fields if name not in TYPED]
    if not names:
        return
    for chosen in ([name] for name in names), [names]:
        for group in chosen:
            values = form.fields | {name: str(foreign) for name in group}
            if "form_token" in values:
                values["form_token"] = str(uuid.uuid4())
            yield values


def test_the_wall_is_seen_where_it_is_crossed() -> None:
    agency = build()
    assert wall.crossings() == []
    model = next(model for model in PATHS if model.__name__ == "GroupMembership")
    model._base_manager.filter(contact=agency.ours.pks["contact"]).update(group=agency.theirs.pks["group"])
    assert wall.crossings() == ["GroupMembership.group"]


def test_no_form_takes_a_key_of_another_client() -> None:
    agency = build()
    theirs = image(agency.theirs)
    keys = sorted(set(agency.theirs.pks.values()) - set(agency.ours.pks.values()))
    posts = written = 0
    for user in (agency.insiders["manage"], agency.administrator):
        client = browser(user)
        session = client.cookies.copy()
        for page, forms in pages(agency, client):
            for foreign, form in product(keys, forms):
                for data in filled(form, foreign):
                    writes = Writes()
                    with transaction.atomic():
                        with connection.execute_wrapper(writes):
                            response = client.post(form.action or page, data)
                        assert response.status_code < 500, (page, data)
                        if writes.tables:
                            assert crossings(writes.tables) == [], (page, data)
                            now = image(agency.theirs, writes.tables)
                            assert now == {table: theirs[table] for table in now}, (page, data)
                            written += 1
                        if not user.is_superuser:
                            assert agency.theirs.marker.encode() not in response.getvalue(), (page, data)
                        transaction.set_rollback(True)
                    client.cookies = session.copy()
                    posts += 1
    assert posts > 250
    assert written > 100
