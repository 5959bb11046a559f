"""Control routes: what people do at the vendor, the journal, the state dump, generated members, the page."""

from __future__ import annotations

import pytest
import requests

from tests.sandbox.conftest import VendorApi


def test_a_member_edited_remotely_moves_on(api: VendorApi) -> None:
    group = api.group()
    made = api.member("a@example.com", firstname="Anna", customFields={"1": "x"})
    shown = api.control(
        "PATCH", "members", email="A@example.com",
        set={"firstname": "Zoé", "email": "z@example.com", "groups": [group], "customFields": {"3": 5}},
    )  # fmt: skip
    member = api.get(f"/members/{made['id']}")
    assert (member["firstname"], member["email"]) == (shown["firstname"], shown["email"]) == ("Zoé", "z@example.com")
    assert member["customFields"] == {"1": "x", "3": 5}
    assert member["updatedOn"] is not None
    assert api.get(f"/groups/{group}")["membersCount"] == 1
    assert api.journal(source="control")[-1]["operation"] == "editRemotely"


def test_dates_consent_and_counters_can_be_set_remotely(api: VendorApi) -> None:
    made = api.member("a@example.com")
    changes = {"joinedOn": "2020-01-01T10:00:00", "updatedOn": None, "consentType": "express", "mailingsReceived": 9,
               "relationType": "contest-participants", "consentDate": "2020-01-01", "consentProof": "Tirage"}  # fmt: skip
    api.control("PATCH", "members", id=made["id"], set=changes)
    member = api.get(f"/members/{made['id']}")
    names = ("joinedOn", "updatedOn", "consentType", "mailingsReceived")
    assert [member[name] for name in names] == ["2020-01-01 10:00:00.000", None, "express", 9]
    consent = api.get(f"/members/{made['id']}/consent")
    assert (consent["consentDate"], consent["consentProof"]) == ("2020-01-01 00:00:00.000", "Tirage")


def test_members_made_and_deleted_remotely(api: VendorApi) -> None:
    group = api.group()
    made = api.control("POST", "members", email="a@example.com", firstname="Anna", groups=[group])
    api.control("POST", "members", email="u@example.com", state="unsubscribed", unsubscribedOn="2024-05-01T12:00:00")
    assert api.get(f"/members/{made['id']}")["firstname"] == "Anna"
    assert api.get("/members/unsubscribed")["members"][0]["unsubscribedOn"] == "2024-05-01 12:00:00.000"
    api.control("DELETE", "members", email="a@example.com")
    api.get(f"/members/{made['id']}", 404)
    assert api.get(f"/groups/{group}")["membersCount"] == 0


def test_groups_edited_remotely(api: VendorApi) -> None:
    group = api.control("POST", "groups", title="A", isPublic=True)["id"]
    api.member("a@example.com")
    api.control("POST", "groups/members", id=group, add=["a@example.com"])
    assert api.get(f"/groups/{group}")["membersCount"] == 1
    api.control("PATCH", "groups", id=group, title="B", isDynamic=True)
    shown = api.get(f"/groups/{group}")
    assert (shown["title"], shown["isPublic"], shown["isDynamic"]) == ("B", True, True)
    api.control("POST", "groups/members", id=group, remove=["a@example.com"])
    assert api.get(f"/groups/{group}/members")["totalCount"] == 0
    api.control("DELETE", "groups", id=group)
    api.get(f"/groups/{group}", 404)


def test_custom_fields_are_defined_and_deleted(api: VendorApi) -> None:
    assert api.control("POST", "customfields", name="Secteur", type="text")["id"] == 5
    api.control("POST", "customfields", id=1, name="Ville", type="text")
    api.control("DELETE", "customfields", id=2)
    names = [one["name"] for one in api.get("/customfields")["customFields"]]
    assert names == ["Ville", "Champ 3", "Champ 4", "Secteur"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [("POST", "bounce", {}, 400), ("POST", "bounce", {"account": "nobody", "email": "x"}, 404),
     ("GET", "nope", {}, 404), ("PUT", "settings", {}, 405), ("POST", "clock", {"mode": "sideways"}, 400),
     ("POST", "customfields", {"account": "1", "name": "x", "type": "json"}, 400), ("POST", "clock", {"set": "x"}, 400)],
)  # fmt: skip
def test_a_wrong_control_request_is_refused(
    api: VendorApi, method: str, path: str, body: dict[str, str], status: int
) -> None:
    answer = requests.request(method, f"{api.server.control_url}/{path}", json=body, timeout=10)
    assert (answer.status_code, bool(answer.json()["message"])) == (status, True)


