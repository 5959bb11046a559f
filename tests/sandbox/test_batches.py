"""Batches (api/README.md 4.9; 6, rows 10 to 15)."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import VendorApi

ADD = {"batchType": "addMembers", "relationType": "active-clients"}


def successes(done: dict[str, dict[str, list[object]]]) -> list[object]:
    return done["result"]["successes"]


def errors(done: dict[str, dict[str, list[dict[str, str]]]]) -> dict[str, str]:
    return {one["id"]: one["description"] for one in done["result"]["errors"]}


def test_a_batch_is_new_then_processing_then_completed_on_the_clock(api: VendorApi) -> None:
    api.server.control("POST", "clock", mode="frozen")
    body = {**ADD, "members": [{"email": "a@example.com"}], "anything": ["else"]}
    made = api.post("/batches", 201, **body)
    assert made["batchJson"] == body
    assert (made["status"], made["result"]) == ("NEW", None)
    path = f"/batches/{made['id']}"
    assert api.get(path) == made
    api.server.advance(1)
    assert api.get(path) == made | {"status": "PROCESSING"}
    assert api.get("/members", status="all")["totalCount"] == 0
    api.server.advance(1)
    done = api.get(path)
    assert done["status"] == "COMPLETED"
    assert successes(done) == ["a@example.com"]
    assert api.get("/members", status="all")["totalCount"] == 1


def test_add_members_makes_people_with_the_batchs_consent(api: VendorApi) -> None:
    group = api.group()
    done = api.batch(
        **ADD, defaultConsentDate="2025-09-01", defaultConsentProof="Facturation", groups=[group],
        members=[
            {"email": "a@example.com", "firstname": "Noé", "customFields": {"3": 14}},
            {"email": "b@example.com", "consentDate": "2025-08-21", "consentProof": "Facture 10432"},
        ],
    )  # fmt: skip
    assert successes(done) == ["b@example.com", "a@example.com"]
    first = api.get(api.key("a@example.com"))
    assert (first["firstname"], first["customFields"], first["updatedOn"]) == ("Noé", {"3": 14}, None)
    assert api.get(f"/members/{first['id']}/consent") == {
        "consentType": "implied", "relationType": "active-clients", "consentDate": "2025-09-01 00:00:00.000",
        "consentExpiration": "2027-09-01 00:00:00.000", "consentProof": "Facturation",
    }  # fmt: skip
    second = api.get(api.key("b@example.com") + "/consent")
    assert (second["consentDate"], second["consentProof"]) == ("2025-08-21 00:00:00.000", "Facture 10432")
    assert api.get(f"/groups/{group}")["membersCount"] == 2


def test_empty_keeps_and_the_marker_clears(api: VendorApi) -> None:
    kept = api.group("kept")
    added = api.group("added")
    api.member("a@example.com", firstname="Anna", company="Co", note="Note", birthdate="1990-01-01",
               groups=str(kept), customFields={"1": "x", "3": 4})  # fmt: skip
    api.batch(
        **ADD, groups=[added],
        members=[{"email": "A@example.com", "firstname": "", "company": "__EMPTY__", "birthdate": "__EMPTY__",
                  "lastname": "Roy", "customFields": {"1": "__EMPTY__", "3": "", "4": 9.5}}],
    )  # fmt: skip
    member = api.get(api.key("a@example.com"))
    names = ("firstname", "lastname", "company", "note", "birthdate", "customFields", "email")
    assert [member[name] for name in names] == ["Anna", "Roy", "", "Note", None, {"3": 4, "4": 9.5}, "a@example.com"]
    assert member["updatedOn"] is not None
    assert [one["title"] for one in api.get(f"/members/{member['id']}/groups")["groups"]] == ["kept", "added"]


@pytest.mark.parametrize(
    ("before", "batch", "kept"),
    [(("express-consent", "2020-01-01"), ("active-clients", "2025-01-01"), "express-consent"),
     (("active-clients", "2024-01-01"), ("active-clients", "2025-01-01"), "2025-01-01"),
     (("active-clients", "2025-01-01"), ("active-clients", "2024-01-01"), "2025-01-01"),
     (("active-clients", "2025-01-01"), ("express-consent", "2020-01-01"), "express-consent")],
)  # fmt: skip
def test_the_better_or_longer_consent_is_kept(
    api: VendorApi, before: tuple[str, str], batch: tuple[str, str], kept: str
) -> None:
    api.member("a@example.com")
    path = api.key("a@example.com") + "/consent"
    api.put(path, relationType=before[0], consentDate=before[1])
    api.batch(
        batchType="addMembers", relationType=batch[0], defaultConsentDate=batch[1], members=[{"email": "a@example.com"}]
    )
    consent = api.get(path)
    assert kept in (consent["relationType"], consent["consentDate"][:10])


def test_those_who_left_are_errors_and_stay_away(api: VendorApi) -> None:
    for name in ("gone", "bounced"):
        api.member(f"{name}@example.com")
    api.call("POST", "/members/unsubscribed/gone@example.com")
    api.control("POST", "bounce", email="bounced@example.com")
    done = api.batch(
        **ADD, members=[{"email": "GONE@example.com"}, {"email": "bounced@example.com"}, {"email": "ok@example.com"}]
    )
    assert list(errors(done)) == ["bounced@example.com", "GONE@example.com"]
    assert successes(done) == ["ok@example.com"]
    assert api.person("gone@example.com")["state"] == "unsubscribed"
    assert api.person("bounced@example.com")["state"] == "bounced"
    assert [one["email"] for one in api.journal(source="batch")] == ["ok@example.com"]


def test_a_wrong_row_is_an_error_of_its_own(api: VendorApi) -> None:
    rows = [
        {"email": "nobody"}, {"email": "a@b.ca", "gender": "x"}, {"email": "b@b.ca", "country": "Canada"},
        {"email": "c@b.ca", "birthdate": "demain"}, {"email": "d@b.ca", "customFields": {"3": "x"}},
        {"email": "e@b.ca", "customFields": {"77": "x"}}, {"email": "f@b.ca", "consentDate": "x"}, {"email": "g@b.ca"},
    ]  # fmt: skip
    done = api.batch(**ADD, members=rows)
    assert successes(done) == ["g@b.ca"]
    assert set(errors(done)) == {row["email"] for row in rows[:-1]}
    assert api.get("/members", status="all")["totalCount"] == 1


def test_unsubscribe_mixes_ids_and_addresses_and_keeps_their_type(api: VendorApi) -> None:
    one, two = api.member("one@example.com")["id"], api.member("two@example.com")["id"]
    api.member("three@example.com")
    done = api.batch(batchType="unsubscribe", ids=[one, str(two), "three@example.com", 5, "7", "no@example.com"])
    assert successes(done) == ["three@example.com", str(two), one]
    assert done["result"]["errors"] == [
        {"id": "no@example.com", "description": "Members with ids no@example.com do not exists"},
        {"id": "7", "description": "Members with ids 7 do not exists"},
        {"id": 5, "description": "Members with ids 5 do not exists"},
    ]
    assert api.get("/members/unsubscribed")["totalCount"] == 3


def test_delete_members(api: VendorApi) -> None:
    one = api.member("one@example.com")["id"]
    api.member("gone@example.com")
    api.call("POST", "/members/unsubscribed/gone@example.com")
    done = api.batch(batchType="deleteMembers", ids=[one, "gone@example.com"])
    assert successes(done) == [one]
    assert list(errors(done)) == ["gone@example.com"]
    assert api.person("gone@example.com")["state"] == "unsubscribed"


def test_details_only_when_asked_for(api: VendorApi) -> None:
    number = api.batch(batchType="unsubscribe", ids=[5])["id"]
    for value, shown in (("1", True), ("true", True), ("0", False), ("", False)):
        (error,) = api.get(f"/batches/{number}", showErrorDetails=value)["result"]["errors"]
        assert ("details" in error) is shown
    api.get(f"/batches/{number}", 422, showErrorDetails="maybe")
    api.get("/batches/1", 404)


@pytest.mark.parametrize(
    "body",
    [
        {}, {"batchType": "other", "ids": []}, {"batchType": "unsubscribe"}, {"batchType": "unsubscribe", "ids": [1.5]},
        {"batchType": "unsubscribe", "ids": [None]}, {"batchType": "addMembers", "members": []}, {**ADD},
        {**ADD, "relationType": 3, "members": []}, {**ADD, "members": [{}]}, {**ADD, "members": [{"email": 5}]},
        {**ADD, "members": [{"email": "a@b.ca", "firstname": 5}]}, {**ADD, "members": [], "groups": "5"},
        {**ADD, "members": [], "groups": [999_999]}, {**ADD, "members": [], "defaultConsentProof": "x" * 256},
        {**ADD, "members": [], "defaultConsentDate": "x"}, {**ADD, "members": [{"email": "a@b.ca", "customFields": {"x": 1}}]},
    ],
)  # fmt: skip
def test_a_wrong_batch_is_refused_whole(api: VendorApi, body: dict[str, object]) -> None:
    api.post("/batches", 422, **body)
    assert api.journal(kind="batch") == []


def test_batches_are_carried_out_in_order(api: VendorApi) -> None:
    api.post("/batches", 201, **ADD, members=[{"email": "a@example.com", "company": "first"}])
    api.post("/batches", 201, **ADD, members=[{"email": "a@example.com", "company": "second"}])
    api.server.advance(10)
    assert api.get(api.key("a@example.com"))["company"] == "second"


def test_a_batch_of_thousands_is_no_strain(api: VendorApi) -> None:
    members = [{"email": f"p{number}@example.com", "firstname": "P"} for number in range(5_000)]
    assert len(successes(api.batch(**ADD, members=members))) == 5_000
    assert api.get("/members", status="all", limit=1)["totalCount"] == 5_000
