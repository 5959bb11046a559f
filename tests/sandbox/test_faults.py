"""Fault rules: what they select, and each action that refuses, waits, drops, doubles or goes stale."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import requests

from cyberadmin.sandbox.fault_actions import ACTIONS
from tests.sandbox.conftest import VendorApi

BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def statuses(api: VendorApi, count: int, path: str = "/ping") -> list[int]:
    return [api.raw("GET", path).status_code for _ in range(count)]


def in_background(pool: ThreadPoolExecutor, work: Callable[[], requests.Response]) -> Future[requests.Response]:
    return pool.submit(work)


def total(api: VendorApi) -> int:
    return int(api.get("/members", status="all")["totalCount"])


# -- selection -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "expected"),
    [({}, [500] * 6), ({"nth": 3}, [200, 200, 500, 200, 200, 200]), ({"every": 3}, [200, 200, 500, 200, 200, 500]),
     ({"times": 2}, [500, 500, 200, 200, 200, 200]), ({"every": 2, "times": 1}, [200, 500, 200, 200, 200, 200]),
     ({"method": "POST"}, [200] * 6), ({"path": "/members"}, [200] * 6), ({"path": "/pi.*"}, [500] * 6)],
)  # fmt: skip
def test_rules_fire_when_they_are_due(api: VendorApi, rule: dict[str, object], expected: list[int]) -> None:
    api.fault("status", **rule)
    assert statuses(api, 6) == expected


def test_templates_match_any_key_and_regexes_the_path(api: VendorApi) -> None:
    one, two = api.member("one@example.com")["id"], api.member("two@example.com")["id"]
    api.fault("status", path="/members/{key}", code=503, times=1)
    assert statuses(api, 1, f"/members/{one}/groups") + statuses(api, 1, f"/members/{one}") == [200, 503]
    api.fault("status", path=f"/members/{two}(/.*)?", code=502)
    assert statuses(api, 1, f"/members/{two}/groups") + statuses(api, 1, f"/members/{one}") == [502, 200]


def test_a_rule_of_one_account_leaves_the_others_alone(api: VendorApi) -> None:
    other = VendorApi(api.server, api.server.new_account("Healthy"))
    api.fault("status")
    with other.session:
        assert statuses(other, 1) == [200]
    assert statuses(api, 1) == [500]


def test_rules_are_listed_counted_and_removed(api: VendorApi) -> None:
    rule = api.fault("status", nth=2)
    statuses(api, 3)
    (shown,) = api.server.control("GET", "faults")["faults"]
    assert (shown["id"], shown["seen"], shown["fired"], shown["holding"]) == (rule, 3, 1, 0)
    assert api.server.control("DELETE", f"faults/{rule}") == {"removed": 1}
    assert statuses(api, 2) == [200, 200]


@pytest.mark.parametrize(
    "rule",
    [{"action": "explode"}, {}, {"action": "status", "path": "("}, {"action": "status", "every": 0},
     {"action": "status", "nth": "x"}, {"action": "mutate", "kind": "nope"}],
)  # fmt: skip
def test_a_wrong_rule_is_refused(api: VendorApi, rule: dict[str, object]) -> None:
    assert requests.post(f"{api.server.control_url}/faults", json=rule, timeout=10).status_code == 400


def test_every_action_has_a_test_here() -> None:
    tested = {
        "status", "delay", "hang", "apply_then_hang", "hold", "drop_before", "drop_after", "apply_twice", "redirect",
        "stale_reads", "revoke", "stuck_batch", "lost_batch", "late_batch", "batch_result", "late_mailing",
    }  # fmt: skip
    bodies = {"reset_mid_body", "empty_reply", "truncate", "html_200", "wrong_type", "bom", "latin1", "nan", "nested",
              "huge", "gzip_bomb", "drip"}  # fmt: skip
    lists = {"shift", "short_page", "extra_total", "missing_total", "same_page", "cap_limit", "empty_list",
             "duplicate_ids", "strangers", "mutate"}  # fmt: skip
    assert tested | bodies | lists == set(ACTIONS)


# -- refusing and answering otherwise --------------------------------------------------------------------------


def test_status_with_headers_and_body_and_perhaps_applied(api: VendorApi) -> None:
    api.fault("status", method="POST", code=429, headers={"Retry-After": "7"}, body={"message": "slow"}, times=1)
    answer = api.raw("POST", "/members", json={"email": "a@example.com"})
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()) == (429, "7", {"message": "slow"})
    assert total(api) == 0
    api.fault("status", method="POST", code=502, body="<h1>Bad gateway</h1>", content_type="text/html", apply=True)
    answer = api.raw("POST", "/members", json={"email": "a@example.com"})
    assert (answer.status_code, answer.text) == (502, "<h1>Bad gateway</h1>")
    assert total(api) == 1


def test_redirect(api: VendorApi) -> None:
    api.fault("redirect", location="http://127.0.0.1:9/x", code=307)
    answer = api.raw("GET", "/ping")
    assert (answer.status_code, answer.headers["Location"]) == (307, "http://127.0.0.1:9/x")


def test_revoke_kills_the_token_at_that_request(api: VendorApi) -> None:
    api.fault("revoke", nth=2)
    assert statuses(api, 3) == [200, 401, 401]


def test_apply_twice_is_the_vendors_own_doubling(api: VendorApi) -> None:
    api.fault("apply_twice", path="/groups", method="POST")
    api.post("/groups", 201, title="Twice")
    assert [one["title"] for one in api.get("/groups")["groups"]] == ["Twice", "Twice"]
    assert len(api.journal(kind="group")) == 2


# -- connections -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize(("action", "applied"), [("drop_before", 0), ("drop_after", 1)])
def test_dropped_connections(api: VendorApi, action: str, applied: int, reset: bool) -> None:
    api.fault(action, method="POST", reset=reset)
    with pytest.raises(BROKEN):
        api.raw("POST", "/members", json={"email": "a@example.com"})
    assert total(api) == applied
    assert api.server.requests()[-2]["status"] is None


@pytest.mark.parametrize(("action", "applied"), [("hang", 0), ("apply_then_hang", 1)])
def test_hanging_until_the_client_gives_up(api: VendorApi, action: str, applied: int) -> None:
    rule = api.fault(action, method="POST")
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{api.server.base_url}/members", json={"email": "a@example.com"}, headers=api.session.headers, timeout=0.2
        )
    assert total(api) == applied
    (shown,) = api.server.control("GET", "faults")["faults"]
    assert (shown["id"], shown["holding"]) == (rule, 1)


def test_a_hang_ends_when_its_seconds_are_over(api: VendorApi) -> None:
    api.fault("hang", seconds=0.05)
    with pytest.raises(BROKEN):
        api.raw("GET", "/ping")


def test_delay(api: VendorApi) -> None:
    api.fault("delay", ms=80)
    assert api.raw("GET", "/ping").elapsed.total_seconds() >= 0.08


@pytest.mark.parametrize(("when", "before_release"), [("before", 0), ("after", 1)])
def test_hold_is_a_barrier(api: VendorApi, when: str, before_release: int) -> None:
    rule = api.fault("hold", method="POST", when=when)
    with ThreadPoolExecutor(1) as pool:
        future = in_background(pool, lambda: api.raw("POST", "/members", json={"email": "a@example.com"}))
        api.server.wait_held(rule)
        dump = api.server.state(api.account["id"])
        assert (len(dump["members"]), future.done()) == (before_release, False)
        api.server.release(rule)
        assert future.result(10).status_code == 201
    assert total(api) == 1


def test_clearing_the_rules_lets_go_of_what_they_hold(api: VendorApi) -> None:
    rule = api.fault("hold")
    with ThreadPoolExecutor(1) as pool:
        future = in_background(pool, lambda: api.raw("GET", "/ping"))
        api.server.wait_held(rule)
        api.server.clear_faults()
        assert future.result(10).status_code == 200


def test_waiting_for_a_request_that_does_not_come_says_so(api: VendorApi) -> None:
    rule = api.fault("hold")
    assert api.server.control("POST", f"faults/{rule}/await", timeout=0.05) == {"held": False}


# -- time ------------------------------------------------------------------------------------------------------


def test_stale_reads_lag_behind_the_writes(api: VendorApi) -> None:
    api.server.control("POST", "clock", mode="frozen")
    api.fault("stale_reads", seconds=90)
    api.member("a@example.com")
    api.get(api.key("a@example.com"), 404)
    assert total(api) == 0
    api.server.advance(91)
    assert total(api) == 1


def test_stuck_batch(api: VendorApi) -> None:
    api.fault("stuck_batch", path="/batches")
    done = api.batch(batchType="addMembers", relationType="partners", members=[{"email": "a@example.com"}])
    assert (done["status"], done["result"]) == ("PROCESSING", None)
    api.server.advance(86_400)
    assert api.get(f"/batches/{done['id']}")["status"] == "PROCESSING"
    assert total(api) == 0


@pytest.mark.parametrize("applied", [False, True])
def test_lost_batch(api: VendorApi, applied: bool) -> None:
    api.fault("lost_batch", path="/batches", apply=applied)
    body = {"batchType": "addMembers", "relationType": "partners", "members": [{"email": "a@example.com"}]}
    number = api.post("/batches", 201, **body)["id"]
    api.server.advance(5)
    api.get(f"/batches/{number}", 404)
    assert total(api) == int(applied)


def test_late_batch_overwrites_a_newer_patch(api: VendorApi) -> None:
    made = api.member("a@example.com")
    api.fault("late_batch", path="/batches", seconds=600)
    api.post("/batches", 201, batchType="addMembers", relationType="partners",
             members=[{"email": "a@example.com", "company": "batch"}])  # fmt: skip
    api.server.advance(60)
    api.patch(f"/members/{made['id']}", company="patch")
    api.server.advance(600)
    assert api.get(f"/members/{made['id']}")["company"] == "batch"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("empty", []), ("duplicates", ["a@example.com", "a@example.com"]),
     ("strangers", ["a@example.com", "stranger@example.net", 999_999_999])],
)  # fmt: skip
def test_batch_result(api: VendorApi, kind: str, expected: list[object]) -> None:
    api.fault("batch_result", path="/batches", kind=kind)
    done = api.batch(batchType="addMembers", relationType="partners", members=[{"email": "a@example.com"}])
    assert (done["result"]["successes"], done["result"]["errors"]) == (expected, [])
    assert total(api) == 1


def test_many_threads_write_without_losing_or_doubling(api: VendorApi) -> None:
    """40 addresses, each posted by 4 threads at once: one 201 each, the rest 409."""
    group = api.group()
    codes: list[int] = []
    lock = threading.Lock()

    def work(_: int) -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = api.session.headers["Authorization"]
            for number in range(40):
                body = {"email": f"p{number}@example.com", "groups": str(group)}
                code = session.post(f"{api.server.base_url}/members", json=body, timeout=20).status_code
                with lock:
                    codes.append(code)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert (codes.count(201), codes.count(409)) == (40, 120)
    assert api.get(f"/groups/{group}")["membersCount"] == total(api) == len(api.journal(kind="member")) == 40
