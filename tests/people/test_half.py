"""A session with one factor reaches the second factor and the log-out, and nothing else of the whole site (line 12)."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client, override_settings

from cyberadmin.accounts.models import AuditEvent
from tests.accounts.doors import Door, doors
from tests.accounts.isolation_world import Agency, build
from tests.accounts.test_isolation import rows
from tests.people.desk import Visitor, give_factor

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

#: What half a log-in may open, and what is open to strangers as well.
FACTOR = {"second_factor", "factor_setup"}
OPEN = {"login", "logout", "forgotten", "link", "open_link", "set_language", "healthz", "readyz", "metrics"}


def paths(door: Door, agency: Agency) -> list[str]:
    """The addresses of a door, with rows of a client's and with anybody's."""
    route = door.route
    for name, value in (("<int:object_id>", "1"), ("<str:token>", "x"), ("<path:object_id>", "1")):
        route = route.replace(name, value) if door.model not in agency.ours.pks else route
    if "(?P" in route:
        route = "no/such/page/"
    return [route] if "<" not in route else list(door.paths(agency.ours))


@pytest.fixture
def agency() -> Agency:
    return build()


@pytest.fixture(params=["asked", "to be set up"])
def half(request: Any, agency: Agency, settings: Any) -> Visitor:
    """An administrator who has typed the password alone."""
    visitor = Visitor()
    user = agency.administrator
    if request.param == "asked":
        give_factor(user)
    else:
        settings.CYBERADMIN_SECOND_FACTOR = "everybody"
    assert visitor.log_in(user.username).status_code == 302
    return visitor


def test_half_a_log_in_reaches_nothing(half: Visitor, agency: Agency) -> None:
    walked = 0
    before = rows()
    for door in doors():
        for path in paths(door, agency):
            for prefix in ("/", f"/c/{agency.ours.account.slug}/", "/c/no-such-client/"):
                for method in (half.get, half.post):
                    if door.name in OPEN | FACTOR and prefix == "/":
                        continue
                    response = method(prefix + path)
                    walked += 1
                    where = (method.__name__, prefix + path, response.status_code)
                    # The door stands outside every client; everything else leads to the second factor.
                    if door.name in OPEN | FACTOR:
                        assert response.status_code in (200, 302, 404, 405), where
                    else:
                        assert response.status_code == 302, where
                        assert response.headers["Location"].startswith("/second-factor/?next="), where
                    text = response.content.decode()
                    assert agency.ours.marker not in text.replace(agency.ours.account.slug, ""), where
                    assert "no-store" in response.headers.get("Cache-Control", ""), where
    assert walked > 500
    assert rows() == before


def test_what_half_a_log_in_opens_shows_no_client(half: Visitor, agency: Agency) -> None:
    for door in doors():
        if door.name not in FACTOR | {"login", "forgotten", "link"}:
            continue
        text = half.get(f"/{door.route}", follow=True).content.decode()
        assert agency.ours.account.name not in text, door.name
        assert "ca-switcher" not in text, door.name


def test_error_pages_show_no_client_either(half: Visitor, agency: Agency) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = half.cookies
    response = strict.post("/second-factor/", {"code": "000000"})
    assert response.status_code == 403
    assert agency.ours.account.name not in response.content.decode()
    assert "ca-switcher" not in response.content.decode()


def test_half_a_log_in_logs_out(half: Visitor) -> None:
    assert half.post("/logout/").status_code == 302
    assert half.get("/").headers["Location"].startswith("/login/")
    assert AuditEvent.objects.filter(action="logout").exists()


@override_settings(
    MIDDLEWARE=[name for name in django_settings.MIDDLEWARE if name != "cyberadmin.people.middleware.SessionGuard"]
)
def test_without_the_guard_nobody_gets_in(admin: User) -> None:
    client = Client()
    client.force_login(admin)
    for path in ("/", "/people/", "/auth/user/", "/connect/"):
        response = client.get(path)
        assert response.status_code == 302, path
        assert response.headers["Location"].startswith("/login/"), path


def test_there_is_no_other_log_in(agency: Agency) -> None:
    """Only one page makes a session of a password: every form of the site is offered one."""
    user = agency.insiders["manage"]
    for door in doors():
        if door.name == "login":
            continue
        for path in paths(door, agency):
            visitor = Visitor()
            visitor.post(f"/{path}", {"username": user.username, "password": "a long enough password"})
            assert "_auth_user_id" not in visitor.session, path
