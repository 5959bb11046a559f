"""The off-boarding in the browser: every step by its page, with the password, in both languages; afterwards the shell."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cyberadmin.accounts.models import Account
from cyberadmin.offboarding import making, services, tasks
from cyberadmin.offboarding.models import OffBoarding, Step, Work
from cyberadmin.offboarding.store import STORE
from cyberadmin.sync.models import Change
from cyberadmin.sync.uploads import UploadError
from tests.accounts.isolation_world import Agency
from tests.offboarding.desk import begin, purge_work, purged, ready_to_purge

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


class Desk:
    """Somebody inside one client's address."""

    def __init__(self, user: User, account: Account, language: str = "en") -> None:
        self.client = Client(headers={"accept-language": language})
        self.client.force_login(user)
        self.base = f"/c/{account.slug}"

    def get(self, page: str) -> Any:
        return self.client.get(f"{self.base}{page}" if page.startswith("/leaving") else page)

    def text(self, page: str) -> str:
        return str(self.get(page).content.decode())

    def send(self, page: str, **data: Any) -> Any:
        return self.client.post(f"{self.base}{page}", {"form_token": str(uuid.uuid4()), **data})


def test_every_step_by_its_page(agency: Agency) -> None:
    account = agency.ours.account
    desk = Desk(agency.administrator, account)
    assert desk.get("/leaving/").headers["Location"].endswith("/leaving/begin/")
    answer = desk.send("/leaving/begin/", why="in house", asked_by="Luce Roy", mandate_ends_on="2026-12-31")
    assert answer.status_code == 302
    shown = desk.text("/leaving/")
    assert all(words in shown for words in ("Luce Roy", "in house", "Make the file", "Look in the Outbox"))
    assert desk.send("/leaving/file/", form="json").status_code == 302
    assert "being made" in desk.text("/leaving/")
    found = services.current(account)
    assert found is not None
    tasks.make(found.works.get().pk)
    assert "Download" in desk.text("/leaving/")
    file = desk.get("/leaving/file/download/")
    assert file.headers["Content-Disposition"].endswith('.zip"')
    assert b"".join(file.streaming_content).startswith(b"PK")
    assert "The token is still in use. Retire it first." in desk.text("/leaving/purge/")
    assert desk.send("/leaving/token/", why="they leave").status_code == 200
    Change.objects.filter(account=account).update(state="cancelled")
    account.credentials.update(secret="")
    assert desk.send("/leaving/token/", why="they leave").status_code == 302
    assert "The token is dead or forgotten." in desk.text("/leaving/")


def test_a_file_stays_until_another_one_is_made_or_the_client_stays(agency: Agency) -> None:
    account = agency.ours.account
    found = begin(agency.administrator, account)
    tasks.make(services.ask_file(agency.administrator, found, "csv").pk)
    first = found.works.get()
    failed = services.ask_file(agency.administrator, found, "csv")
    Work.objects.filter(pk=failed.pk).update(tries=making.TRIES)
    tasks.make(failed.pk)
    desk = Desk(agency.administrator, account)
    shown = desk.text("/leaving/")
    assert "The file could not be made." in shown
    assert first.sha256 in shown
    assert b"".join(desk.get("/leaving/file/download/").streaming_content).startswith(b"PK")
    services.stop(agency.administrator, found, "they stay")
    assert desk.get("/leaving/file/download/").status_code == 404
    with pytest.raises(UploadError):
        STORE.open_plain(account.pk, first.stored_name)


