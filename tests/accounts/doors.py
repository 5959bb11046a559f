"""The doors of the console, found in the URLconf: a page added tomorrow is among them tomorrow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from cyberadmin.accounts.scoping import AgencyPage, ScopedPage
from cyberadmin.people.pages.base import DoorPage, PersonalPage
from cyberadmin.sync.admin.outbox import ACTIONS
from tests.accounts.isolation_world import Planted

#: The only views that are neither a ScopedPage nor a ScopedAdmin's list: the site's own.
SITE_VIEWS = {
    "healthz", "readyz", "metrics",
    "index", "autocomplete", "jsi18n", "set_language", None,
}  # fmt: skip


@dataclass(frozen=True)
class Door:
    """One pattern of the URLconf."""

    route: str
    name: str | None
    callback: Any

    @property
    def page(self) -> type[ScopedPage] | None:
        """The ScopedPage behind it, if it is one."""
        return getattr(self.callback, "view_class", None)

    @property
    def model(self) -> str:
        """The name of the model whose rows its address names."""
        if self.name == "account_sweep":
            return "heldsweep"
        found = re.search(r"^\w+/(\w+)/<int:object_id>", self.route)
        return found.group(1) if found else ""

    def paths(self, planted: Planted | None) -> Iterator[str]:
        """Its addresses, naming the rows of `planted` (or rows that do not exist)."""
        route = self.route
        if "<int:object_id>" in route:
            pk = planted.pks[self.model] if planted else 987654321
            route = route.replace("<int:object_id>", str(pk))
        if "<slug:action>" in route:
            yield from (route.replace("<slug:action>", action) for action in ACTIONS)
        elif "<" not in route and "(?P" not in route:
            yield route


def walk(patterns: list[Any], prefix: str = "") -> Iterator[Door]:
    """Every door of the URLconf."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield Door(route, pattern.name, pattern.callback)


def doors() -> list[Door]:
    return list(walk(get_resolver().url_patterns))


def scoped_doors() -> list[Door]:
    """The doors that lead to a client's data."""
    return [door for door in doors() if door.name not in SITE_VIEWS and not _is_no_clients(door)]


def _is_no_clients(door: Door) -> bool:
    """Pages of the agency, about oneself, and those that are open before a log-in (tests/people walks these)."""
    return door.page is not None and issubclass(door.page, AgencyPage | PersonalPage | DoorPage)
