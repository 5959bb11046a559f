"""Scheduling, listing, reading and cancelling mailings (api/README.md 4.7)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import VendorApi
from tests.sandbox.mailing_world import HTML, LATER, NOW, body, crowd, freeze, ids, outcome, schedule, sent_now


def test_a_new_mailing_is_scheduled_and_all_its_counters_are_zero(api: VendorApi) -> None:
    freeze(api)
    group = crowd(api)
    made = api.post("/mailings", 201, **body(group))
    url = made.pop("viewOnlineURL")
    assert url.startswith("https://")
    counters = ("recipientsCount", "emailsSent", "emailsDelivered", "views", "clicks", "sentToFriend",
                "incorrectAddresses", "technicalProblems", "deliveryRate", "clickRate", "viewRate")  # fmt: skip
    assert made == {
        "id": made["id"], "subject": "Nouveautés", "language": "fr_ca", "startedOn": None,
        "scheduledOn": "2025-10-02 09:00:00", "replyTo": api.account["email"], "bodyHtml": HTML, "bodyText": "Bonjour",
        **dict.fromkeys(counters, 0), "status": "scheduled", "mailFrom": api.account["email"],
        "fromName": api.account["name"], "links": [], "recipientGroups": [{"id": group, "title": "Lecteurs"}],
    }  # fmt: skip
    read = api.get(f"/mailings/{made['id']}")
    assert read == made | {"scheduledOn": "2025-10-02 09:00:00.000", "emailsStopped": 0,
                           "mailingStatistics": "detailed", "viewOnlineURL": url}  # fmt: skip


def test_everything_given_is_stored(api: VendorApi) -> None:
    freeze(api)
    api.control("POST", "senders", email="Info@Example.com")
    group = crowd(api, 0)
    made = api.post(
        "/mailings", 201,
        **body(group, language="en_ca", mailFrom="info@example.com", fromName="Nous", replyTo="r@example.com",
               mailingStatistics="anonymized", googleAnalytics=True, googleAnalyticsCampaign="oct",
               updateProfileForm=32, bodyText=None),
    )  # fmt: skip
    names = ("language", "mailFrom", "fromName", "replyTo", "bodyText")
    assert [made[name] for name in names] == ["en_ca", "info@example.com", "Nous", "r@example.com", ""]
    assert api.get(f"/mailings/{made['id']}")["mailingStatistics"] == "anonymized"
    (held,) = api.server.control("GET", "mailings", account=api.account["id"])["mailings"]
    assert held["options"] == {"googleAnalytics": True, "googleAnalyticsCampaign": "oct", "updateProfileForm": 32}


@pytest.mark.parametrize(
    "changes",
    [{"subject": None}, {"subject": ""}, {"subject": 5}, {"language": None}, {"language": "fr"}, {"groups": None},
     {"groups": ""}, {"groups": "1;2"}, {"groups": ["1"]}, {"groups": "999999"}, {"sendAt": None},
     {"sendAt": "2025-10-02"}, {"sendAt": "2025-10-02T09:00:00"}, {"sendAt": "2025-13-02 09:00:00"},
     {"sendAt": "2025-10-02 24:00:00"}, {"sendAt": "0000-10-02 09:00:00"}, {"sendAt": "9999-10-02 09:00:00"},
     {"sendAt": "2025-10-01 07:59:59"}, {"sendAt": "2026-03-08 02:30:00"}, {"bodyHtml": None, "bodyText": None},
     {"bodyHtml": "", "bodyText": ""}, {"bodyHtml": 5}, {"mailFrom": "other@example.com"}, {"mailFrom": 1},
     {"mailingStatistics": "none"}, {"googleAnalytics": "yes"}, {"updateProfileForm": "32"}, {"replyTo": None, "fromName": 4}],
)  # fmt: skip
def test_a_wrong_mailing_is_refused(api: VendorApi, changes: dict[str, Any]) -> None:
    freeze(api)
    group = crowd(api, 0)
    api.post("/mailings", 422, **body(group, **changes))
    assert ids(api, "scheduled") == []
    assert [one for one in api.journal() if one["kind"] == "mailing"] == []


def test_a_mailing_may_go_to_dynamic_groups_and_to_one_bare_number(api: VendorApi) -> None:
    freeze(api)
    dynamic = api.dynamic_group()
    assert api.post("/mailings", 201, **body(0) | {"groups": dynamic})["recipientGroups"][0]["id"] == dynamic
    several = api.post("/mailings", 201, **body(f"{dynamic} , {dynamic},{crowd(api, 0)}"))
    assert len(several["recipientGroups"]) == 2


@pytest.mark.parametrize(
    ("now", "send_at", "expected"),
    [(NOW, "2025-10-02 09:00:00", "2025-10-02T09:00:00-04:00"), (NOW, "2025-12-02 09:00:00", "2025-12-02T09:00:00-05:00"),
     (NOW, "2025-11-02 01:30:00", "2025-11-02T01:30:00-04:00"), (NOW, "2025-10-01 08:00:00", "2025-10-01T08:00:00-04:00")],
)  # fmt: skip
def test_send_at_is_eastern_wall_time(api: VendorApi, now: str, send_at: str, expected: str) -> None:
    freeze(api, now)
    group = crowd(api, 0)
    made = api.call("POST", "/mailings", 201, json=body(group, sendAt=send_at), params={"dateReturnFormat": "ATOM"})
    assert made["scheduledOn"] == expected


# -- cancelling ------------------------------------------------------------------------------------------------


def test_a_scheduled_mailing_can_be_cancelled_and_never_leaves(api: VendorApi) -> None:
    freeze(api)
    mailing = schedule(api, crowd(api))
    assert api.delete(f"/mailings/{mailing}") == {str(mailing): "deleted"}
    api.get(f"/mailings/{mailing}", 404)
    api.delete(f"/mailings/{mailing}", 404)
    api.server.advance(LATER)
    assert ids(api, "sent") == ids(api, "scheduled") == []
    steps = [(one["operation"], one["before"], one["after"]) for one in api.journal(kind="mailing")]
    assert steps == [("createMailing", "absent", "scheduled"), ("deleteMailing", "scheduled", "absent")]


def test_a_mailing_that_started_cannot_be_cancelled(api: VendorApi) -> None:
    freeze(api)
    mailing = schedule(api, crowd(api))
    api.server.advance(25 * 3_600)
    assert api.get(f"/mailings/{mailing}")["status"] == "sending"
    api.delete(f"/mailings/{mailing}", 422)
    api.server.advance(60)
    assert api.get(f"/mailings/{mailing}")["status"] == "sent"
    api.delete(f"/mailings/{mailing}", 422)
    assert ids(api, "sent") == [mailing]


def test_other_accounts_see_nothing(api: VendorApi) -> None:
    mailing = sent_now(api, [crowd(api)])
    other = VendorApi(api.server, api.server.new_account("Autre"))
    with other.session:
        other.get(f"/mailings/{mailing}", 404)
        other.delete(f"/mailings/{mailing}", 404)
        other.get(f"/mailings/{mailing}/recipients", 404)
        assert ids(other, "sent") == []


@pytest.mark.parametrize("path", ["/mailings/x", "/mailings/0", "/mailings/99999999", "/mailings/1/recipients/opened"])
def test_unknown_mailings_are_404(api: VendorApi, path: str) -> None:
    api.get(path, 404)


# -- lists -----------------------------------------------------------------------------------------------------


@pytest.fixture
def shelves(api: VendorApi) -> dict[str, int]:
    """Three sent and three scheduled mailings, to a small and a large group; one more is archived."""
    freeze(api)
    small, large = crowd(api, 1, "Petit"), api.group("Grand")
    for number in range(3):
        api.member(f"g{number}@example.com", groups=str(large))
    made = {"small": small, "large": large}
    for name, subject, group, language in (("b", "beta", small, "fr_ca"), ("a", "Alpha", large, "en_ca"),
                                           ("c", "Gamma", small, "fr_ca")):  # fmt: skip
        made[f"sent {name}"] = sent_now(api, [group], subject=subject, language=language)
        api.server.advance(60)
    for name, group, hour in (("x", large, 11), ("y", small, 10), ("z", small, 12)):
        made[f"plan {name}"] = schedule(api, group, subject=name, sendAt=f"2025-10-03 {hour}:00:00")
    for number in (1, 2):
        made[f"old {number}"] = sent_now(api, [small if number == 1 else large], subject=f"Vieux {number}")
        api.server.advance(60)
    for number in (2, 1):
        api.control("POST", f"mailings/{made[f'old {number}']}/archive")
        api.server.advance(60)
    return made


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("", "bac"), ("date_asc", "bac"), ("date_desc", "cab"), ("subject_asc", "abc"), ("subject_desc", "cba"),
     ("language_asc", "abc"), ("language_desc", "cba"), ("recipients_asc", "bca"), ("recipients_desc", "acb")],
)  # fmt: skip
def test_orders_of_sent_mailings(api: VendorApi, shelves: dict[str, int], sort: str, expected: str) -> None:
    assert ids(api, "sent", sort=sort) == [shelves[f"sent {name}"] for name in expected]


@pytest.mark.parametrize(
    ("sort", "expected"), [("", "xyz"), ("date_asc", "yxz"), ("recipients_desc", "xzy"), ("subject_desc", "zyx")]
)
def test_orders_of_scheduled_mailings(api: VendorApi, shelves: dict[str, int], sort: str, expected: str) -> None:
    assert ids(api, "scheduled", sort=sort) == [shelves[f"plan {name}"] for name in expected]


@pytest.mark.parametrize(
    ("sort", "expected"), [("", "12"), ("date_asc", "21"), ("date_sent_asc", "12"), ("date_sent_desc", "21")]
)
def test_orders_of_archived_mailings(api: VendorApi, shelves: dict[str, int], sort: str, expected: str) -> None:
    assert ids(api, "archived", sort=sort) == [shelves[f"old {name}"] for name in expected]


def test_lists_have_pages_and_a_group_filter(api: VendorApi, shelves: dict[str, int]) -> None:
    answer = api.get("/mailings/sent", limit=2, page=2, sort="date_asc")
    assert [one["id"] for one in answer["mailings"]] == [shelves["sent c"]]
    assert (answer["totalCount"], answer["page"], answer["limit"], answer["sort"]) == (3, 2, 2, "date_asc")
    assert ids(api, "sent", idGroup=shelves["large"]) == [shelves["sent a"]]
    assert ids(api, "scheduled", idGroup=shelves["small"]) == [shelves["plan y"], shelves["plan z"]]
    assert ids(api, "archived", idGroup=shelves["small"]) == [shelves["old 1"]]
    assert ids(api, "sent", idGroup=999_999) == []
    api.get("/mailings/sent", 422, idGroup="x")
    api.get("/mailings/scheduled", 422, sort="date_sent_asc")


def test_items_of_the_lists(api: VendorApi, shelves: dict[str, int]) -> None:
    (plan,) = api.get("/mailings/scheduled", limit=1)["mailings"]
    common = {"language": "fr_ca", "mailFrom": api.account["email"]}
    assert plan == {"id": shelves["plan x"], "subject": "x", "scheduledOn": "2025-10-03 11:00:00.000",
                    "recipientsCount": 3, **common}  # fmt: skip
    (sent,) = api.get("/mailings/sent", limit=1)["mailings"]
    assert sent == {"id": shelves["sent b"], "subject": "beta", "startedOn": "2025-10-01 08:00:00.000",
                    "recipientsCount": 1, **common}  # fmt: skip
    (old,) = api.get("/mailings/archived", limit=1)["mailings"]
    assert old == {"id": shelves["old 1"], "subject": "Vieux 1", "startedOn": "2025-10-01 08:03:00.000",
                   "archivedOn": "2025-10-01 08:06:00.000", "recipientsCount": 1, **common}  # fmt: skip
    assert api.get(f"/mailings/{old['id']}")["status"] == "sent"


def test_the_groups_counter_and_the_members_list_follow(api: VendorApi) -> None:
    group = crowd(api, 2)
    mailing = sent_now(api, [group])
    outcome(api, mailing, "open", "r0")
    assert api.get(f"/groups/{group}")["mailingsCount"] == 1
    for name, opened in (("r0", True), ("r1", False)):
        (item,) = api.get(api.key(f"{name}@example.com") + "/mailings")["mailings"]
        assert (item["id"], item["opened"], item["openedOn"] is not None) == (mailing, opened, opened)
    member = api.get(api.key("r0@example.com"))
    assert (member["mailingsReceived"], member["mailingsOpened"], member["mailingsClicked"]) == (1, 1, 0)
