"""Ping, credentials, tokens, custom fields, and what every answer has in common."""

from __future__ import annotations

import base64
import json
from email.utils import parsedate_to_datetime

import pytest
import requests

from tests.sandbox.conftest import VendorApi


def ping(api: VendorApi, authorization: str | None, expect: int = 200) -> None:
    api.call("GET", "/ping", expect, headers={"Authorization": authorization})


def login(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def test_ping_names_the_user_and_the_account(api: VendorApi) -> None:
    account = api.account
    expected = {
        "ping": "success",
        "username": account["username"],
        "email": account["email"],
        "account": account["name"],
    }
    assert api.get("/ping") == expected


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer nonsense", "Basic !!!", "Digest x", ""])
def test_anything_but_a_valid_credential_is_401(api: VendorApi, authorization: str | None) -> None:
    ping(api, authorization, 401)


def test_user_name_and_password_work_beside_the_token(api: VendorApi) -> None:
    ping(api, login(api.account["username"], api.account["password"]))
    ping(api, login(api.account["username"], "wrong"), 401)


def test_a_changed_password_breaks_the_login_but_not_the_token(api: VendorApi) -> None:
    old = login(api.account["username"], api.account["password"])
    api.server.control("PATCH", api.server.account_path(api.account["id"]), password="changed")
    ping(api, old, 401)
    ping(api, login(api.account["username"], "changed"))
    api.get("/ping")


def test_a_new_token_is_a_jwt_that_works_for_ten_years(api: VendorApi) -> None:
    api.server.control("POST", "clock", mode="frozen", set="2025-10-01T12:34:56")
    made = api.call("POST", "/tokens")
    assert made["expiration"] == "2035-10-01 12:34:56"
    head, claims, _ = (base64.urlsafe_b64decode(part + "==") for part in made["token"].split("."))
    assert json.loads(head)["alg"] == "HS256"
    assert json.loads(claims)["jti"] == made["tokenUniqueId"]
    ping(api, f"Bearer {made['token']}")
    api.server.advance(3652 * 86_400)
    ping(api, f"Bearer {made['token']}", 401)


def test_the_older_call_makes_a_token_too(api: VendorApi) -> None:
    ping(api, f"Bearer {api.get('/tokens/new')['token']}")
    assert len(api.journal(kind="token")) == 1


def test_a_deleted_token_is_refused_and_never_comes_back(api: VendorApi) -> None:
    made = api.call("POST", "/tokens")
    api.control("DELETE", "tokens", token=made["tokenUniqueId"])
    ping(api, f"Bearer {made['token']}", 401)
    assert api.call("POST", "/tokens")["token"] != made["token"]
    ping(api, f"Bearer {made['token']}", 401)


def test_one_accounts_token_opens_no_other_account(api: VendorApi) -> None:
    member = api.member("only.here@example.com")
    other = VendorApi(api.server, api.server.new_account("Stranger"))
    group = api.group()
    with other.session:
        other.get(f"/members/{member['id']}", 404)
        other.get(f"/groups/{group}", 404)
        other.delete(f"/groups/{group}", 404)
        other.post("/members", 422, email="x@example.com", groups=str(group))
        assert other.get("/members", status="all")["totalCount"] == 0
    assert api.get(f"/members/{member['id']}")["email"] == "only.here@example.com"


def test_custom_fields_come_whole_and_without_pages(api: VendorApi) -> None:
    assert api.get("/customfields") == {
        "customFields": [
            {"id": 1, "name": "Champ 1", "type": "text"},
            {"id": 2, "name": "Champ 2", "type": "date"},
            {"id": 3, "name": "Champ 3", "type": "integer"},
            {"id": 4, "name": "Champ 4", "type": "decimal number"},
        ]
    }


@pytest.mark.parametrize("path", ["/", "/nope", "/members/", "/members/1/nope", "/mailings/1/nope"])
def test_unknown_paths_are_404(api: VendorApi, path: str) -> None:
    assert api.raw("GET", path).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/members", "GET, POST"),
        ("DELETE", "/ping", "GET"),
        ("HEAD", "/members/1", None),
        ("OPTIONS", "/ping", "GET"),
    ],
)
def test_other_methods_are_405(api: VendorApi, method: str, path: str, allowed: str | None) -> None:
    answer = api.raw(method, path)
    assert answer.status_code == 405
    assert allowed is None or answer.headers["Allow"] == allowed


def test_the_date_header_follows_the_sandboxs_clock(api: VendorApi) -> None:
    api.server.control("POST", "clock", mode="frozen", set="2025-07-01T08:00:00+00:00")
    sent = parsedate_to_datetime(api.raw("GET", "/ping").headers["Date"])
    assert sent.isoformat() == "2025-07-01T08:00:00+00:00"


def test_no_cors_and_keep_alive(api: VendorApi) -> None:
    answer = api.raw("GET", "/ping", headers={"Origin": "https://console.example.com"})
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "close" not in answer.headers.get("Connection", "").lower()


def test_a_chunked_body_is_refused(api: VendorApi) -> None:
    headers = {"Content-Type": "application/json"}
    answer = requests.post(f"{api.server.base_url}/members", data=iter([b"{}"]), headers=headers, timeout=10)
    assert answer.status_code == 411
