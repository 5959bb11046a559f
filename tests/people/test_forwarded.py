"""`X-Forwarded-*` counts from listed proxies alone (engine.md 4, line 37)."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from cyberadmin.people.forwarded import ForwardedHeaders, client_address
from tests.people.desk import Visitor, session_of

PROXIES = ["127.0.0.1", "10.0.0.0/8", "unix"]


def seen(settings: Any, peer: str, forwarded: str, proxies: list[str] | None = None) -> tuple[str, dict[str, Any]]:
    """The address that the console believes, and the headers that are left."""
    settings.CYBERADMIN_PROXIES = PROXIES if proxies is None else proxies
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_PROTO": "https", "HTTP_FORWARDED": "for=1.2.3.4"}
    if forwarded:
        request.META["HTTP_X_FORWARDED_FOR"] = forwarded
    ForwardedHeaders(lambda _request: HttpResponse())(request)
    return client_address(request), request.META


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "203.0.113.7, 10.1.2.3", "203.0.113.7"),
        # What a browser wrote itself stands to the left of what the proxy saw.
        ("127.0.0.1", "127.0.0.1, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "1.1.1.1, 2.2.2.2, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "nonsense", ""),
        ("198.51.100.1", "203.0.113.7", "198.51.100.1"),
        ("198.51.100.1", "", "198.51.100.1"),
    ],
)
def test_the_address_is_the_last_that_is_no_proxy(settings: Any, peer: str, forwarded: str, expected: str) -> None:
    assert seen(settings, peer, forwarded)[0] == expected


def test_headers_of_strangers_are_taken_off(settings: Any) -> None:
    address, left = seen(settings, "198.51.100.1", "203.0.113.7")
    assert address == "198.51.100.1"
    assert set(left) == {"REMOTE_ADDR"}
    assert "HTTP_X_FORWARDED_PROTO" in seen(settings, "127.0.0.1", "")[1]
    assert set(seen(settings, "127.0.0.1", "203.0.113.7", proxies=[])[1]) == {"REMOTE_ADDR"}


@pytest.mark.django_db
def test_a_stranger_cannot_pretend_to_speak_https(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.CYBERADMIN_PROXIES = ["127.0.0.1"]
    assert Visitor("198.51.100.1").get("/login/", headers={"x-forwarded-proto": "https"}).status_code == 301
    assert Visitor("127.0.0.1").get("/login/", headers={"x-forwarded-proto": "https"}).status_code == 200


def test_a_spoofed_address_buys_no_more_tries(admin: User, settings: Any) -> None:
    settings.CYBERADMIN_PROXIES = ["127.0.0.1"]
    stranger = Visitor("198.51.100.1")
    answers = [
        stranger.post(
            "/login/", {"username": "ariane", "password": "x"}, headers={"x-forwarded-for": f"9.9.9.{number}"}
        ).status_code
        for number in range(8)
    ]
    assert answers == [200] * 5 + [429] * 3
    behind = Visitor("127.0.0.1")
    behind.defaults["HTTP_X_FORWARDED_FOR"] = "203.0.113.9"
    behind.enter(admin)
    assert session_of(admin).address == "203.0.113.9"