def test_the_purge_asks_for_the_name_and_leads_to_what_is_left(agency: Agency) -> None:
    account = agency.ours.account
    found = ready_to_purge(agency.administrator, account)
    desk = Desk(agency.administrator, account)
    assert "MARKOURS name" in desk.text("/leaving/purge/")
    assert desk.send("/leaving/purge/", name="MARKTHEIRS name", why="over").status_code == 200
    answer = desk.send("/leaving/purge/", name="MARKOURS name", why="over")
    assert answer.headers["Location"].endswith(f"/ended/{account.slug}/")
    assert "being destroyed" in desk.text(f"/ended/{account.slug}/")
    assert desk.get(f"/ended/{account.slug}/status/").json() == {"final": False}
    assert desk.get(f"/ended/{account.slug}/certificate/").status_code == 404
    tasks.purge(purge_work(found).pk)
    assert desk.get(f"/ended/{account.slug}/status/").json() == {"final": True}
    shown = desk.text(f"/ended/{account.slug}/")
    assert "This client has left" in shown
    assert "had everything of this client destroyed" in shown
    assert "MARKOURS name" in desk.text("/ended/")


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Certificate of destruction"), ("fr", "Attestation de destruction")]
)
def test_the_certificate_in_both_languages_whatever_the_page_speaks(agency: Agency, language: str, words: str) -> None:
    account = agency.ours.account
    purged(agency.administrator, account)
    desk = Desk(agency.administrator, account, "fr" if language == "en" else "en")
    page = desk.text(f"/ended/{account.slug}/certificate/")
    assert words in page
    file = desk.get(f"/ended/{account.slug}/certificate/?language={language}")
    assert words in file.content.decode("utf-8-sig")
    assert "MARKOURS name" in file.content.decode("utf-8-sig")
    assert "MARKTHEIRS" not in file.content.decode()


def test_its_old_addresses_lead_administrators_to_the_shell_and_nobody_else(agency: Agency) -> None:
    account = agency.ours.account
    purged(agency.administrator, account)
    admin = Client()
    admin.force_login(agency.administrator)
    for page in ("/", "/contacts/contact/", "/leaving/", "/settings/"):
        answer = admin.get(f"/c/{account.slug}{page}")
        assert answer.headers["Location"] == f"/ended/{account.slug}/"
    for user in (agency.insiders["manage"], agency.outsiders["other"]):
        visitor = Client()
        visitor.force_login(user)
        assert visitor.get(f"/c/{account.slug}/").status_code == visitor.get("/c/no-such-client/").status_code == 404
        for page in (f"/ended/{account.slug}/", f"/ended/{account.slug}/certificate/", "/ended/"):
            assert visitor.get(page).status_code == 403
    shown = admin.get("/").content.decode() + admin.get("/clients/").content.decode()
    assert "MARKOURS" not in shown
    assert admin.get("/ended/no-such-client/").status_code == 404


def test_a_manager_takes_every_step_but_the_purge(agency: Agency) -> None:
    account = agency.ours.account
    begin(agency.insiders["manage"], account)
    desk = Desk(agency.insiders["manage"], account)
    assert desk.get("/leaving/purge/").status_code == 403
    assert desk.send("/leaving/purge/", name="MARKOURS name", why="x").status_code == 403
    assert desk.send("/leaving/file/none/", why="has it").status_code == 302
    assert Step.objects.get(name=Step.Name.EXPORT).by == agency.insiders["manage"]
    assert desk.send("/leaving/changes/discard/", why="they leave").status_code == 302
    assert desk.send("/leaving/changes/hand-over/", why="they leave").status_code == 200
    assert desk.send("/leaving/mailings/keep/", why="they leave").status_code == 302
    assert desk.send("/leaving/stop/", why="they stay").status_code == 302
    assert OffBoarding.objects.get().state == OffBoarding.State.STOPPED
    for role in ("read", "edit", "send"):
        assert Desk(agency.insiders[role], account).get("/leaving/begin/").status_code == 403


def test_the_first_page_tells_of_it(agency: Agency) -> None:
    begin(agency.administrator, agency.ours.account)
    manager = Client()
    manager.force_login(agency.insiders["manage"])
    assert "Off-boarding has begun" in manager.get("/").content.decode()
    reader = Client()
    reader.force_login(agency.insiders["read"])
    assert "Off-boarding has begun" not in reader.get("/").content.decode()
