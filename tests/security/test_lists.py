"""What stands behind the question mark of every list (docs/security.md, lines 6 and 33)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from itertools import product

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client, RequestFactory

from cyberadmin.accounts.scoping import ScopedAdmin
from tests.accounts.isolation_world import Agency
from tests.security.walk import addresses

#: Strings on which a backtracking expression would take longer than a person lives.
LONG = {
    "one letter": "a" * 10_240,
    "almost an address": "a@" * 5_000 + "!",
    "nested": "(a+)+" * 2_000 + "$",
    "alternatives": "(a|a|aa)+" * 1_100 + "!",
    "dots": ".*" * 5_000 + "=",
    "blanks": " " * 10_240 + "x",
    "accents": "é" * 5_000 + "\u0301" * 5_000,
    "quotes": "\"'" * 5_000,
    "wildcards": "%_" * 5_000,
    "brackets": "[" * 5_000 + "]" * 5_000,
    "backslashes": "\\" * 10_240,
    "spaces between": "a " * 5_000,
}
#: Of computing for the whole page; the search itself is cut after some hundred letters.
SECONDS = 3.0


def lists() -> dict[str, ScopedAdmin]:
    """Every list of the console, by its address inside a client."""
    every = {f"{model._meta.app_label}/{model._meta.model_name}/": each for model, each in admin.site._registry.items()}
    return {path: each for path, each in every.items() if isinstance(each, ScopedAdmin)}


def forged(model: type[models.Model]) -> Iterator[str]:
    """Look-ups that nobody was meant to make: every column by every kind, and everything behind every relation."""
    yield from ("_to_field=email", "account__name__startswith=M", "account__credentials__secret__startswith=k")
    yield from ("account__accesses__user__password__startswith=p", "account_id=1", "pk__in=1,2", "password=x")
    for field in model._meta.get_fields():
        if isinstance(field, models.Field) and field.concrete and not field.is_relation:
            yield from (f"{field.name}__{kind}=x" for kind in ("regex", "startswith", "contains", "gt", "isnull", "in"))
        elif isinstance(field, models.ForeignKey):
            yield from (f"{field.name}__{column.name}=x" for column in field.related_model._meta.concrete_fields)
            yield f"{field.name}__pk__gt=0"


def insider(agency: Agency) -> tuple[Client, str]:
    client = Client()
    client.force_login(agency.insiders["manage"])
    return client, f"/c/{agency.ours.account.slug}/"


def test_there_are_the_lists_that_are_judged() -> None:
    assert len(lists()) >= 10


@pytest.mark.parametrize("path", sorted(lists()))
def test_no_list_takes_a_lookup_that_it_does_not_name(agency: Agency, path: str) -> None:
    each = lists()[path]
    named = {getattr(spec, "parameter_name", "") for spec in each.list_filter} | each.open_lookups
    lookups = [query.partition("=")[0] for query in forged(each.model)]
    assert len(lookups) >= 20
    assert {name for name in lookups if each.lookup_allowed(name, "x")} <= named
    assert not each.to_field_allowed(RequestFactory().get("/"), "account")
    client, base = insider(agency)
    for query in ("_to_field=account", "account__credentials__secret__startswith=k", f"{lookups[-1]}=1"):
        assert client.get(f"{base}{path}?{query}").status_code == 400, (path, query)


def test_what_lists_name_themselves_is_no_way_through_a_relation(agency: Agency) -> None:
    """The few look-ups that reach the ORM as they are stay on the row itself."""
    for path, each in lists().items():
        for name in each.open_lookups:
            field = each.model._meta.get_field(name.partition("__")[0])
            assert not field.is_relation or "__" not in name.removesuffix("__exact").removesuffix("__id"), (path, name)


def test_no_text_keeps_a_search_busy(agency: Agency) -> None:
    client, base = insider(agency)
    for path, each in lists().items():
        if not each.search_fields and type(each).get_search_results is admin.ModelAdmin.get_search_results:
            continue
        for name, text in LONG.items():
            began = time.process_time()
            response = client.get(f"{base}{path}", {"q": text})
            assert time.process_time() - began < SECONDS, (path, name)
            assert response.status_code in (200, 302), (path, name)
            assert agency.theirs.marker not in response.content.decode(), path


def test_no_text_keeps_any_other_page_busy(agency: Agency) -> None:
    """Every page that is no list and names no row: searches over clients, the history, the register, the finder."""
    client = Client()
    client.force_login(agency.administrator)
    base = f"/c/{agency.ours.account.slug}/"
    asked = 0
    for path in addresses(agency):
        if re.search(r"\d|/x/", path) or path.removeprefix(base) in lists() or path.startswith("/link"):
            continue
        began = time.process_time()
        response = client.get(path, dict.fromkeys(("q", "email", "text", "by", "client"), LONG["almost an address"]))
        assert time.process_time() - began < SECONDS, path
        assert response.status_code < 500, path
        asked += 1
    assert asked > 50


def test_odd_pages_and_orders_show_no_other_client(agency: Agency) -> None:
    client, base = insider(agency)
    for path, query in product(lists(), ("p=999999", "p=x", "o=99", "o=-1.2.3.x", "all=1", "q=%00")):
        response = client.get(f"{base}{path}?{query}")
        assert response.status_code in (200, 302, 400, 404), (path, query)
        assert agency.theirs.marker not in response.content.decode(), path
