"""Every answer about batches that nobody knows, each way (api/README.md 6, rows 10 to 15 and 28)."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import VendorApi, choose, left

ADD = {"batchType": "addMembers", "relationType": "active-clients"}


@pytest.mark.parametrize("how", ["unsubscribe", "bounce"])
@pytest.mark.parametrize("choice", ["revive", "skip"])
def test_add_members_on_those_who_left(api: VendorApi, how: str, choice: str) -> None:
    left(api, how=how)
    state = "unsubscribed" if how == "unsubscribe" else "bounced"
    choose(api, **{f"add_members_{state}": choice})
    done = api.batch(**ADD, members=[{"email": "gone@example.com", "firstname": "X"}])
    assert done["result"]["successes"] == ["gone@example.com"]
    person = api.person("gone@example.com")
    assert (person["state"], person["firstname"]) == (("subscribed", "X") if choice == "revive" else (state, ""))
    moved = [(one["before"], one["after"]) for one in api.journal(source="batch")]
    assert moved == ([(state, "subscribed")] if choice == "revive" else [])


def test_shapes_of_add_members_results(api: VendorApi) -> None:
    rows = {"members": [{"email": "a@example.com"}, {"email": "bad"}]}
    choose(api, batch_successes="id", batch_error_shape="email", batch_error_details="absent")
    done = api.batch_raw(**ADD, **rows)
    assert done["result"]["successes"] == [api.person("a@example.com")["id"]]
    assert done["result"]["errors"] == [{"email": "bad", "description": "Invalid e-mail address"}]
    choose(api, batch_error_shape="none", batch_result_order="submitted", batch_successes="email")
    done = api.batch_raw(**ADD, members=[{"email": "b@example.com"}, {"email": "c@example.com"}, {"email": "bad"}])
    assert done["result"] == {
        "errors": [{"description": "Invalid e-mail address"}], "successes": ["b@example.com", "c@example.com"]
    }  # fmt: skip


@pytest.mark.parametrize("status", [422, 413, 400])
def test_batch_cap(api: VendorApi, status: int) -> None:
    choose(api, batch_cap=2, batch_cap_status=status)
    api.post("/batches", status, batchType="unsubscribe", ids=[1, 2, 3])
    api.post("/batches", 201, batchType="unsubscribe", ids=[1, 2])


def test_request_size_limit(api: VendorApi) -> None:
    choose(api, request_size_limit=100)
    api.post("/members", 413, email="a@example.com", note="x" * 200)
    api.member("a@example.com")


def test_batch_times_and_retention(api: VendorApi) -> None:
    api.server.control("POST", "clock", mode="frozen")
    choose(api, batch_start_seconds=100, batch_run_seconds=50, batch_retention_seconds=600)
    path = f"/batches/{api.post('/batches', 201, batchType='unsubscribe', ids=[])['id']}"
    for advance, status in ((99, "NEW"), (1, "PROCESSING"), (49, "PROCESSING"), (1, "COMPLETED"), (600, "COMPLETED")):
        api.server.advance(advance)
        assert api.get(path)["status"] == status
    api.server.advance(1)
    api.get(path, 404)


@pytest.mark.parametrize("state", ["DONE", "FAILED", "completed"])
def test_batch_end_state(api: VendorApi, state: str) -> None:
    choose(api, batch_end_state=state)
    assert api.batch_raw(batchType="unsubscribe", ids=[])["status"] == state


def test_batch_bad_row_whole(api: VendorApi) -> None:
    choose(api, batch_bad_row="whole")
    done = api.batch(**ADD, members=[{"email": "a@example.com"}, {"email": "bad"}])
    assert done["result"]["successes"] == []
    assert len(done["result"]["errors"]) == 2
    assert api.get("/members", status="all")["totalCount"] == 0
    assert api.batch(**ADD, members=[{"email": "a@example.com"}])["result"]["errors"] == []


@pytest.mark.parametrize(("choice", "made"), [("first_fails", "bc"), ("all_but_first_fail", "a")])
def test_batch_partial(api: VendorApi, choice: str, made: str) -> None:
    choose(api, batch_partial=choice)
    done = api.batch(**ADD, members=[{"email": f"{name}@example.com"} for name in "abc"])
    assert "".join(sorted(one[0] for one in done["result"]["successes"])) == made
    assert len(done["result"]["errors"]) == 3 - len(made)
    assert api.get("/members", status="all")["totalCount"] == len(made)


def test_batch_unknown_email_success(api: VendorApi) -> None:
    choose(api, batch_unknown_email="success")
    done = api.batch(batchType="deleteMembers", ids=["no@example.com", "7"])
    assert done["result"]["successes"] == ["no@example.com"]
