"""Fault actions that break an answer's bytes, its lists or its objects."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import VendorApi

HALF = (requests.exceptions.ChunkedEncodingError, requests.ConnectionError)


@pytest.fixture
def people(api: VendorApi) -> VendorApi:
    for name in "abcde":
        api.member(f"{name}@example.com", firstname="Zoé", customFields={"3": 4})
    return api


def listed(api: VendorApi, **query: object) -> dict[str, Any]:
    answer = api.raw("GET", "/members", params={"status": "all", **query})
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def names(answer: dict[str, Any]) -> str:
    return "".join(one["email"][0] for one in answer["members"])


# -- bytes -----------------------------------------------------------------------------------------------------


def test_reset_mid_body(people: VendorApi) -> None:
    people.fault("reset_mid_body")
    with pytest.raises(HALF):
        people.raw("GET", "/members?status=all")


def test_empty_reply(people: VendorApi) -> None:
    people.fault("empty_reply", method="POST")
    answer = people.raw("POST", "/members", json={"email": "new@example.com"})
    assert (answer.status_code, answer.content) == (201, b"")
    assert listed(people)["totalCount"] == 6


def test_truncate(people: VendorApi) -> None:
    whole = people.raw("GET", "/ping").content
    people.fault("truncate", keep=0.75)
    answer = people.raw("GET", "/ping").content
    assert answer == whole[: int(len(whole) * 0.75)]
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer)


@pytest.mark.parametrize(("apply", "count"), [(True, 6), (False, 5)])
def test_html_200(people: VendorApi, apply: bool, count: int) -> None:
    people.fault("html_200", method="POST", apply=apply)
    answer = people.raw("POST", "/members", json={"email": "new@example.com"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert listed(people)["totalCount"] == count


def test_wrong_type_and_bom(people: VendorApi) -> None:
    people.fault("wrong_type", times=1)
    people.fault("bom", times=1)
    answer = people.raw("GET", "/ping")
    assert (answer.headers["Content-Type"], answer.json()["ping"]) == ("text/plain", "success")
    assert people.raw("GET", "/ping").content.startswith(b"\xef\xbb\xbf{")


def test_latin1(people: VendorApi) -> None:
    people.fault("latin1")
    answer = people.raw("GET", "/members/a@example.com")
    assert b"Zo\xe9" in answer.content
    with pytest.raises(UnicodeDecodeError):
        answer.content.decode()


def test_nan(people: VendorApi) -> None:
    people.fault("nan")
    assert str(json.loads(people.raw("GET", "/ping").content)["score"]) == "nan"


def test_nested(people: VendorApi) -> None:
    people.fault("nested", depth=10_000)
    assert people.raw("GET", "/ping").content == b"[" * 10_000 + b"]" * 10_000


def test_huge_is_valid_json_of_that_size(people: VendorApi) -> None:
    people.fault("huge", bytes=300_001)
    answer = people.raw("GET", "/ping")
    assert len(answer.content) == int(answer.headers["Content-Length"]) == 300_001
    assert set(answer.json()["note"]) == {"x"}


def test_gzip_bomb(people: VendorApi) -> None:
    people.fault("gzip_bomb", bytes=5_000_000)
    answer = people.raw("GET", "/ping")
    assert int(answer.headers["Content-Length"]) < 20_000
    assert len(answer.content) == 5_000_002


def test_drip(people: VendorApi) -> None:
    rule = people.fault("drip", bytes=10, seconds=60)
    headers = people.session.headers
    with requests.get(f"{people.server.base_url}/ping", headers=headers, stream=True, timeout=20) as answer:
        assert answer.raw.read(10) == b'{"ping":"s'
        people.server.release(rule)
        assert answer.raw.read().startswith(b"uccess")


# -- lists -----------------------------------------------------------------------------------------------------


def test_short_page(people: VendorApi) -> None:
    people.fault("short_page", missing=2)
    answer = listed(people)
    assert (names(answer), answer["totalCount"]) == ("abc", 5)


@pytest.mark.parametrize("add", [7, -3])
def test_extra_total(people: VendorApi, add: int) -> None:
    people.fault("extra_total", add=add)
    assert listed(people)["totalCount"] == 5 + add


def test_missing_total(people: VendorApi) -> None:
    people.fault("missing_total")
    assert "totalCount" not in listed(people)


def test_same_page(people: VendorApi) -> None:
    people.fault("same_page")
    answer = listed(people, limit=2, page=3)
    assert (names(answer), answer["page"]) == ("ab", 3)


def test_cap_limit(people: VendorApi) -> None:
    people.fault("cap_limit", limit=2)
    answer = listed(people, limit=4, page=2)
    assert (names(answer), answer["limit"]) == ("cd", 4)
    assert names(listed(people, limit=1)) == "a"


@pytest.mark.parametrize(("keep", "total"), [(False, 0), (True, 5)])
def test_empty_list(people: VendorApi, keep: bool, total: int) -> None:
    people.fault("empty_list", keep_total=keep)
    answer = listed(people)
    assert (answer["members"], answer["totalCount"]) == ([], total)


def test_duplicate_ids(people: VendorApi) -> None:
    people.fault("duplicate_ids")
    assert names(listed(people)) == "abcda"


def test_strangers(people: VendorApi) -> None:
    people.fault("strangers")
    answer = listed(people)
    assert names(answer) == "abcds"
    assert people.raw("GET", f"/members/{answer['members'][-1]['id']}").status_code == 404


def test_shift_moves_the_pages_the_same_way_for_the_same_seed(people: VendorApi) -> None:
    people.fault("shift", path="/members", method="GET", ins=2, **{"del": 1}, seed=4)
    assert [listed(people)["totalCount"] for _ in range(3)] == [5, 6, 7]
    effects = people.journal(source="fault")
    assert [one["after"] for one in effects] == ["subscribed", "subscribed", "absent"] * 3
    people.server.clear_faults()
    assert listed(people)["totalCount"] == 8


def test_a_list_fault_leaves_errors_and_single_objects_alone(people: VendorApi) -> None:
    for action in ("short_page", "empty_list", "duplicate_ids", "strangers", "extra_total", "missing_total"):
        people.fault(action, path="/members/{key}", times=1)
        assert people.get(people.key("a@example.com"))["firstname"] == "Zoé", action


# -- objects ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "key", "value"),
    [({"kind": "unknown_fields"}, "phone", "514 555-0199"), ({"kind": "null_string"}, "firstname", None),
     ({"kind": "null_string", "field": "note"}, "note", None), ({"kind": "string_int"}, "mailingsReceived", "0"),
     ({"kind": "new_enum"}, "consentType", "something-new"), ({"kind": "missing_field"}, "lastname", "absent"),
     ({"kind": "missing_field", "field": "email"}, "email", "absent"),
     ({"kind": "new_enum", "field": "language"}, "language", "something-new")],
)  # fmt: skip
def test_mutate(people: VendorApi, rule: dict[str, str], key: str, value: object) -> None:
    people.fault("mutate", **rule)
    one = people.raw("GET", "/members/a@example.com").json()
    assert one.get(key, "absent") == value
    for item in listed(people)["members"]:
        assert item.get(key, "absent") == value


def test_mutate_ids_to_text(people: VendorApi) -> None:
    people.fault("mutate", kind="id_string")
    assert all(isinstance(one["id"], str) for one in listed(people)["members"])
