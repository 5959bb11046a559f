"""/members/{key}/groups and /members/{key}/mailings."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import VendorApi


def titles(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [one["title"] for one in answer["groups"]]


@pytest.fixture
def member(api: VendorApi) -> str:
    return f"/members/{api.member('someone@example.com')['id']}"


def test_post_adds_and_answers_all_groups_without_counters(api: VendorApi, member: str) -> None:
    first, second = api.group("A"), api.group("B")
    api.post(f"{member}/groups", groups=str(first))
    answer = api.post(f"{member}/groups", groups=str(second))
    assert titles(answer) == ["A", "B"]
    assert set(answer) == {"groups"}
    assert set(answer["groups"][0]) == {"id", "title", "isPublic", "createdOn", "isDynamic"}


def test_put_replaces_the_static_groups_only(api: VendorApi, member: str) -> None:
    first, second, dynamic = api.group("A"), api.group("B"), api.dynamic_group("D")
    api.control("POST", "groups/members", id=dynamic, add=["someone@example.com"])
    api.post(f"{member}/groups", groups=str(first))
    assert titles(api.put(f"{member}/groups", groups=str(second))) == ["B", "D"]
    assert titles(api.put(f"{member}/groups", groups="")) == ["D"]


def test_delete_takes_out_of_one_group(api: VendorApi, member: str) -> None:
    group = api.group()
    api.post(f"{member}/groups", groups=group)
    assert api.delete(f"{member}/groups/{group}") == {str(group): "deleted"}
    api.delete(f"{member}/groups/{group}", 404)
    api.delete(f"{member}/groups/999999", 404)
    assert titles(api.get(f"{member}/groups")) == []


def test_a_dynamic_group_cannot_be_joined_or_left(api: VendorApi, member: str) -> None:
    dynamic = api.dynamic_group()
    api.control("POST", "groups/members", id=dynamic, add=["someone@example.com"])
    api.post(f"{member}/groups", 422, groups=str(dynamic))
    api.put(f"{member}/groups", 422, groups=str(dynamic))
    api.delete(f"{member}/groups/{dynamic}", 422)
    assert len(api.get(f"{member}/groups")["groups"]) == 1


@pytest.mark.parametrize("body", [{}, {"groups": None}, {"groups": ["1"]}, {"groups": "1;2"}])
def test_a_body_of_another_shape_is_refused(api: VendorApi, member: str, body: dict[str, object]) -> None:
    api.post(f"{member}/groups", 422, **body)


def test_an_unknown_member_or_group_is_refused(api: VendorApi, member: str) -> None:
    api.post("/members/nobody@example.com/groups", 404, groups="")
    api.post(f"{member}/groups", 422, groups="999999")


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("", ["Émeraude", "amis", "Zèbre"]), ("title_asc", ["amis", "Zèbre", "Émeraude"]),
     ("title_desc", ["Émeraude", "Zèbre", "amis"]), ("created_desc", ["Zèbre", "amis", "Émeraude"])],
)  # fmt: skip
def test_the_list_has_pages_and_orders(api: VendorApi, member: str, sort: str, expected: list[str]) -> None:
    api.server.control("POST", "clock", mode="frozen")
    for title in ("Émeraude", "amis", "Zèbre"):
        api.post(f"{member}/groups", groups=api.group(title))
        api.server.advance(60)
    assert titles(api.get(f"{member}/groups", sort=sort)) == expected
    page = api.get(f"{member}/groups", sort=sort, limit=2, page=2)
    assert titles(page) == expected[2:]
    assert (page["totalCount"], page["page"], page["limit"], page["sort"]) == (3, 2, 2, sort)


def test_mailings_received(api: VendorApi, member: str) -> None:
    group = api.group()
    api.post(f"{member}/groups", groups=group)
    assert api.get(f"{member}/mailings")["mailings"] == []
    for subject in ("Un", "Deux"):
        api.control("POST", "mailings", subject=subject, groups=[group], sent=True)
        api.server.advance(60)
    api.control("POST", "mailings", subject="Plus tard", groups=[group], scheduledOn="2030-01-01T09:00:00")
    answer = api.get(f"{member}/mailings", sort="date_sent_desc")
    assert [one["subject"] for one in answer["mailings"]] == ["Deux", "Un"]
    assert (answer["mailings"][0]["opened"], answer["mailings"][0]["openedOn"]) == (False, None)
    assert api.get(member)["mailingsReceived"] == 2
