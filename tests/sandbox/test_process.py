"""The process: what it prints, what it keeps, how it ends; and the demo data."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.sandbox.conftest import VendorApi
from tests.sandbox_server import ROOT, SandboxServer


@pytest.fixture
def demo(demo_stand_in: SandboxServer) -> Iterator[list[VendorApi]]:
    accounts = enumerate(demo_stand_in.accounts, start=1)
    clients = [VendorApi(demo_stand_in, {"id": number, **account}) for number, account in accounts]
    yield clients
    for client in clients:
        client.session.close()


def test_it_prints_one_line_and_listens_on_loopback_only(stand_in: SandboxServer) -> None:
    assert stand_in.base_url.startswith("http://127.0.0.1:")
    assert stand_in.control_url == f"{stand_in.base_url}/_control"
    port = int(stand_in.base_url.rpartition(":")[2])
    with socket.socket() as probe:
        probe.settimeout(2)
        own = socket.gethostbyname(socket.gethostname())
        if not own.startswith("127."):
            assert probe.connect_ex((own, port)) != 0


def test_data_settings_and_clock_outlive_a_restart(tmp_path: Path) -> None:
    first = SandboxServer(tmp_path / "v.sqlite3", seed="demo")
    api = VendorApi(first, {"id": 3, **first.accounts[2]})
    made = api.member("kept@example.com")
    first.settings(error_body="html", batch_start_seconds=100)
    body = {"batchType": "addMembers", "relationType": "partners", "members": [{"email": "later@example.com"}]}
    number = api.post("/batches", 201, **body)["id"]
    first.control("POST", "clock", mode="frozen", set="2029-01-01T00:00:00+00:00", advance=-86_400)
    first.stop()
    assert first.process.returncode == 0
    started = time.monotonic()
    second = SandboxServer(tmp_path / "v.sqlite3", seed="demo")
    assert time.monotonic() - started < 3
    assert second.accounts == first.accounts
    assert second.control("GET", "clock")["now"] == "2028-12-31T00:00:00.000+00:00"
    again = VendorApi(second, api.account)
    assert again.get(f"/members/{made['id']}") == made
    assert again.get(f"/batches/{number}")["status"] == "COMPLETED"
    assert again.get(again.key("later@example.com"))["consentType"] == "implied"
    assert second.settings()["error_body"] == "html"
    assert second.errors() == ""
    again.session.close()
    api.session.close()
    second.stop()


def test_two_stores_have_different_secrets(tmp_path: Path, demo_stand_in: SandboxServer) -> None:
    other = SandboxServer(tmp_path / "v.sqlite3", seed="demo")
    other.stop()
    mine = {one["token"] for one in demo_stand_in.accounts} | {one["password"] for one in demo_stand_in.accounts}
    theirs = {one["token"] for one in other.accounts} | {one["password"] for one in other.accounts}
    assert mine.isdisjoint(theirs)


def test_without_a_seed_there_is_no_account(tmp_path: Path) -> None:
    server = SandboxServer(tmp_path / "v.sqlite3")
    assert server.accounts == []
    server.stop()


def test_wrong_arguments_are_refused() -> None:
    command = [sys.executable, "-m", "cyberadmin.sandbox", "--seed", "other"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--data" in done.stderr or "--seed" in done.stderr


def test_it_loads_nothing_of_the_product_and_no_django() -> None:
    code = (
        "import sys, json, cyberadmin.sandbox.__main__;"
        "print(json.dumps([n for n in sys.modules if n.startswith(('django', 'cyberadmin', 'celery', 'requests'))]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    loaded = json.loads(done.stdout)
    assert [name for name in loaded if not name.startswith("cyberadmin.sandbox")] in (["cyberadmin"], [])


# -- demo data -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "name", "subscribed", "unsubscribed", "bounced"),
    [(0, "Musée de la Rive-Nord", 2_500, 140, 60), (1, "Festival des Lanternes", 12_000, 640, 260),
     (2, "Coopérative Belle-Rive", 300, 18, 7), (3, "Théâtre du Petit Quai", 800, 45, 20)],
)  # fmt: skip
def test_the_demo_fills_every_list(
    demo: list[VendorApi], number: int, name: str, subscribed: int, unsubscribed: int, bounced: int
) -> None:
    api = demo[number]
    assert api.get("/ping")["account"] == name
    everybody = api.get("/members", status="all", limit=10_000)
    assert everybody["totalCount"] == subscribed
    assert 0 < api.get("/members", status="orphans")["totalCount"] < subscribed / 4
    assert api.get("/members/unsubscribed", limit=1_000)["totalCount"] == unsubscribed
    left = api.get("/members/bounced", limit=1_000)
    assert left["totalCount"] == bounced
    assert any(one["hardBouncedOn"] is None for one in left["members"])
    assert {one["type"] for one in api.get("/customfields")["customFields"]} == {
        "text",
        "date",
        "integer",
        "decimal number",
    }
    groups = api.get("/groups")["groups"]
    assert {(one["isPublic"], one["isDynamic"]) for one in groups} == {(True, False), (False, False), (False, True)}
    assert all(one["membersCount"] for one in groups)
    assert {one["language"] for one in everybody["members"]} == {"fr_ca", "en_ca", ""}
    assert all(one["email"].lower().rpartition("@")[2].endswith(("example.com", "example.org"))
               for one in everybody["members"])  # fmt: skip
    days = [one["joinedOn"][:10] for one in everybody["members"]]
    # Many joined on the day of an opening.
    assert max(Counter(days).values()) > subscribed / 30
    assert len(set(days)) > 100


def test_the_demo_has_mailings_opt_ins_batches_and_consents(demo: list[VendorApi]) -> None:
    api = demo[2]
    members = api.get("/members", limit=300)["members"]
    received = [api.get(f"/members/{one['id']}/mailings")["mailings"] for one in members[:40]]
    assert any(received)
    assert any(one["opened"] for mailings in received for one in mailings)
    relations = {api.get(f"/members/{one['id']}/consent")["relationType"] for one in members[:60]}
    assert len(relations) > 5
    assert len(api.server.control("GET", "optins", account=3)["optins"]) == 3
    finished = api.get("/batches/9006")
    assert finished["status"] == "COMPLETED"


def test_the_demo_is_the_same_everywhere(tmp_path: Path, demo: list[VendorApi]) -> None:
    other = SandboxServer(tmp_path / "v.sqlite3", seed="demo")
    twin = VendorApi(other, other.accounts[3])
    query = {"status": "all", "limit": 1_000}
    assert twin.get("/members", **query) == demo[3].get("/members", **query)
    twin.session.close()
    other.stop()


def test_a_clean_stop_answers_no_more(tmp_path: Path) -> None:
    server = SandboxServer(tmp_path / "v.sqlite3")
    server.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(server.base_url, timeout=2)
