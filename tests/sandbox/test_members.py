"""POST, GET, PUT, PATCH and DELETE of members (api/README.md 4.1)."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import VendorApi

EMPTY = {
    "firstname": "", "lastname": "", "company": "", "gender": "", "language": "", "postalCode": "", "country": "",
    "note": "", "birthdate": None, "customFields": {}, "mailingsReceived": 0, "mailingsOpened": 0, "mailingsClicked": 0,
}  # fmt: skip
FULL = {
    "firstname": "Maude", "lastname": "Lavoie", "company": "Érablière", "gender": "f", "language": "fr_ca",
    "postalCode": "J4K 2T5", "country": "CA", "note": "Le matin", "birthdate": "1988-06-17",
    "customFields": {"1": "Longueuil", "2": "2025-01-15", "3": 12, "4": 149.95},
}  # fmt: skip


def without(member: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in member.items() if name not in names}


def test_an_address_is_enough_and_makes_a_subscribed_implied_member(api: VendorApi) -> None:
    api.server.control("POST", "clock", mode="frozen", set="2025-10-01T10:14:17.653-04:00")
    made = api.member("Ethan.Brooks@example.com")
    assert without(made, "id") == EMPTY | {
        "email": "Ethan.Brooks@example.com", "joinedOn": "2025-10-01 10:14:17.653", "updatedOn": None,
        "consentType": "implied",
    }  # fmt: skip
    assert api.person("ethan.brooks@example.com")["state"] == "subscribed"


def test_every_attribute_comes_back_as_it_was_given(api: VendorApi) -> None:
    made = api.member("maude.lavoie@example.com", **FULL)
    assert {name: made[name] for name in FULL} == FULL
    assert api.get(f"/members/{made['id']}") == made


def test_a_member_is_found_by_id_and_by_address_in_any_case(api: VendorApi) -> None:
    made = api.member("A.B+c/d@Example.com")
    for path in (f"/members/{made['id']}", api.key("A.B+c/d@Example.com"), api.key("a.b+C/D@example.COM")):
        assert api.get(path) == made


@pytest.mark.parametrize("key", ["0", "999999999999999999999999", "nobody@example.com", "abc", "-1", "1.5", "%00"])
def test_an_unknown_key_is_404(api: VendorApi, key: str) -> None:
    api.get(f"/members/{key}", 404)


def test_an_existing_address_is_refused_in_any_case(api: VendorApi) -> None:
    api.member("one@example.com", firstname="One")
    api.post("/members", 409, email="ONE@example.com", firstname="Two")
    assert api.person("one@example.com")["firstname"] == "One"
    assert len(api.journal(kind="member")) == 1


def test_a_deleted_address_may_come_back_with_a_new_id(api: VendorApi) -> None:
    first = api.member("back@example.com")
    api.delete(f"/members/{first['id']}")
    assert api.member("back@example.com")["id"] > first["id"]


@pytest.mark.parametrize(("groups", "count"), [("{0},{1}", 2), ("{0} , {1}", 2), ("{0}", 1), ("", 0), ("{0},{0}", 1)])
def test_groups_are_a_csv_string(api: VendorApi, groups: str, count: int) -> None:
    ids = [api.group("A"), api.group("B")]
    made = api.member("grouped@example.com", groups=groups.format(*ids))
    assert len(api.get(f"/members/{made['id']}/groups")["groups"]) == count


def test_groups_may_be_one_bare_number(api: VendorApi) -> None:
    group = api.group()
    made = api.member("grouped@example.com", groups=group)
    assert [one["id"] for one in api.get(f"/members/{made['id']}/groups")["groups"]] == [group]


def test_an_unknown_group_refuses_the_whole_request(api: VendorApi) -> None:
    group = api.group()
    refusal = api.post("/members", 422, email="no@example.com", groups=f"{group},999999")
    assert list(refusal["errors"]) == ["groups"]
    assert api.get("/members", status="all")["totalCount"] == 0
    assert api.journal(kind="member") == []


@pytest.mark.parametrize(
    "body",
    [
        {}, {"email": None}, {"email": 5}, {"email": "a@b.ca", "firstname": 5}, {"email": "a@b.ca", "note": None},
        {"email": "a@b.ca", "gender": "x"}, {"email": "a@b.ca", "language": "fr"}, {"email": "a@b.ca", "country": "ca"},
        {"email": "a@b.ca", "birthdate": "1988"}, {"email": "a@b.ca", "groups": [1]}, {"email": "a@b.ca", "groups": "x"},
        {"email": "a@b.ca", "customFields": []}, {"email": "a@b.ca", "customFields": {"a": 1}},
        {"email": "a@b.ca", "customFields": {"1": True}}, {"email": "a@b.ca", "groups": True},
    ],
)  # fmt: skip
def test_a_schema_mismatch_does_not_say_which_field(api: VendorApi, body: dict[str, object]) -> None:
    refusal = api.post("/members", 422, **body)
    assert refusal["message"].startswith("The request you submitted did not match the schema the API was expecting.")
    assert "errors" not in refusal
    assert api.journal(kind="member") == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "nobody"}, "email"), ({"email": "a b@example.com"}, "email"), ({"email": ""}, "email"),
        ({"email": "a@b.ca", "birthdate": "2021-02-30"}, "birthdate"),
        ({"email": "a@b.ca", "customFields": {"9": "x"}}, "customFields.9"),
        ({"email": "a@b.ca", "customFields": {"1": 5}}, "customFields.1"),
        ({"email": "a@b.ca", "customFields": {"2": "2021-13-01"}}, "customFields.2"),
        ({"email": "a@b.ca", "customFields": {"3": 1.5}}, "customFields.3"),
        ({"email": "a@b.ca", "customFields": {"4": "9.95"}}, "customFields.4"),
    ],
)  # fmt: skip
def test_a_wrong_value_names_its_field(api: VendorApi, body: dict[str, object], field: str) -> None:
    assert list(api.post("/members", 422, **body)["errors"]) == [field]


@pytest.mark.parametrize(
    ("data", "kind"),
    [("{", "application/json"), ("[]", "application/json"), ('"x"', "application/json"), ("", "application/json"),
     ('{"email": "a@b.ca"}', "text/plain"), ("email=a@b.ca", "application/x-www-form-urlencoded")],
)  # fmt: skip
def test_bad_json_and_a_wrong_content_type_are_422(api: VendorApi, data: str, kind: str) -> None:
    api.call("POST", "/members", 422, data=data, headers={"Content-Type": kind})


def test_a_charset_in_the_content_type_is_fine(api: VendorApi) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    made = api.call("POST", "/members", 201, data='{"email": "é@example.com"}'.encode(), headers=headers)
    assert made["email"] == "é@example.com"


def test_put_resets_what_is_left_out_and_leaves_groups_alone(api: VendorApi) -> None:
    group = api.group()
    made = api.member("put@example.com", groups=str(group), **FULL)
    put = api.put(f"/members/{made['id']}", email="put@example.com", lastname="Roy")
    assert put["lastname"] == "Roy"
    assert {name: put[name] for name in EMPTY if name != "lastname"} == without(EMPTY, "lastname")
    assert put["joinedOn"] == made["joinedOn"]
    assert put["updatedOn"] is not None
    assert [one["id"] for one in api.get(f"/members/{made['id']}/groups")["groups"]] == [group]


def test_put_without_an_address_is_refused(api: VendorApi) -> None:
    made = api.member("put@example.com", **FULL)
    api.put(f"/members/{made['id']}", 422, lastname="Roy")
    assert api.get(f"/members/{made['id']}") == made


def test_patch_touches_only_what_it_names(api: VendorApi) -> None:
    made = api.member("patch@example.com", **FULL)
    patched = api.patch(f"/members/{made['id']}", company="Ruisseau", customFields={"3": 13})
    custom = {**FULL["customFields"], "3": 13}
    assert patched == made | {"company": "Ruisseau", "customFields": custom, "updatedOn": patched["updatedOn"]}
    assert patched["updatedOn"] is not None


def test_patch_clears_with_empty_values(api: VendorApi) -> None:
    made = api.member("patch@example.com", **FULL)
    patched = api.patch(
        f"/members/{made['id']}", company="", gender="", birthdate=None, customFields={"1": "", "2": None}
    )
    assert (patched["company"], patched["gender"], patched["birthdate"]) == ("", "", None)
    assert patched["customFields"] == {"3": 12, "4": 149.95}


def test_an_empty_patch_is_a_schema_mismatch(api: VendorApi) -> None:
    made = api.member("patch@example.com")
    api.patch(f"/members/{made['id']}", 422)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_groups_in_put_and_patch_replace_the_set(api: VendorApi, method: str) -> None:
    first, second = api.group("A"), api.group("B")
    made = api.member("g@example.com", groups=str(first))
    body = {"email": "g@example.com", "groups": str(second)}
    api.call(method, f"/members/{made['id']}", json=body)
    assert [one["id"] for one in api.get(f"/members/{made['id']}/groups")["groups"]] == [second]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_an_address_in_use_is_409(api: VendorApi, method: str) -> None:
    api.member("taken@example.com")
    made = api.member("mine@example.com")
    api.call(method, f"/members/{made['id']}", 409, json={"email": "Taken@example.com"})
    assert api.get(f"/members/{made['id']}")["email"] == "mine@example.com"


def test_a_new_address_keeps_the_id_and_loses_the_consent(api: VendorApi) -> None:
    made = api.member("old@example.com")
    api.put(f"/members/{made['id']}/consent", relationType="express-consent", consentDate="2024-01-01")
    changed = api.patch(f"/members/{made['id']}", email="new@example.com")
    assert (changed["id"], changed["email"], changed["consentType"]) == (made["id"], "new@example.com", "implied")
    api.get(api.key("old@example.com"), 404)


def test_the_case_of_an_address_can_be_changed_without_losing_the_consent(api: VendorApi) -> None:
    made = api.member("case@example.com")
    api.put(f"/members/{made['id']}/consent", relationType="express-consent")
    changed = api.patch(f"/members/{made['id']}", email="Case@example.com")
    assert (changed["email"], changed["consentType"]) == ("Case@example.com", "express")


def test_delete_answers_the_key_that_was_used(api: VendorApi) -> None:
    group = api.group()
    one, two = api.member("one@example.com", groups=str(group)), api.member("two@example.com")
    assert api.delete(api.key("ONE@example.com")) == {"ONE@example.com": "deleted"}
    assert api.delete(f"/members/{two['id']}") == {str(two["id"]): "deleted"}
    api.delete(f"/members/{two['id']}", 404)
    api.get(f"/members/{one['id']}", 404)
    assert api.get(f"/groups/{group}")["membersCount"] == 0


def test_a_deleted_contact_that_comes_back_has_no_old_consent(api: VendorApi) -> None:
    made = api.member("again@example.com")
    api.put(f"/members/{made['id']}/consent", relationType="express-consent")
    api.delete(f"/members/{made['id']}")
    assert api.member("again@example.com")["consentType"] == "implied"
