"""Groups (api/README.md 4.6)."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import VendorApi


def test_a_new_group_is_static_private_and_empty(api: VendorApi) -> None:
    api.server.control("POST", "clock", mode="frozen", set="2025-10-01T09:00:01.337-04:00")
    made = api.post("/groups", 201, title="Salon 2026")
    assert made == {
        "id": made["id"], "title": "Salon 2026", "isPublic": False, "membersCount": 0, "mailingsCount": 0,
        "createdOn": "2025-10-01 09:00:01.337", "isDynamic": False,
    }  # fmt: skip
    assert api.get(f"/groups/{made['id']}") == made


@pytest.mark.parametrize(
    "body", [{}, {"title": ""}, {"title": 5}, {"title": "x", "isPublic": "yes"}, {"isPublic": True}]
)
def test_a_wrong_group_is_refused(api: VendorApi, body: dict[str, object]) -> None:
    api.post("/groups", 422, **body)
    assert api.get("/groups")["totalCount"] == 0


def test_put_resets_and_patch_does_not(api: VendorApi) -> None:
    group = api.group("A", isPublic=True)
    assert api.patch(f"/groups/{group}", title="B")["isPublic"] is True
    assert api.put(f"/groups/{group}", title="C")["isPublic"] is False
    assert api.patch(f"/groups/{group}", isPublic=True)["title"] == "C"
    api.patch(f"/groups/{group}", 422)
    api.put(f"/groups/{group}", 422, isPublic=True)


def test_titles_may_repeat(api: VendorApi) -> None:
    assert api.group("Même") != api.group("Même")


def test_a_dynamic_group_can_be_read_and_deleted_but_not_changed(api: VendorApi) -> None:
    group = api.dynamic_group()
    api.member("d@example.com")
    api.control("POST", "groups/members", id=group, add=["d@example.com"])
    assert api.get(f"/groups/{group}")["isDynamic"] is True
    api.put(f"/groups/{group}", 422, title="X")
    api.patch(f"/groups/{group}", 422, title="X")
    api.delete(f"/groups/{group}/members", 422)
    assert api.get(f"/groups/{group}/members")["totalCount"] == 1
    assert api.delete(f"/groups/{group}") == {str(group): "deleted"}


def test_deleting_a_group_keeps_its_members_as_orphans(api: VendorApi) -> None:
    group = api.group()
    api.member("m@example.com", groups=str(group))
    assert api.get("/members")["totalCount"] == 1
    api.delete(f"/groups/{group}")
    api.get(f"/groups/{group}", 404)
    api.delete(f"/groups/{group}", 404)
    assert api.get("/members")["totalCount"] == 0
    assert api.get("/members", status="orphans")["totalCount"] == 1


def test_emptying_a_group_answers_an_empty_list(api: VendorApi) -> None:
    group = api.group()
    api.member("m@example.com", groups=str(group))
    assert api.delete(f"/groups/{group}/members") == {"members": []}
    assert api.get(f"/groups/{group}")["membersCount"] == 0
    assert api.get(api.key("m@example.com"))["updatedOn"] is None


@pytest.mark.parametrize("cause", ["optin", "mailing"])
def test_a_group_in_use_cannot_be_deleted(api: VendorApi, cause: str) -> None:
    group = api.group()
    if cause == "optin":
        (number,) = api.post("/members/optins", 201, email="w@example.com", groups=str(group))
    else:
        moment = "2030-01-01T09:00:00"
        api.control("POST", "mailings", subject="Plus tard", groups=[group], scheduledOn=moment)
    api.delete(f"/groups/{group}", 422)
    if cause == "optin":
        api.control("POST", f"optins/{number}/click")
    else:
        api.server.control("POST", "clock", set="2030-01-01T09:00:01")
    api.delete(f"/groups/{group}")


def test_orders_of_the_list(api: VendorApi) -> None:
    api.server.control("POST", "clock", mode="frozen")
    few, many = api.group("b peu"), api.group("A beaucoup")
    api.server.advance(60)
    dynamic = api.dynamic_group("c suivi")
    for number in range(3):
        api.member(f"m{number}@example.com", groups=str(many))
    api.control("POST", "mailings", subject="Envoi", groups=[few], sent=True)

    def order(sort: str) -> list[int]:
        answer = api.get("/groups", sort=sort)
        assert answer["sort"] == sort
        return [one["id"] for one in answer["groups"]]

    assert order("") == [few, many, dynamic]
    assert order("group_asc") == [many, few, dynamic]
    assert order("group_desc") == [dynamic, few, many]
    assert order("nbmember_desc")[0] == many
    assert order("type_desc")[0] == dynamic
    assert order("nbnewsletter_desc")[0] == few
    assert order("date_desc")[0] == dynamic
    api.get("/groups", 422, sort="title_asc")


def test_members_of_a_group_are_a_member_list(api: VendorApi) -> None:
    group = api.group()
    made = [api.member(f"{name}@example.com", groups=str(group)) for name in "cab"]
    api.member("elsewhere@example.com")
    answer = api.get(f"/groups/{group}/members")
    assert answer["members"] == made
    assert (answer["totalCount"], "items_per_page" in answer) == (3, False)
    by_email = api.get(f"/groups/{group}/members", sort="email_desc", limit=2)
    assert [one["email"][0] for one in by_email["members"]] == ["c", "b"]
    assert api.get(f"/groups/{group}/members", joinedOnTo="2001-01-01")["totalCount"] == 0
    api.get("/groups/999999/members", 404)