def test_an_account_is_named_by_number_user_name_or_name(api: VendorApi) -> None:
    account = api.account
    for name in (account["id"], account["username"], account["name"]):
        assert api.server.state(name)["account"] == account["name"]


def test_the_clock_is_set_frozen_advanced_and_let_go(api: VendorApi) -> None:
    control = api.server.control
    assert control("POST", "clock", mode="frozen", set="2026-03-08T01:59:59-05:00")["frozen"] is True
    assert control("POST", "clock", advance=1)["now"] == "2026-03-08T07:00:00.000+00:00"
    assert api.member("dst@example.com")["joinedOn"] == "2026-03-08 03:00:00.000"
    assert control("POST", "clock", mode="running")["now"].startswith("2026-03-08T07:00:0")
    assert control("GET", "clock")["frozen"] is False
    real = control("POST", "clock", mode="real")["epoch"]
    assert abs(real - control("GET", "clock")["epoch"]) < 60


# -- journal, requests, state ----------------------------------------------------------------------------------


def test_the_journal_tells_what_was_applied_and_only_that(api: VendorApi) -> None:
    api.server.control("POST", "clock", mode="frozen", set="2025-10-01T12:00:00+00:00")
    made = api.member("a@example.com", firstname="Anna")
    api.post("/members", 409, email="a@example.com")
    api.post("/members", 422, email="nope")
    api.get(f"/members/{made['id']}")
    (entry,) = api.journal()
    del entry["seq"]
    assert entry == {
        "at": "2025-10-01T12:00:00.000+00:00", "source": "api", "account": api.account["name"],
        "account_id": api.account["id"], "operation": "createMember", "method": "POST", "path": "/members",
        "kind": "member", "ids": [made["id"]], "email": "a@example.com", "before": "absent", "after": "subscribed",
        "body": {"email": "a@example.com", "firstname": "Anna"}, "batch_id": None,
    }  # fmt: skip


def test_every_writing_operation_leaves_one_effect(api: VendorApi) -> None:
    group = api.group()
    member = api.member("a@example.com", groups=str(group))["id"]
    api.put(f"/members/{member}", email="a@example.com")
    api.patch(f"/members/{member}", note="x")
    api.post(f"/members/{member}/groups", groups="")
    api.put(f"/members/{member}/groups", groups=str(group))
    api.delete(f"/members/{member}/groups/{group}")
    api.put(f"/members/{member}/consent", relationType="partners")
    api.post("/members/optins", 201, email="o@example.com")
    api.call("POST", f"/members/unsubscribed/{member}")
    api.delete(f"/members/{api.member('b@example.com')['id']}")
    api.put(f"/groups/{group}", title="B")
    api.patch(f"/groups/{group}", title="C")
    api.delete(f"/groups/{group}/members")
    api.delete(f"/groups/{group}")
    api.call("POST", "/tokens")
    api.post("/batches", 201, batchType="unsubscribe", ids=[])
    assert [one["operation"] for one in api.journal()] == [
        "createGroup", "createMember", "replaceMember", "editMember", "addMemberGroups", "replaceMemberGroups",
        "removeMemberFromGroup", "setMemberConsent", "optinMember", "unsubscribeMember", "createMember",
        "deleteMember", "replaceGroup", "editGroup", "emptyGroup", "deleteGroup", "createToken", "createBatch",
    ]  # fmt: skip


def test_the_journal_is_read_from_a_number_on_and_by_account(api: VendorApi) -> None:
    api.group("A")
    newest = api.server.control("GET", "journal")["newest"]
    api.group("B")
    assert [one["body"]["title"] for one in api.server.journal(newest, api.account["id"])] == ["B"]
    other = api.server.new_account("Quiet")
    assert api.server.journal(account=other["id"]) == []
    last = api.server.control("GET", "journal", account=api.account["id"], last=1)["journal"]
    assert [one["body"]["title"] for one in last] == ["B"]


