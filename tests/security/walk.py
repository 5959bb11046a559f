"""Every address of the site, to be asked for by everybody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpResponse

from tests.accounts.doors import doors, scoped_doors
from tests.accounts.isolation_world import Agency


def addresses(agency: Agency) -> Iterator[str]:
    """Every address there is: pages of our client inside it, all others outside, and some that do not exist."""
    base = f"/c/{agency.ours.account.slug}/"
    inside = scoped_doors()
    for door in inside:
        yield from (base + path for path in door.paths(agency.ours))
    for door in doors():
        if any(door.route == one.route for one in inside) or "(?P" in door.route:
            continue
        route = door.route.replace("<int:object_id>", str(agency.administrator.pk))
        yield "/" + re.sub(r"<\w+:\w+>", "x", route)
    yield from (
        base,
        f"{base}status/",
        f"{base}autocomplete/",
        "/no/such/page/",
        f"{base}no/such/page/",
        "/c/no-such-client/",
    )


def in_frame(response: HttpResponse) -> bool:
    """Whether this is somebody else's HTML, which a frame of ours shows."""
    return response.headers.get("Content-Security-Policy", "").startswith("sandbox")


#: What looking may write: one's own session; and the history, that a page was refused or a file taken away.
_LOOKING = {"django_session", "people_staffsession"}
_HISTORY = "accounts_auditevent"
_WRITING = re.compile(
    r'\s*(?:INSERT(?: OR \w+)? INTO|REPLACE INTO|UPDATE|DELETE FROM|TRUNCATE)\s+"?(\w+)"?', re.IGNORECASE
)


class Writes:
    """Names of the tables that were written while it is entered, but for sessions."""

    def __init__(self) -> None:
        self.tables: list[str] = []

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        found = _WRITING.match(sql)
        if found and found[1] not in _LOOKING:
            self.tables.append(found[1])
        return execute(sql, params, many, context)

    def by(self, response: HttpResponse) -> list[str]:
        """What this answer wrote, but for the refusal or the download that it is in the history; forgets it."""
        told = response.status_code == 403 or "attachment" in response.headers.get("Content-Disposition", "")
        seen = [table for table in self.tables if not (told and table == _HISTORY)]
        self.tables.clear()
        return seen
