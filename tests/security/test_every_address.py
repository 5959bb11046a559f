"""What holds for every address of the site, whoever asks (docs/security.md, lines 16, 17 and 18)."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from cyberadmin.accounts.models import Sender
from tests.accounts.isolation_world import Agency
from tests.security.walk import Writes, addresses, in_frame

pytestmark = pytest.mark.any_database

#: Answers that are the same for everybody and hold nothing: a browser may keep them.
CACHEABLE = {"/jsi18n/"}
#: Plain answers for watchers' machines, which no browser opens.
WATCHERS = ("/healthz", "/readyz", "/metrics")


@pytest.fixture
def production(settings: Any) -> None:
    """The transport settings of production (tests/infra/test_settings.py shows that they are its defaults)."""
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.SECURE_SSL_REDIRECT = True
    settings.LANGUAGE_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True


def people(agency: Agency) -> dict[str, User | None]:
    return {
        "nobody": None,
        "stranger": agency.outsiders["none"],
        "manage": agency.insiders["manage"],
        "administrator": agency.administrator,
    }


def browser(user: User | None, **more: Any) -> Client:
    client = Client(**more)
    if user is not None:
        client.force_login(user)
    return client


def check_headers(path: str, response: HttpResponse) -> None:
    headers = response.headers
    assert headers["X-Content-Type-Options"] == "nosniff", path
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload", path
    assert headers["Referrer-Policy"] in ("same-origin", "no-referrer"), path
    assert path in CACHEABLE or "no-store" in headers["Cache-Control"], path


def check_policy(path: str, response: HttpResponse) -> None:
    rules = dict(rule.strip().partition(" ")[::2] for rule in response.headers["Content-Security-Policy"].split(";"))
    if in_frame(response):
        assert rules["default-src"] == "'none'", path
        assert rules["frame-ancestors"] in ("'self'", "'none'"), path
        assert not {"allow-scripts", "allow-same-origin"} & set(rules["sandbox"].split()), path
        return
    assert rules["frame-ancestors"] == rules["object-src"] == rules["base-uri"] == "'none'", path
    assert rules["script-src"] == rules["form-action"] == "'self'", path
    assert "unsafe" not in rules["default-src"], path
    assert response.headers["X-Frame-Options"] == "DENY", path


def check_cookies(path: str, client: Client) -> None:
    kept = {name: cookie for name, cookie in client.cookies.items() if cookie["max-age"] != 0}
    for name, cookie in kept.items():
        assert cookie["secure"], (path, name)
        assert cookie["httponly"], (path, name)
        assert cookie["samesite"] == "Lax", (path, name)


@pytest.mark.usefixtures("production")
def test_headers_and_cookies_of_every_answer(agency: Agency) -> None:
    seen = 0
    for user in people(agency).values():
        client = browser(user)
        # A session made by the test client itself has bare cookies; only what answers set is judged.
        for cookie in client.cookies.values():
            cookie.update({"secure": True, "httponly": True, "samesite": "Lax"})
        for path in addresses(agency):
            response = client.get(path, secure=True)
            check_headers(path, response)
            if path not in WATCHERS:
                check_policy(path, response)
            check_cookies(path, client)
            response.getvalue()
            seen += 1
    assert seen > 400


@pytest.mark.usefixtures("production")
def test_cookies_that_posts_set(agency: Agency) -> None:
    client = browser(None)
    client.get("/login/", secure=True)
    user = agency.insiders["manage"]
    client.post("/login/", {"username": user.username, "password": "a long enough password"}, secure=True)
    client.post("/language/", {"language": "fr", "next": "/"}, secure=True)
    assert len(client.cookies) >= 3
    check_cookies("/", client)


def test_getting_any_address_writes_nothing(agency: Agency) -> None:
    writes = Writes()
    for name, user in people(agency).items():
        client = browser(user)
        with connection.execute_wrapper(writes):
            for path in addresses(agency):
                response = client.get(path)
                response.getvalue()
                assert writes.by(response) == [], (name, path)


def test_a_post_without_its_token_changes_nothing_anywhere(agency: Agency) -> None:
    posts, writes = 0, Writes()
    for name, user in people(agency).items():
        client = browser(user, enforce_csrf_checks=True)
        with connection.execute_wrapper(writes):
            for path in addresses(agency):
                response = client.post(path, {"why": "x", "username": "x", "password": "x", "language": "fr"})
                # Another's client is as missing as one that does not exist, before anything is read of the form.
                expected = (403, 404) if "/c/" in path else (403,)
                assert response.status_code in expected, (name, path, response.status_code)
                assert writes.by(response) == [], (name, path)
                posts += 1
    assert posts > 400


def test_a_write_is_seen(agency: Agency) -> None:
    writes = Writes()
    with connection.execute_wrapper(writes):
        Sender.objects.filter(pk=0).update(address="x@example.com")
        Sender.objects.create(account=agency.ours.account, address="new@example.com")
        Sender.objects.count()
    assert writes.tables == ["accounts_sender"] * 2
    writes.tables.append("accounts_auditevent")
    assert writes.by(HttpResponse(status=200)) == [*["accounts_sender"] * 2, "accounts_auditevent"]
