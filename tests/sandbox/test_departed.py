"""Unsubscribed and bounced members, and who may come back (api/README.md 4.2; 6, rows 9, 16, 17)."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import VendorApi


def test_unsubscribing_takes_out_of_the_list_and_of_every_group(api: VendorApi) -> None:
    group = api.group()
    made = api.member("gone@example.com", groups=str(group), firstname="Léo")
    answer = api.call("POST", f"/members/unsubscribed/{made['id']}")
    assert answer["isNewUnsubscription"] is True
    assert "id" not in answer
    assert "mailingsReceived" not in answer
    assert answer["updatedOn"] is None
    api.get(f"/members/{made['id']}", 404)
    api.get(api.key("gone@example.com"), 404)
    for path in ("groups", "consent", "mailings"):
        api.get(f"/members/{made['id']}/{path}", 404)
    api.patch(f"/members/{made['id']}", 404, firstname="X")
    api.delete(f"/members/{made['id']}", 404)
    assert api.get(f"/groups/{group}")["membersCount"] == 0
    assert api.get("/members", status="all")["totalCount"] == 0
    listed = api.get("/members/unsubscribed")
    assert [one["email"] for one in listed["members"]] == ["gone@example.com"]
    assert "id" not in listed["members"][0]


def test_unsubscribing_twice_says_so_and_keeps_the_first_date(api: VendorApi) -> None:
    made = api.member("gone@example.com")
    api.server.control("POST", "clock", mode="frozen")
    first = api.call("POST", f"/members/unsubscribed/{made['id']}")
    api.server.advance(60)
    for key in (made["id"], "GONE@example.com"):
        again = api.call("POST", f"/members/unsubscribed/{key}")
        assert again == first | {"isNewUnsubscription": False}
    assert len(api.journal(kind="unsubscription")) == 1


def test_one_unsubscribed_member_is_read_by_address_only(api: VendorApi) -> None:
    made = api.member("gone@example.com")
    api.get("/members/unsubscribed/gone@example.com", 404)
    api.call("POST", f"/members/unsubscribed/{made['id']}")
    assert api.get("/members/unsubscribed/GONE@example.com")["email"] == "gone@example.com"
    api.get(f"/members/unsubscribed/{made['id']}", 404)


@pytest.mark.parametrize("key", ["4", "nobody@example.com", "x"])
def test_unsubscribing_an_unknown_key_is_404(api: VendorApi, key: str) -> None:
    api.call("POST", f"/members/unsubscribed/{key}", 404)


def test_post_members_refuses_those_who_left(api: VendorApi) -> None:
    api.member("left@example.com")
    api.member("bounced@example.com")
    api.call("POST", "/members/unsubscribed/left@example.com")
    api.control("POST", "bounce", email="bounced@example.com")
    for email, state in (("LEFT@example.com", "unsubscribed"), ("bounced@example.com", "bounced")):
        api.post("/members", 409, email=email)
        assert api.person(email)["state"] == state


def test_a_hard_bounce_moves_to_the_bounced_list_with_or_without_a_date(api: VendorApi) -> None:
    group = api.group()
    for name in ("dated", "undated"):
        api.member(f"{name}@example.com", groups=str(group))
        api.control("POST", "bounce", email=f"{name}@example.com", dated=name == "dated")
    listed = {one["email"]: one for one in api.get("/members/bounced")["members"]}
    assert listed["dated@example.com"]["hardBouncedOn"] is not None
    assert listed["undated@example.com"]["hardBouncedOn"] is None
    assert "id" not in listed["dated@example.com"]
    api.get(api.key("dated@example.com"), 404)
    assert api.get(f"/groups/{group}")["membersCount"] == 0


def test_a_bounced_member_can_be_unsubscribed(api: VendorApi) -> None:
    api.member("b@example.com")
    api.control("POST", "bounce", email="b@example.com")
    assert api.call("POST", "/members/unsubscribed/b@example.com")["isNewUnsubscription"] is True
    assert api.get("/members/bounced")["totalCount"] == 0


@pytest.mark.parametrize("kind", ["bounced", "unsubscribed"])
def test_lists_come_newest_first_and_filter_by_eastern_days(api: VendorApi, kind: str) -> None:
    verb = "bounce" if kind == "bounced" else "unsubscribe"
    # 03:30 UTC is still the evening before in Quebec.
    for name, moment in (("a", "2025-03-01T12:00:00+00:00"), ("b", "2025-03-03T03:30:00+00:00"),
                         ("c", "2025-03-03T12:00:00+00:00")):  # fmt: skip
        api.server.control("POST", "clock", mode="frozen", set=moment)
        api.member(f"{name}@example.com")
        api.control("POST", verb, email=f"{name}@example.com")

    def names(**query: str) -> str:
        return "".join(one["email"][0] for one in api.get(f"/members/{kind}", **query)["members"])

    assert names() == "cba"
    assert names(sort="email_asc") == "abc"
    assert names(sort="date_asc") == "abc"
    assert names(**{f"{kind}OnFrom": "2025-03-02"}) == "cb"
    assert names(**{f"{kind}OnTo": "2025-03-02"}) == "ba"
    assert names(**{f"{kind}OnFrom": "2025-03-02", f"{kind}OnTo": "2025-03-02"}) == "b"
    assert names(updatedOnFrom="2025-01-01") == ""
    assert names(limit="2", page="2") == "a"
    api.get(f"/members/{kind}", 422, sort="fullname_asc")


def test_a_person_can_come_back_through_a_form(api: VendorApi) -> None:
    group = api.group()
    api.member("back@example.com")
    api.call("POST", "/members/unsubscribed/back@example.com")
    api.control("POST", "resubscribe", email="back@example.com", groups=[group])
    assert api.get(api.key("back@example.com"))["consentType"] == "express"
    assert api.get(f"/groups/{group}")["membersCount"] == 1
    (entry,) = api.journal(kind="resubscription")
    assert (entry["source"], entry["before"], entry["after"]) == ("control", "unsubscribed", "subscribed")
