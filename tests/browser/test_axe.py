"""Every page there is, judged by axe-core (WCAG 2.2 A and AA), in light and in dark.

The pages are found in the URLconf, as in the isolation test: one added tomorrow is judged tomorrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

import pytest
from django.conf import settings
from django.http import QueryDict
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from cyberadmin.cases.models import CasePart
from cyberadmin.exports import services as exports
from tests.accounts.doors import SITE_VIEWS, doors, scoped_doors
from tests.accounts.isolation_world import Agency, build
from tests.offboarding.desk import purged
from tests.world import make_account

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("axe")]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
JUDGE = """
rules => axe.run(document, {runOnly: rules, resultTypes: ["violations"], iframes: false}).then(found =>
  found.violations.map(each => each.id + ": " + each.nodes.slice(0, 3).map(node => node.target.join(" ")).join(" | ")))
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="fr-CA", viewport={"width": 1400, "height": 900}, bypass_csp=True)
    context.add_init_script(AXE)
    yield context.new_page()
    context.close()


def log_in(page: Page, address: str, client: Client) -> None:
    """Give the browser the session of a test client."""
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}])


def outside(agency: Agency) -> Iterator[str]:
    """Every address outside the clients, naming rows that are there. A new kind of row has to be added here."""
    left = make_account("Client who left")
    purged(agency.administrator, left)
    job = exports.ask(agency.administrator, None, "history_clients", "json", QueryDict(""))
    part = CasePart.objects.filter(account=agency.ours.account).latest("id")
    named = {
        "people/invitations/": agency.ours.pks["invitations"],
        "people/": agency.insiders["read"].pk,
        "me/sessions/": 1,
        "cases/client/": part.pk,
        "cases/": part.case_id,
        "exports/exportjob/clients/": job.pk,
        "ended/": left.slug,
    }
    inside = scoped_doors()
    for door in doors():
        if door.name in SITE_VIEWS or door in inside or "<str:token>" in door.route:
            continue
        row = next((str(value) for prefix, value in named.items() if door.route.startswith(prefix)), "")
        path = re.sub(r"<(int:object_id|slug:slug)>", row, door.route)
        assert not re.search("//|<", path), door.route
        yield path


def addresses(agency: Agency, client: Client) -> list[str]:
    """Every page that opens as HTML for an agency administrator, outside and inside a client."""
    inside = [f"c/{agency.ours.account.slug}/{path}" for door in scoped_doors() for path in door.paths(agency.ours)]
    found = []
    for path in ["/", *(f"/{path}" for path in (*outside(agency), *inside))]:
        response = client.get(path)
        policy = response.headers.get("Content-Security-Policy", "")
        if response.status_code == 200 and "html" in response.headers["Content-Type"] and "sandbox" not in policy:
            found.append(path)
    return found


def judge(page: Page, theme: str, rules: dict[str, object]) -> list[str]:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    found: list[str] = page.evaluate(JUDGE, rules)
    return [f"{theme}: {each}" for each in found]


def test_every_page_can_be_used_by_everybody(page: Page, live_server: LiveServer) -> None:
    agency = build()
    client = Client()
    client.force_login(agency.administrator)
    log_in(page, live_server.url, client)
    paths = addresses(agency, client)
    for kind in ("/people/", "/cases/", "/ended/", "/exports/"):
        assert any(path.startswith(kind) and re.search(r"\d|client-who-left", path) for path in paths), kind
    assert len(paths) > 120
    broken: dict[str, list[str]] = {}
    for path in paths:
        page.goto(f"{live_server.url}{path}")
        said = judge(page, "light", RULES) + judge(page, "dark", {"type": "rule", "values": ["color-contrast"]})
        if said:
            broken[path] = said
    assert broken == {}


def test_the_log_in_can_be_used_by_everybody(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/login/")
    assert judge(page, "light", RULES) + judge(page, "dark", RULES) == []
