"""Keys of another client, posted in every field of every form there is: none is accepted (docs/engine.md section 4, line 2).

The forms are found on the pages, the pages in the URLconf. Whatever a post does is judged by two questions and then taken
back: does any row now refer across the wall between two clients, and did any row of the other client change?
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import product
from typing import Any

import pytest
from django.apps import apps
from django.db import models, transaction
from django.db.models import F, Q
from django.test import Client

from cyberadmin.accounts.models import Account
from tests.accounts.isolation_world import Agency, Planted, build
from tests.accounts.test_isolation import browser, scoped_doors

pytestmark = pytest.mark.django_db

#: Fields that name no row.
TYPED = {"csrfmiddlewaretoken", "form_token", "next", "language"}
#: Links of several steps from a model to its client, for models that have no `account` of their own.
MOST_STEPS = 4


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


def _paths_to_account(model: type[models.Model]) -> list[str]:
    """How rows of a model lead to their client: its own `account`, or that of what it belongs to."""
    frontier: list[tuple[str, type[models.Model]]] = [("", model)]
    for _ in range(MOST_STEPS):
        further: list[tuple[str, type[models.Model]]] = []
        for prefix, each in frontier:
            for one in each._meta.concrete_fields:
                if not isinstance(one, models.ForeignKey):
                    continue
                path = f"{prefix}{one.name}"
                if one.related_model is Account:
                    return [path]
                further.append((f"{path}__", one.related_model))
        frontier = further
    return []


def scoped_models() -> dict[type[models.Model], str]:
    """Every model whose rows belong to a client, with the way there."""
    found = {}
    for model in apps.get_models():
        paths = _paths_to_account(model)
        if paths and model is not Account:
            found[model] = paths[0]
    return found


SCOPED = scoped_models()


def crossing() -> list[str]:
    """Relations through which a row of one client refers to a row of another."""
    found = []
    for model, path in SCOPED.items():
        for relation in [*model._meta.concrete_fields, *model._meta.local_many_to_many]:
            target = relation.related_model if relation.is_relation else None
            if target not in SCOPED:
                continue
            there = f"{relation.name}__{SCOPED[target]}"
            rows = model._base_manager.filter(~Q(**{there: F(path)}), **{f"{relation.name}__isnull": False})
            if there.startswith(f"{path}__") or path.startswith(f"{relation.name}__"):
                continue
            if rows.exists():
                found.append(f"{model.__name__}.{relation.name}")
    return found


def image(planted: Planted) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of one client, as it is."""
    return {
        model.__name__: list(model._base_manager.filter(**{path: planted.account}).order_by("pk").values_list())
        for model, path in SCOPED.items()
    } | {"Account": list(Account.objects.filter(pk=planted.account.pk).values_list())}


def pages(agency: Agency, client: Client) -> Iterator[tuple[str, list[Form]]]:
    """Every page of our client with its forms."""
    base = f"/c/{agency.ours.account.slug}/"
    for door in scoped_doors():
        for path in door.paths(agency.ours):
            response = client.get(f"{base}{path}")
            if response.status_code == 200 and "html" in response.headers["Content-Type"]:
                yield f"{base}{path}", Forms(response.getvalue().decode(errors="replace")).found


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
    assert crossing() == []
    model = next(model for model in SCOPED if model.__name__ == "GroupMembership")
    model._base_manager.filter(contact=agency.ours.pks["contact"]).update(group=agency.theirs.pks["group"])
    assert crossing() == ["GroupMembership.group"]


def test_no_form_takes_a_key_of_another_client() -> None:
    agency = build()
    theirs = image(agency.theirs)
    keys = sorted(set(agency.theirs.pks.values()) - set(agency.ours.pks.values()))
    posts = 0
    for user in (agency.insiders["manage"], agency.administrator):
        client = browser(user)
        session = client.cookies.copy()
        for page, forms in pages(agency, client):
            for foreign, form in product(keys, forms):
                for data in filled(form, foreign):
                    with transaction.atomic():
                        response = client.post(form.action or page, data)
                        assert response.status_code < 500, (page, data)
                        assert crossing() == [], (page, data)
                        assert image(agency.theirs) == theirs, (page, data)
                        if not user.is_superuser:
                            assert agency.theirs.marker.encode() not in response.getvalue(), (page, data)
                        transaction.set_rollback(True)
                    client.cookies = session.copy()
                    posts += 1
    assert posts > 250
