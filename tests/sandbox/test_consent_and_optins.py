"""Consents (api/README.md 4.4) and opt-in requests (4.3)."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import VendorApi

EXPRESS = ("express-consent", "contest-participants", "purchased-list")
IMPLIED = ("active-clients", "information-request", "business-card", "web-contacts", "mixed-list", "inactive-clients",
           "association-members", "employees", "partners")  # fmt: skip


def test_a_member_made_by_post_has_an_implied_consent_without_relation(api: VendorApi) -> None:
    made = api.member("new@example.com")
    assert api.get(f"/members/{made['id']}/consent") == {
        "consentType": "implied", "relationType": None, "consentDate": made["joinedOn"], "consentExpiration": None,
        "consentProof": "",
    }  # fmt: skip


@pytest.mark.parametrize("relation", EXPRESS + IMPLIED)
def test_type_and_expiration_follow_from_the_relation(api: VendorApi, relation: str) -> None:
    made = api.member("c@example.com")
    consent = api.put(
        f"/members/{made['id']}/consent", relationType=relation, consentDate="2022-01-01", consentProof="Fiche 12"
    )
    expiration = {"information-request": "2022-07-01 00:00:00.000"}.get(relation, "2024-01-01 00:00:00.000")
    assert consent == {
        "consentType": "express" if relation in EXPRESS else "implied", "relationType": relation,
        "consentDate": "2022-01-01 00:00:00.000", "consentExpiration": None if relation in EXPRESS else expiration,
        "consentProof": "Fiche 12",
    }  # fmt: skip
    assert api.get(f"/members/{made['id']}")["consentType"] == consent["consentType"]
    assert api.get(f"/members/{made['id']}")["updatedOn"] is not None


def test_an_expiration_is_cut_to_the_length_of_the_month(api: VendorApi) -> None:
    made = api.member("c@example.com")
    consent = api.put(f"/members/{made['id']}/consent", relationType="information-request", consentDate="2023-08-31")
    assert consent["consentExpiration"] == "2024-02-29 00:00:00.000"


def test_express_consent_cannot_be_replaced_by_an_implied_one(api: VendorApi) -> None:
    made = api.member("c@example.com")
    path = f"/members/{made['id']}/consent"
    kept = api.put(path, relationType="express-consent", consentDate="2022-01-01")
    assert api.put(path, 422, relationType="active-clients")["message"] == "This consent cannot be overridden."
    assert api.get(path) == kept
    assert api.put(path, relationType="contest-participants", consentDate=None)["consentDate"] is None


@pytest.mark.parametrize(
    "body",
    [{}, {"relationType": 3}, {"relationType": "friends"}, {"relationType": "partners", "consentDate": "hier"},
     {"relationType": "partners", "consentDate": "2022-02-30"}, {"relationType": "partners", "consentProof": 5}],
)  # fmt: skip
def test_a_wrong_consent_is_refused(api: VendorApi, body: dict[str, object]) -> None:
    made = api.member("c@example.com")
    api.put(f"/members/{made['id']}/consent", 422, **body)
    assert api.get(f"/members/{made['id']}/consent")["relationType"] is None


def test_an_opt_in_request_stores_nobody_before_the_click(api: VendorApi) -> None:
    answer = api.post("/members/optins", 201, email="lea@example.com", optinConfirmUrl="https://www.example.com/merci")
    assert list(answer.values()) == ["created"]
    assert api.get("/members", status="all")["totalCount"] == 0
    assert api.server.state(api.account["id"], "lea@example.com")["members"] == []


def click(api: VendorApi, **body: object) -> None:
    (number,) = api.post("/members/optins", 201, **body)
    api.control("POST", f"optins/{number}/click")


def test_the_click_adds_the_person_with_an_express_consent(api: VendorApi) -> None:
    group = api.group()
    click(api, email="lea@example.com", firstname="Léa", groups=str(group), customFields={"3": 4})
    member = api.get(api.key("lea@example.com"))
    assert (member["firstname"], member["consentType"], member["customFields"]) == ("Léa", "express", {"3": 4})
    assert api.get(f"/members/{member['id']}/consent")["consentProof"].startswith("Opt-in request")
    assert api.get(f"/groups/{group}")["membersCount"] == 1


def test_the_click_updates_a_known_person(api: VendorApi) -> None:
    made = api.member("lea@example.com", firstname="Lea", lastname="Roy")
    click(api, email="LEA@example.com", firstname="Léa")
    member = api.get(f"/members/{made['id']}")
    assert (member["firstname"], member["lastname"], member["consentType"]) == ("Léa", "Roy", "express")


def test_the_click_is_what_resubscribes(api: VendorApi) -> None:
    api.member("lea@example.com")
    api.call("POST", "/members/unsubscribed/lea@example.com")
    click(api, email="lea@example.com")
    assert api.person("lea@example.com")["state"] == "subscribed"
    (entry,) = api.journal(kind="optin-click")
    assert (entry["source"], entry["before"], entry["after"]) == ("control", "unsubscribed", "subscribed")


@pytest.mark.parametrize(
    "body", [{}, {"email": "x"}, {"email": "a@b.ca", "optinConfirmUrl": "merci"}, {"email": "a@b.ca", "groups": "99"},
             {"email": "a@b.ca", "optinConfirmUrl": None}]
)  # fmt: skip
def test_a_wrong_opt_in_is_refused(api: VendorApi, body: dict[str, object]) -> None:
    api.post("/members/optins", 422, **body)
    assert api.journal(kind="optin") == []


def test_pending_opt_ins_are_shown_to_control_only(api: VendorApi) -> None:
    api.post("/members/optins", 201, email="lea@example.com")
    (pending,) = api.server.control("GET", "optins", account=api.account["id"])["optins"]
    assert (pending["email"], pending["clickedOn"]) == ("lea@example.com", None)