def test_the_request_log_has_every_request(api: VendorApi) -> None:
    api.server.control("DELETE", "requests")
    api.get("/members", status="all", limit=5)
    api.raw("GET", "/nope")
    api.call("GET", "/ping", 401, headers={"Authorization": "Bearer abcdefgh"})
    entries = api.server.requests()
    assert [(one["method"], one["path"], one["status"]) for one in entries] == [
        ("GET", "/members", 200), ("GET", "/nope", 404), ("GET", "/ping", 401)
    ]  # fmt: skip
    first = entries[0]
    assert (first["operation"], first["account"], first["query"]) == (
        "listMembers", api.account["name"], "status=all&limit=5"
    )  # fmt: skip
    assert first["token"] == api.account["token"][-4:]
    assert entries[2]["token"] == "efgh"
    assert 0 <= first["seconds"] < 10
    assert api.server.requests(since=entries[1]["number"]) == entries[2:]


def test_the_state_dump_shows_everybody_and_can_be_narrowed(api: VendorApi) -> None:
    group = api.group()
    for name in ("in", "out", "bad"):
        api.member(f"{name}@example.com", groups=str(group))
    api.call("POST", "/members/unsubscribed/out@example.com")
    api.control("POST", "bounce", email="bad@example.com")
    dump = api.server.state(api.account["id"])
    people = [(one["email"], one["state"], one["groups"]) for name in ("members", "unsubscribed", "bounced")
              for one in dump[name]]  # fmt: skip
    assert people == [("in@example.com", "subscribed", [group]), ("out@example.com", "unsubscribed", []),
                      ("bad@example.com", "bounced", [])]  # fmt: skip
    assert dump["groups"][0]["membersCount"] == 1
    assert dump["members"][0]["consent"]["consentType"] == "implied"
    assert api.person("OUT@example.com")["unsubscribedOn"] is not None


# -- much data, reset, page ------------------------------------------------------------------------------------


def test_generated_members_are_the_same_for_the_same_seed(api: VendorApi) -> None:
    other = VendorApi(api.server, api.server.new_account("Twin"))
    for number, kind in enumerate(("text", "date", "integer", "decimal number"), start=1):
        other.control("POST", "customfields", id=number, name=f"Champ {number}", type=kind)
    groups = [one.group() for one in (api, other)]
    for one, group in zip((api, other), groups, strict=True):
        one.control("POST", "generate", members=300, unsubscribed=20, bounced=10, seed="s", groups=[group])
    with other.session:
        mine, theirs = (one.get("/members", limit=1000)["members"] for one in (api, other))
    assert [one | {"id": 0} for one in mine] == [one | {"id": 0} for one in theirs]
    assert len({one["email"].lower() for one in mine}) == 300
    assert api.get("/members/unsubscribed")["totalCount"] == 20
    assert api.get("/members/bounced")["totalCount"] == 10
    assert api.get(f"/groups/{groups[0]}")["membersCount"] == 300
    assert api.get("/members", status="orphans")["totalCount"] == 0


def test_generating_many_keeps_counts_and_indexes(api: VendorApi) -> None:
    group = api.group()
    api.control("POST", "generate", members=51_000, groups=[group], prefix="many")
    assert api.get(f"/groups/{group}")["membersCount"] == 51_000
    first = api.get("/members", limit=1)["members"][0]
    api.delete(f"/members/{first['id']}/groups/{group}")
    assert api.get(f"/groups/{group}")["membersCount"] == 50_999
    assert api.get("/members", status="orphans")["totalCount"] == 1
    api.post("/members", 409, email=first["email"])


def test_reset_puts_the_switches_back_and_keeps_the_data(api: VendorApi) -> None:
    api.member("a@example.com")
    api.server.settings(error_body="html")
    api.fault("status")
    api.server.control("POST", "clock", mode="frozen", set="2020-01-01")
    api.server.reset()
    assert api.server.control("GET", "settings")["error_body"] == "json"
    assert api.server.control("GET", "faults") == {"faults": []}
    assert api.server.control("GET", "clock")["frozen"] is False
    assert api.get("/members", status="all")["totalCount"] == 1


def test_the_page_shows_what_the_vendor_holds_without_breaking_on_markup(api: VendorApi) -> None:
    api.server.new_account("<b>Gras</b> & Cie")
    api.member("a@example.com")
    api.fault("status", path="/nope")
    answer = requests.get(f"{api.server.control_url}/", timeout=10)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    for text in ("&lt;b&gt;Gras&lt;/b&gt; &amp; Cie", "createMember", "absent → subscribed", "error_body", "/nope"):
        assert text in answer.text, text
    assert "<b>Gras" not in answer.text


def test_the_routes_are_listed(api: VendorApi) -> None:
    routes = api.server.control("GET", "routes")["routes"]
    assert "POST /_control/faults/{id}/release" in routes
