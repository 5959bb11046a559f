"""What nobody knows about mailings, each way (api/README.md 6, rows 29 to 35; engine.md 6), and their faults."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.conftest import VendorApi, choose
from tests.sandbox.mailing_world import (
    HTML,
    LATER,
    SEND_AT,
    body,
    crowd,
    emails,
    freeze,
    ids,
    outcome,
    schedule,
    sent_now,
)


def scheduled_on(api: VendorApi, **changes: Any) -> str:
    given = body(api.group(), **changes)
    made = api.call("POST", "/mailings", 201, json=given, params={"dateReturnFormat": "ATOM"})
    return str(made["scheduledOn"])


def test_send_at_zone(api: VendorApi) -> None:
    freeze(api)
    api.server.control("PATCH", api.server.account_path(api.account["id"]), timezone="America/Vancouver")
    assert scheduled_on(api) == "2025-10-02T09:00:00-04:00"
    choose(api, send_at_zone="account")
    assert scheduled_on(api) == "2025-10-02T12:00:00-04:00"
    path = f"{api.server.control_url}/{api.server.account_path(api.account['id'])}"
    assert requests.patch(path, json={"timezone": "Mars/Olympus"}, timeout=10).status_code == 400


def test_send_at_gap_and_fold(api: VendorApi) -> None:
    freeze(api)
    choose(api, send_at_gap="shift", send_at_fold="second")
    assert scheduled_on(api, sendAt="2026-03-08 02:30:00") == "2026-03-08T03:30:00-04:00"
    assert scheduled_on(api, sendAt="2025-11-02 01:30:00") == "2025-11-02T01:30:00-05:00"
    assert scheduled_on(api) == "2025-10-02T09:00:00-04:00"


def test_send_at_seconds_and_past(api: VendorApi) -> None:
    freeze(api)
    choose(api, send_at_seconds="dropped", send_at_past="send_now", mailing_outcomes="none")
    assert scheduled_on(api, sendAt="2025-10-02 09:00:59") == "2025-10-02T09:00:00-04:00"
    mailing = schedule(api, crowd(api, 1), sendAt="2020-01-01 00:00:00")
    assert api.get(f"/mailings/{mailing}")["status"] == "sending"


def test_unvalidated_sender_accept(api: VendorApi) -> None:
    freeze(api)
    choose(api, unvalidated_sender="accept")
    assert api.get(f"/mailings/{schedule(api, api.group(), mailFrom='x@example.com')}")["mailFrom"] == "x@example.com"


def test_sender_defaults(api: VendorApi) -> None:
    freeze(api)
    choose(api, sender_defaults="empty")
    shown = api.get(f"/mailings/{schedule(api, api.group())}")
    assert (shown["mailFrom"], shown["fromName"], shown["replyTo"]) == ("", "", "")
    choose(api, sender_defaults="refuse")
    email = api.account["email"]
    full = {"mailFrom": email, "fromName": "Nous", "replyTo": email}
    for name in full:
        answer = api.post("/mailings", 422, **body(api.group(), **{**full, name: None}))
        assert list(answer["errors"]) == [name]
    schedule(api, api.group(), **full)


def test_statuses(api: VendorApi) -> None:
    freeze(api)
    choose(api, status_sending="scheduled", status_stopped="sent", status_archived="archived", mailing_outcomes="none")
    group = crowd(api, 3)
    sending, stopped, archived = (
        schedule(api, group),
        schedule(api, group, sendAt="2025-10-03 09:00:00"),
        sent_now(api, [group]),
    )
    api.control("POST", f"mailings/{stopped}/stop", sent=1)
    api.control("POST", f"mailings/{archived}/archive")
    api.server.advance(25 * 3_600)
    assert [api.get(f"/mailings/{one}")["status"] for one in (sending, stopped, archived)] == [
        "scheduled", "sent", "archived"
    ]  # fmt: skip


@pytest.mark.parametrize(("choice", "sent", "scheduled"), [("sent", 1, 0), ("scheduled", 0, 1), ("none", 0, 0)])
def test_list_sending(api: VendorApi, choice: str, sent: int, scheduled: int) -> None:
    freeze(api)
    choose(api, list_sending=choice, mailing_outcomes="none")
    schedule(api, crowd(api, 3))
    api.server.advance(25 * 3_600)
    assert (len(ids(api, "sent")), len(ids(api, "scheduled"))) == (sent, scheduled)
    assert all(one["recipientsCount"] == 3 for one in api.get("/mailings/scheduled")["mailings"])
    api.server.advance(60)
    assert (len(ids(api, "sent")), len(ids(api, "scheduled"))) == (1, 0)


def test_click_rate_of_views(api: VendorApi) -> None:
    mailing = sent_now(api, [crowd(api, 4)])
    outcome(api, mailing, "open", "r0", "r1")
    outcome(api, mailing, "click", "r0")
    assert api.get(f"/mailings/{mailing}")["clickRate"] == 0.25
    choose(api, click_rate_of="views")
    assert api.get(f"/mailings/{mailing}")["clickRate"] == 0.5


@pytest.mark.parametrize("status", [409, 403, 404])
def test_delete_started_status(api: VendorApi, status: int) -> None:
    choose(api, delete_started_status=status)
    api.delete(f"/mailings/{sent_now(api, [crowd(api, 1)])}", status)


def test_deleted_mailing_sent(api: VendorApi) -> None:
    freeze(api)
    choose(api, deleted_mailing_sent=True, mailing_outcomes="none")
    mailing = schedule(api, crowd(api, 2))
    api.delete(f"/mailings/{mailing}")
    api.get(f"/mailings/{mailing}", 404)
    assert ids(api, "scheduled") == []
    api.server.advance(LATER)
    assert ids(api, "sent") == [mailing]
    assert len(emails(api, mailing)) == 2


def test_anonymized_recipients(api: VendorApi) -> None:
    mailing = sent_now(api, [crowd(api, 2)], mailingStatistics="anonymized")
    outcome(api, mailing, "open", "r0")
    choose(api, anonymized_recipients="shown")
    assert emails(api, mailing, "opened") == ["r0"]
    choose(api, anonymized_recipients="422")
    api.get(f"/mailings/{mailing}/recipients/clicked", 422)
    assert len(emails(api, mailing)) == 2


@pytest.mark.parametrize(
    ("setting", "names", "others"),
    [("mailing_body", ("bodyHtml", "bodyText"), {"empty": ["", ""]}), ("mailing_groups", ("recipientGroups",), {"empty": [[]]}),
     ("mailing_send_at", ("scheduledOn",), {"null": [None]})],
)  # fmt: skip
def test_what_the_detail_keeps_back(
    api: VendorApi, setting: str, names: tuple[str, ...], others: dict[str, list[object]]
) -> None:
    freeze(api)
    mailing = schedule(api, api.group())
    for choice, expected in others.items():
        choose(api, **{setting: choice})
        shown = api.get(f"/mailings/{mailing}")
        assert [shown[name] for name in names] == expected
    choose(api, **{setting: "absent"})
    assert not set(names) & set(api.raw("GET", f"/mailings/{mailing}").json())


def test_html_comments_stripped(api: VendorApi) -> None:
    freeze(api)
    mailing = schedule(api, api.group())
    assert api.get(f"/mailings/{mailing}")["bodyHtml"] == HTML
    choose(api, html_comments="stripped")
    assert api.get(f"/mailings/{mailing}")["bodyHtml"] == HTML.removeprefix("<!-- ca:1 -->")


def test_mailing_start_seconds_makes_every_mailing_late(api: VendorApi) -> None:
    freeze(api)
    choose(api, mailing_start_seconds=600, mailing_outcomes="none")
    mailing = schedule(api, crowd(api, 1))
    api.server.advance(25 * 3_600 + 599)
    assert api.get(f"/mailings/{mailing}")["status"] == "scheduled"
    api.server.advance(60)
    assert api.get(f"/mailings/{mailing}")["startedOn"] == "2025-10-02 09:10:00.000"


# -- faults (engine.md 3, 47 to 50) ----------------------------------------------------------------------------


def test_a_mailing_doubled_by_the_vendor(api: VendorApi) -> None:
    freeze(api)
    api.fault("apply_twice", method="POST", path="/mailings", times=1)
    first = schedule(api, crowd(api, 1))
    second = next(one for one in ids(api, "scheduled") if one != first)
    details = [api.get(f"/mailings/{one}") for one in (first, second)]
    for one in details:
        del one["id"], one["viewOnlineURL"]
    assert details[0] == details[1]
    api.delete(f"/mailings/{second}")
    api.server.advance(LATER)
    assert ids(api, "sent") == [first]


@pytest.mark.parametrize(("action", "made"), [("drop_before", 0), ("drop_after", 1)])
def test_a_mailing_in_doubt(api: VendorApi, action: str, made: int) -> None:
    freeze(api)
    group = crowd(api, 1)
    api.fault(action, method="POST", path="/mailings", times=1)
    with pytest.raises(requests.ConnectionError):
        api.raw("POST", "/mailings", json=body(group))
    assert len(ids(api, "scheduled")) == made
    assert len(api.journal(operation="createMailing")) == made


def test_a_list_that_lags_hides_a_new_mailing(api: VendorApi) -> None:
    freeze(api)
    group = crowd(api, 1)
    choose(api, stale_read_seconds=90, stale_read_scope="lists")
    mailing = schedule(api, group)
    assert ids(api, "scheduled") == []
    assert api.get(f"/mailings/{mailing}")["status"] == "scheduled"
    api.server.advance(91)
    assert ids(api, "scheduled") == [mailing]


def test_late_mailing(api: VendorApi) -> None:
    """One mailing starts later than planned, and nothing says so."""
    freeze(api)
    choose(api, mailing_outcomes="none")
    group = crowd(api, 1)
    api.fault("late_mailing", method="POST", path="/mailings", times=1, seconds=7_200)
    late, punctual = schedule(api, group), schedule(api, group)
    api.server.advance(LATER)
    shown = api.get(f"/mailings/{late}")
    assert (shown["status"], shown["scheduledOn"]) == ("scheduled", f"{SEND_AT}.000")
    assert ids(api, "sent") == [punctual]
    api.server.advance(7_200)
    assert ids(api, "sent") == [late, punctual]


@pytest.mark.parametrize("action", ["short_page", "empty_list", "duplicate_ids"])
def test_lists_of_recipients_can_lie(api: VendorApi, action: str) -> None:
    mailing = sent_now(api, [crowd(api, 3)])
    api.fault(action, path="/mailings/{id}/recipients", times=1)
    told = [one["email"] for one in api.raw("GET", f"/mailings/{mailing}/recipients").json()["recipients"]]
    assert len(set(told)) < 3
    assert len(emails(api, mailing)) == 3
