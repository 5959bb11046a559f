"""Control routes of mailings, mailings made in bulk, the demo's mailings, and a store of before mailings."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import requests

from tests.sandbox.conftest import VendorApi
from tests.sandbox.mailing_world import LATER, crowd, emails, freeze, ids, outcome, schedule, sent_now
from tests.sandbox_server import SandboxServer


def refused(api: VendorApi, status: int, method: str, path: str, **body: object) -> None:
    url = f"{api.server.control_url}/{path}"
    answer = requests.request(method, url, json={"account": api.account["id"], **body}, timeout=10)
    assert (answer.status_code, bool(answer.json()["message"])) == (status, True)


def test_a_mailing_being_sent_is_stopped(api: VendorApi) -> None:
    freeze(api)
    api.server.settings(mailing_run_seconds=100, mailing_outcomes="plausible")
    mailing = schedule(api, crowd(api, 4))
    api.server.advance(25 * 3_600 + 50)
    api.control("POST", f"mailings/{mailing}/stop")
    api.server.advance(9 * 86_400)
    shown = api.get(f"/mailings/{mailing}")
    names = ("status", "recipientsCount", "emailsSent", "emailsStopped")
    assert [shown[name] for name in names] == ["stopped", 4, 2, 2]
    stopped = set(emails(api, mailing, "stopped"))
    assert len(stopped) == 2
    assert not stopped & set(emails(api, mailing, "opened"))
    assert [api.get(api.key(f"{name}@example.com"))["mailingsReceived"] for name in stopped] == [0, 0]
    assert [one["after"] for one in api.journal(kind="mailing")] == ["scheduled", "sending", "stopped"]
    refused(api, 409, "POST", f"mailings/{mailing}/stop")


def test_a_scheduled_mailing_stopped_after_some(api: VendorApi) -> None:
    freeze(api)
    api.server.settings(mailing_outcomes="none")
    mailing = schedule(api, crowd(api, 5))
    assert api.control("POST", f"mailings/{mailing}/stop", sent=2) == {
        "id": mailing, "status": "stopped", "recipientsCount": 5
    }  # fmt: skip
    assert emails(api, mailing, "delivered", sort="email_asc") == ["r0", "r1"]
    assert ids(api, "sent") == [mailing]


def test_scheduled_and_cancelled_in_the_application(api: VendorApi) -> None:
    freeze(api)
    group = crowd(api, 2)
    moment = "2025-10-02T09:00:00"
    fields = {"bodyHtml": "<p>x</p>", "fromName": "Nous", "outcomes": False}
    kept = api.control("POST", "mailings", subject="A", groups=[group], scheduledOn=moment, **fields)["id"]
    gone = api.control("POST", "mailings", subject="B", groups=[group], scheduledOn=moment)["id"]
    api.control("DELETE", "mailings", id=gone)
    shown = api.get(f"/mailings/{kept}")
    assert (shown["fromName"], shown["scheduledOn"], shown["status"]) == (
        "Nous",
        "2025-10-02 09:00:00.000",
        "scheduled",
    )
    api.server.advance(LATER)
    assert ids(api, "sent") == [kept]
    held = api.server.control("GET", "mailings", account=api.account["id"])["mailings"]
    assert [(one["id"], one["state"], one["groups"], one["recipientsCount"]) for one in held] == [
        (kept, "sent", [group], 2)
    ]
    refused(api, 409, "DELETE", "mailings", id=kept)
    refused(api, 422, "POST", "mailings", subject="C", groups=[999_999])


def test_only_a_mailing_that_was_sent_is_archived(api: VendorApi) -> None:
    freeze(api)
    group = crowd(api, 1)
    refused(api, 409, "POST", f"mailings/{schedule(api, group)}/archive")
    mailing = sent_now(api, [group])
    api.control("POST", f"mailings/{mailing}/archive")
    assert (ids(api, "sent"), ids(api, "archived")) == ([], [mailing])


def test_outcomes_need_a_recipient_a_kind_and_a_link(api: VendorApi) -> None:
    group = crowd(api, 1)
    mailing = sent_now(api, [group])
    api.member("other@example.com")
    path = f"mailings/{mailing}/outcome"
    refused(api, 409, "POST", path, kind="open", email="other@example.com")
    refused(api, 404, "POST", path, kind="open", email="nobody@example.com")
    refused(api, 400, "POST", path, kind="reply", email="r0@example.com")
    refused(api, 400, "POST", path, kind="click", email="r0@example.com", url="https://nope.example.org/")
    outcome(api, mailing, "click", "r0", url="https://www.example.org/b?x=1")
    outcome(api, mailing, "forward", "r0")
    shown = api.get(f"/mailings/{mailing}")
    assert ([one["clicksTotal"] for one in shown["links"]], shown["sentToFriend"]) == ([0, 1], 1)
    assert [one["ids"][0] for one in api.journal(kind="outcome")] == [mailing, mailing]


def test_senders_are_validated_and_removed(api: VendorApi) -> None:
    api.control("POST", "senders", email="info@example.com")
    listed = api.server.control("GET", "senders", account=api.account["id"])["senders"]
    assert listed == [api.account["email"], "info@example.com"]
    assert api.control("DELETE", "senders", email="INFO@example.com") == {"removed": 1}
    refused(api, 422, "POST", "senders", email="nope")


def test_many_mailings_and_recipients_are_made_fast_and_the_same(api: VendorApi) -> None:
    api.server.control("POST", "clock", mode="frozen", set="2026-01-01")
    group = api.group()
    api.control("POST", "generate", members=2_000, groups=[group], prefix="bulk")
    made = api.control("POST", "generate/mailings", mailings=300, recipients=200, groups=[group], seed=5)
    assert (made["recipients"], made["last_id"] - made["first_id"]) == (60_000, 299)
    assert api.get("/mailings/sent", limit=100, page=3)["totalCount"] == 300
    middle = made["first_id"] + 150
    shown = api.get(f"/mailings/{middle}")
    assert (shown["status"], shown["recipientsCount"]) == ("sent", 200)
    assert 50 < shown["views"] < 140
    assert 5 < shown["clicks"] < shown["views"]
    assert sum(one["clicksUnique"] for one in shown["links"]) == shown["clicks"]
    assert len(emails(api, middle, "opened", limit=500)) == shown["views"]
    assert len(emails(api, middle, idGroup=group, limit=500)) == 200
    member = api.get(f"/mailings/{middle}/recipients", limit=1)["recipients"][0]["idMember"]
    assert middle in [one["id"] for one in api.get(f"/members/{member}/mailings", limit=500)["mailings"]]


# -- demo and older stores -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(4))
def test_every_demo_account_has_mailings_of_each_kind_and_templates(demo_stand_in: SandboxServer, number: int) -> None:
    api = VendorApi(demo_stand_in, demo_stand_in.accounts[number])
    with api.session:
        scheduled = api.get("/mailings/scheduled")["mailings"]
        sent, archived = ids(api, "sent"), ids(api, "archived")
        assert (len(scheduled), len(archived)) == (2, 1)
        assert len(sent) >= 3
        details = [api.get(f"/mailings/{one}") for one in (*sent, *archived)]
        assert {one["status"] for one in details} == {"sent", "stopped"}
        assert {one["language"] for one in (*scheduled, *details)} == {"fr_ca", "en_ca"}
        assert all(one["views"] > one["clicks"] > 0 for one in details)
        assert any(one["incorrectAddresses"] for one in details)
        assert all("<table" in one["bodyHtml"] and one["fromName"] in one["bodyText"] for one in details)
        assert any(emails(api, one["id"], "unsubscribed") for one in details)
        templates = api.get("/templates")["templates"]
        assert len(templates) >= 2
        assert "<table" in api.get(f"/templates/{templates[0]['id']}")["bodyHtml"]
        assert len(api.server.control("GET", "senders", account=number + 1)["senders"]) == 2


def test_a_store_of_before_mailings_keeps_working(tmp_path: Path) -> None:
    path = tmp_path / "vendor.sqlite3"
    server = SandboxServer(path)
    api = VendorApi(server, server.new_account("Ancien"))
    group = api.group()
    member = api.member("a@example.com", groups=str(group))["id"]
    server.stop()
    make_old(path, api.account["id"], group, member)
    server = SandboxServer(path)
    again = VendorApi(server, server.accounts[0])
    shown = again.get("/mailings/31301")
    assert (shown["status"], shown["views"], shown["bodyHtml"], shown["mailFrom"]) == ("sent", 1, "", "")
    assert emails(again, 31_301, idGroup=group) == ["a"]
    assert again.get(f"/members/{member}/mailings")["mailings"][0]["opened"] is True
    assert ids(again, "scheduled") == [31_302]
    assert again.post("/templates", 201, title="A", bodyText="x")["id"] == 1_801
    server.control("POST", "clock", mode="frozen", set="2031-01-01")
    assert ids(again, "sent") == [31_301, 31_302]
    server.stop()
    for one in (api, again):
        one.session.close()


def make_old(path: Path, account: int, group: int, member: int) -> None:
    """Put a file into the state of the version without mailings: one sent, one scheduled in the far future."""
    conn = sqlite3.connect(path)
    new = ("senders", "mailing_bodies", "mailing_links", "mailing_clicks", "recipients", "mailing_events", "templates",
           "mailings", "mailing_groups")  # fmt: skip
    conn.executescript("".join(f"DROP TABLE {name};" for name in new))
    conn.executescript(
        f"""
        ALTER TABLE accounts DROP COLUMN timezone;
        CREATE TABLE mailings (
            id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL, subject TEXT NOT NULL,
            language TEXT NOT NULL, scheduled_on INTEGER NOT NULL, started_on INTEGER);
        CREATE TABLE mailing_groups (
            group_id INTEGER NOT NULL, mailing_id INTEGER NOT NULL, PRIMARY KEY (group_id, mailing_id)) WITHOUT ROWID;
        CREATE TABLE deliveries (
            member_id INTEGER NOT NULL, mailing_id INTEGER NOT NULL, sent_on INTEGER, opened_on INTEGER,
            PRIMARY KEY (member_id, mailing_id)) WITHOUT ROWID;
        INSERT INTO mailings VALUES (31301, {account}, 'Un', 'fr_ca', 1750000000000, 1750000004517),
            (31302, {account}, 'Deux', 'fr_ca', 1900000000000, NULL);
        INSERT INTO mailing_groups VALUES ({group}, 31301), ({group}, 31302);
        INSERT INTO deliveries VALUES ({member}, 31301, 1750000060000, 1750000090000);
        DELETE FROM sqlite_sequence WHERE name IN ('mailing_links', 'templates');
        """
    )
    conn.close()
