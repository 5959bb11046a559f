"""The wall between clients, as a query: no row of one client refers to a row of another (docs/security.md, line 4).

Pages and services keep it; this looks at what lies in the database, whoever wrote it: bulk inserts, a migration, a bare SQL
statement. It knows no model by name: whatever leads to an account is in it, tables added later too.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import F, Q, QuerySet

from .models import Account

#: Links from a model to its client, for models that have no `account` of their own.
MOST_STEPS = 4


def path_to_account(model: type[models.Model]) -> str:
    """How rows of a model lead to their client: its own `account`, or that of what it belongs to; "" = to none."""
    frontier: list[tuple[str, type[models.Model]]] = [("", model)]
    for _step in range(MOST_STEPS):
        further: list[tuple[str, type[models.Model]]] = []
        for prefix, each in frontier:
            for field in _links(each):
                if field.related_model is Account:
                    return f"{prefix}{field.name}"
                further.append((f"{prefix}{field.name}__", field.related_model))
        frontier = further
    return ""


def _links(model: type[models.Model]) -> Iterator[models.ForeignKey[Any, Any]]:
    for field in model._meta.concrete_fields:
        if isinstance(field, models.ForeignKey):
            yield field


def scoped_models() -> dict[type[models.Model], str]:
    """Every model whose rows belong to a client, with the way there."""
    every = apps.get_models(include_auto_created=True)
    found = {model: path_to_account(model) for model in every if model is not Account}
    return {model: path for model, path in found.items() if path}


def relations() -> Iterator[tuple[str, QuerySet[models.Model]]]:
    """Every relation between rows of clients: its name, and the rows that cross the wall through it."""
    scoped = scoped_models()
    for model, path in scoped.items():
        for field in _links(model):
            if field.related_model not in scoped:
                continue
            there = f"{field.name}__{scoped[field.related_model]}"
            # The relation that says whose the row is cannot disagree with itself.
            if there == path:
                continue
            rows = model._base_manager.filter(~Q(**{there: F(path)}), **{f"{field.name}__isnull": False})
            yield f"{model.__name__}.{field.name}", rows


def crossings() -> list[str]:
    """Names of the relations through which a row of one client refers to a row of another; empty when all is well."""
    return [name for name, rows in relations() if rows.order_by().exists()]
