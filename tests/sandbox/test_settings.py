"""Every answer that nobody knows, each way (api/README.md 6). The default of each is proved in the other files."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

from cyberadmin.sandbox.settings import TABLE
from tests.sandbox.conftest import VendorApi, choose, left

# -- the routes ------------------------------------------------------------------------------------------------


def test_settings_are_listed_changed_refused_and_reset(api: VendorApi) -> None:
    defaults = api.server.control("GET", "settings")
    assert defaults == {name: setting.default for name, setting in TABLE.items()}
    changed = api.server.settings(error_body="html", batch_cap=10)
    assert changed == defaults | {"error_body": "html", "batch_cap": 10}
    for wrong in (
        {"error_body": "xml"},
        {"nope": 1},
        {"batch_cap": -1},
        {"throttle_status": "429"},
        {"updated_on_moves_on": ["opens"]},
        {"consent_months": {"friends": 3}},
        {"consent_months": {"partners": "3"}},
    ):
        assert api.session.patch(f"{api.server.control_url}/settings", json=wrong).status_code == 400
    assert api.server.control("GET", "settings") == changed
    assert api.server.control("DELETE", "settings") == defaults
    choices = api.server.control("GET", "settings/choices")
    assert choices["error_body"] == {"row": "1", "default": "json", "choices": ["json", "empty", "html"]}


# -- errors, parameters, dates ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "kind", "start"), [("empty", "application/json", ""), ("html", "text/html", "<!DOCTYPE")]
)
def test_error_body(api: VendorApi, shape: str, kind: str, start: str) -> None:
    choose(api, error_body=shape)
    answer = api.raw("GET", "/members/1")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, kind)
    assert answer.text.startswith(start)
    assert bool(answer.text) is bool(start)


def test_statuses_of_schema_errors(api: VendorApi) -> None:
    choose(api, schema_error_status=400, malformed_json_status=400, content_type_status=415)
    api.post("/members", 400, email=5)
    api.call("POST", "/members", 400, data="{", headers={"Content-Type": "application/json"})
    api.call("POST", "/members", 415, data="{}", headers={"Content-Type": "text/plain"})


def test_bad_token_status(api: VendorApi) -> None:
    choose(api, bad_token_status=403)
    api.call("GET", "/ping", 403, headers={"Authorization": "Bearer x"})


def test_invalid_parameter(api: VendorApi) -> None:
    api.member("a@example.com")
    choose(api, invalid_parameter="400")
    api.get("/members", 400, sort="nope")
    choose(api, invalid_parameter="default")
    query = {"sort": "nope", "status": "x", "page": "0", "limit": "99999", "joinedOnFrom": "x"}
    answer = api.get("/members", **query)
    assert (answer["page"], answer["limit"], answer["sort"]) == (1, 20, "")
    number = api.batch(batchType="unsubscribe", ids=[])["id"]
    api.get(f"/batches/{number}", showErrorDetails="maybe")


def test_page_past_end(api: VendorApi) -> None:
    for name in "abc":
        api.member(f"{name}@example.com")
    choose(api, page_past_end="404")
    api.get("/members", 404, status="all", page=2)
    choose(api, page_past_end="last")
    answer = api.get("/members", status="all", page=9, limit=2)
    assert (answer["page"], len(answer["members"])) == (2, 1)
    assert api.get("/members/bounced", page=5)["page"] == 1


@pytest.mark.parametrize(("order", "expected"), [("id_asc", "bac"), ("id_desc", "cab"), ("email_asc", "abc")])
def test_default_order(api: VendorApi, order: str, expected: str) -> None:
    for name in "bac":
        api.member(f"{name}@example.com")
    choose(api, default_order=order)
    assert "".join(one["email"][0] for one in api.get("/members", status="all")["members"]) == expected


@pytest.mark.parametrize(("digits", "length"), [(0, 19), (3, 23), (6, 26)])
def test_date_digits(api: VendorApi, digits: int, length: int) -> None:
    choose(api, date_digits=digits)
    assert len(api.member("a@example.com")["joinedOn"]) == length


def test_empty_custom_fields(api: VendorApi) -> None:
    choose(api, empty_custom_fields="list")
    answer = api.raw("POST", "/members", json={"email": "a@example.com"})
    assert answer.json()["customFields"] == []


# -- throttling ------------------------------------------------------------------------------------------------


def throttled(api: VendorApi, count: int, path: str = "/members") -> list[int]:
    bodies = [{"email": f"t{number}.{path[-1]}@example.com"} for number in range(count)]
    return [api.raw("POST", path, json=body).status_code for body in bodies]


def test_throttle_limits_the_two_posts_for_a_window(api: VendorApi) -> None:
    api.server.control("POST", "clock", mode="frozen")
    choose(api, throttle_members_limit=2, throttle_optins_limit=1, throttle_window_seconds=30)
    assert throttled(api, 3) == [201, 201, 429]
    assert throttled(api, 2, "/members/optins") == [201, 429]
    assert api.get("/members", status="all")["totalCount"] == 2
    api.group()
    api.server.advance(30)
    assert api.raw("POST", "/members", json={"email": "later@example.com"}).status_code == 201


@pytest.mark.parametrize("status", [503, 403])
def test_throttle_status(api: VendorApi, status: int) -> None:
    choose(api, throttle_members_limit=1, throttle_status=status)
    assert throttled(api, 2) == [201, status]


def test_a_throttled_call_may_have_been_applied(api: VendorApi) -> None:
    choose(api, throttle_members_limit=1, throttle_applied=True)
    assert throttled(api, 2) == [201, 429]
    assert api.get("/members", status="all")["totalCount"] == 2


@pytest.mark.parametrize("form", ["seconds", "date", "garbage", "absent", "86400"])
def test_retry_after(api: VendorApi, form: str) -> None:
    api.server.control("POST", "clock", mode="frozen")
    choose(api, throttle_members_limit=1, throttle_window_seconds=40, retry_after=form)
    throttled(api, 1)
    answer = api.raw("POST", "/members", json={"email": "x@example.com"})
    value = answer.headers.get("Retry-After")
    if form == "date":
        wait = parsedate_to_datetime(value or "") - parsedate_to_datetime(answer.headers["Date"])
        assert wait.total_seconds() == 40
    else:
        assert value == {"seconds": "40", "garbage": "soon", "absent": None, "86400": "86400"}[form]


# -- members ---------------------------------------------------------------------------------------------------


def test_email_case_sensitive(api: VendorApi) -> None:
    choose(api, email_case="sensitive")
    first, second = api.member("a@example.com"), api.member("A@example.com")
    assert api.get(api.key("A@example.com"))["id"] == second["id"] != first["id"]
    api.get(api.key("a@Example.com"), 404)


def test_email_storage_lower(api: VendorApi) -> None:
    choose(api, email_storage="lower")
    assert api.member("Anna@Example.com")["email"] == "anna@example.com"


@pytest.mark.parametrize("status", [422, 400])
def test_existing_member_status(api: VendorApi, status: int) -> None:
    choose(api, existing_member_status=status)
    api.member("a@example.com")
    api.post("/members", status, email="a@example.com")


@pytest.mark.parametrize(("how", "name"), [("unsubscribe", "unsubscribed_create"), ("bounce", "bounced_create")])
def test_post_may_take_back_those_who_left(api: VendorApi, how: str, name: str) -> None:
    made = left(api, how=how)
    choose(api, **{name: "accept"})
    back = api.member("gone@example.com", firstname="Back")
    assert (back["id"], back["firstname"]) == (made["id"], "Back")
    assert api.journal(operation="createMember")[-1]["before"] in ("unsubscribed", "bounced")


def test_deleted_create_refuse(api: VendorApi) -> None:
    choose(api, deleted_create="refuse")
    made = api.member("a@example.com")
    api.delete(f"/members/{made['id']}")
    api.post("/members", 409, email="A@example.com")


def test_unsubscribe_unknown(api: VendorApi) -> None:
    choose(api, unsubscribe_unknown="422")
    api.call("POST", "/members/unsubscribed/x@example.com", 422)
    choose(api, unsubscribe_unknown="create")
    assert api.call("POST", "/members/unsubscribed/x@example.com")["isNewUnsubscription"] is True
    assert api.person("x@example.com")["state"] == "unsubscribed"
    api.call("POST", "/members/unsubscribed/5", 404)


def test_departed_member_get(api: VendorApi) -> None:
    made = left(api)
    choose(api, departed_member_get="200")
    assert api.get(f"/members/{made['id']}")["email"] == "gone@example.com"
    api.patch(f"/members/{made['id']}", 404, firstname="X")


def test_departed_member_delete(api: VendorApi) -> None:
    made = left(api)
    api.delete(f"/members/{made['id']}", 404)
    choose(api, departed_member_delete="200")
    assert api.delete(f"/members/{made['id']}") == {str(made["id"]): "deleted"}
    assert api.get("/members/unsubscribed")["members"] == []


def test_put_without_email_keep(api: VendorApi) -> None:
    choose(api, put_without_email="keep")
    made = api.member("a@example.com", firstname="Anna")
    put = api.put(f"/members/{made['id']}", lastname="Roy")
    assert (put["email"], put["firstname"], put["lastname"]) == ("a@example.com", "", "Roy")


def test_email_in_use_status(api: VendorApi) -> None:
    choose(api, email_in_use_status=422)
    api.member("a@example.com")
    api.patch(f"/members/{api.member('b@example.com')['id']}", 422, email="a@example.com")


def test_email_change_consent_keep(api: VendorApi) -> None:
    choose(api, email_change_consent="keep")
    made = api.member("a@example.com")
    api.put(f"/members/{made['id']}/consent", relationType="express-consent")
    assert api.patch(f"/members/{made['id']}", email="b@example.com")["consentType"] == "express"


def test_custom_value_errors_ignore(api: VendorApi) -> None:
    choose(api, custom_value_errors="ignore")
    made = api.member("a@example.com", customFields={"1": "ok", "3": "x", "99": 1})
    assert made["customFields"] == {"1": "ok"}


def test_updated_on_moves_on(api: VendorApi) -> None:
    choose(api, updated_on_moves_on=["groups", "bounce", "unsubscribe"])
    group = api.group()
    for name in ("g", "e", "r", "u", "b"):
        api.member(f"{name}@example.com", groups=str(group) if name in "er" else "")
    api.post(api.key("g@example.com") + "/groups", groups=str(group))
    api.delete(f"{api.key('r@example.com')}/groups/{group}")
    api.call("POST", "/members/unsubscribed/u@example.com")
    api.control("POST", "bounce", email="b@example.com")
    api.delete(f"/groups/{group}/members")
    for name in ("g", "e", "r", "u", "b"):
        assert api.person(f"{name}@example.com")["updatedOn"] is not None, name


# -- groups ----------------------------------------------------------------------------------------------------


def test_unknown_group_ignore(api: VendorApi) -> None:
    choose(api, unknown_group="ignore")
    group = api.group()
    made = api.member("a@example.com", groups=f"{group},999999")
    assert len(api.get(f"/members/{made['id']}/groups")["groups"]) == 1


@pytest.mark.parametrize("status", [409, 403])
def test_dynamic_group_status(api: VendorApi, status: int) -> None:
    choose(api, dynamic_group_status=status)
    group = api.dynamic_group()
    api.patch(f"/groups/{group}", status, title="X")
    api.delete(f"/groups/{group}/members", status)
    api.post("/members", status, email="a@example.com", groups=str(group))


def test_delete_dynamic_group_refuse(api: VendorApi) -> None:
    choose(api, delete_dynamic_group="refuse")
    api.delete(f"/groups/{api.dynamic_group()}", 422)


def test_delete_group_in_use(api: VendorApi) -> None:
    group = api.group()
    api.post("/members/optins", 201, email="w@example.com", groups=str(group))
    choose(api, delete_group_in_use="409")
    api.delete(f"/groups/{group}", 409)
    choose(api, delete_group_in_use="allow")
    api.delete(f"/groups/{group}")


def test_default_is_public_and_duplicate_titles(api: VendorApi) -> None:
    choose(api, default_is_public=True, duplicate_titles="refuse")
    assert api.post("/groups", 201, title="A")["isPublic"] is True
    api.post("/groups", 422, title="A")
    other = api.group("B", isPublic=False)
    api.patch(f"/groups/{other}", 422, title="A")
    api.patch(f"/groups/{other}", title="B")


# -- consent and tokens ----------------------------------------------------------------------------------------


def test_consent_months(api: VendorApi) -> None:
    choose(api, consent_months={"partners": 6, "employees": None})
    made = api.member("a@example.com")

    def expiration(relation: str) -> object:
        path = f"/members/{made['id']}/consent"
        return api.put(path, relationType=relation, consentDate="2024-01-31")["consentExpiration"]

    assert expiration("partners") == "2024-07-31 00:00:00.000"
    assert expiration("employees") is None
    assert expiration("active-clients") == "2026-01-31 00:00:00.000"


def test_consent_override(api: VendorApi) -> None:
    made = api.member("a@example.com")
    path = f"/members/{made['id']}/consent"
    api.put(path, relationType="express-consent")
    choose(api, consent_override="any")
    assert api.put(path, relationType="partners")["consentType"] == "implied"
    choose(api, consent_override="keep_any")
    api.put(path, 422, relationType="employees")


def test_created_and_optin_relation(api: VendorApi) -> None:
    choose(api, created_relation="web-contacts", optin_relation=None)
    made = api.member("a@example.com")
    assert api.get(f"/members/{made['id']}/consent")["relationType"] == "web-contacts"
    (number,) = api.post("/members/optins", 201, email="b@example.com")
    api.control("POST", f"optins/{number}/click")
    consent = api.get(api.key("b@example.com") + "/consent")
    assert (consent["consentType"], consent["relationType"]) == ("express", None)


def test_token_algorithm_opaque(api: VendorApi) -> None:
    choose(api, token_algorithm="opaque")
    token = api.call("POST", "/tokens")["token"]
    assert "." not in token
    api.call("GET", "/ping", headers={"Authorization": f"Bearer {token}"})


# -- stale reads -----------------------------------------------------------------------------------------------


def test_stale_reads_show_the_state_of_before(api: VendorApi) -> None:
    api.server.control("POST", "clock", mode="frozen")
    made = api.member("old@example.com", firstname="Before")
    choose(api, stale_read_seconds=90)
    api.member("new@example.com")
    api.patch(f"/members/{made['id']}", firstname="After")
    api.server.advance(60)
    assert api.get(f"/members/{made['id']}")["firstname"] == "Before"
    api.get(api.key("new@example.com"), 404)
    assert api.get("/members", status="all")["totalCount"] == 1
    api.post("/members", 409, email="new@example.com")
    api.server.advance(31)
    assert api.get(f"/members/{made['id']}")["firstname"] == "After"
    assert api.get("/members", status="all")["totalCount"] == 2


def test_stale_reads_of_lists_only(api: VendorApi) -> None:
    choose(api, stale_read_seconds=90, stale_read_scope="lists")
    made = api.member("new@example.com")
    assert api.get("/members", status="all")["totalCount"] == 0
    assert api.get(f"/members/{made['id']}") == made
