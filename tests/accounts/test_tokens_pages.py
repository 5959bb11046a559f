"""Pages of taking on and of custody: each step can be left, each list shows only what one manages, no page a secret."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from django.utils.translation import gettext

from campaigns.models import Mailing
from cyberadmin.accounts import services, tokens
from cyberadmin.accounts.models import Account, AuditEvent, Credential, Sender
from cyberadmin.console.letters import api_letter
from cyberadmin.console.register import SHOWN, SORTED
from cyberadmin.console.steps import alike, learned_senders, steps, unfinished
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import PullRun
from tests.accounts.isolation_world import Agency, build
from tests.console.conftest import Visitor
from tests.console.test_clients import jwt, typed
from tests.world import give, give_token, make_account, make_user

pytestmark = pytest.mark.django_db
State = Credential.State


@pytest.fixture(scope="module", autouse=True)
def _catalogues() -> None:
    call_command("compile_catalogues", verbosity=0)


@pytest.fixture
def agency(settings: Any) -> Agency:
    settings.CYBERIMPACT_SANDBOX_URL = "http://127.0.0.1:9"
    return build()


@pytest.fixture
def administrator(agency: Agency) -> Visitor:
    return Visitor(agency.administrator, "")


def form(**values: Any) -> dict[str, Any]:
    return {"form_token": str(uuid.uuid4()), **values}


# --- taking on ---
def test_a_client_without_a_token_waits_for_the_api_and_stays_on_home(administrator: Visitor) -> None:
    response = administrator.send("/connect/", typed(token="", expected_name="Théâtre X", mandate_reference="D-12"))
    assert response.headers["Location"] == "/c/new-client/api/"
    account = Account.objects.get(slug="new-client")
    assert (account.state, account.mandate_reference) == (Account.State.SETUP, "D-12")
    assert [step.state for step in steps_of(administrator)] == ["done", "now", "todo", "todo", "todo", "todo"]

    said = administrator.send("/c/new-client/api/", form(expected_name=" Théâtre  du X "), follow=True)
    text = said.content.decode()
    account.refresh_from_db()
    assert (account.state, account.expected_name) == (Account.State.WAITING, "Théâtre du X")
    assert account.letter_made_at is not None
    assert "technical or billing contact of the Cyberimpact account “Théâtre du X”" in text
    assert "contact technique ou de facturation du compte Cyberimpact «\u00a0Théâtre du X\u00a0»" in text
    home = administrator.get("/clients/").content.decode()
    assert "waiting for the API" in home
    assert "letter made on" in home
    assert administrator.get("/c/new-client/").headers["Location"] == "/c/new-client/start/"
    assert "The letter was made on" in administrator.get("/c/new-client/start/").content.decode()

    administrator.send("/c/new-client/token/", form(kind="token", token=jwt(3), username="", why=""))
    account.refresh_from_db()
    assert account.state == Account.State.PROVING
    assert AuditEvent.objects.filter(account=account, action="letter.made").exists()


def steps_of(visitor: Visitor) -> Any:
    return visitor.get("/c/new-client/start/").context["steps"]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_letter_is_a_text_file_in_both_languages_whatever_the_page_speaks(agency: Agency, language: str) -> None:
    visitor = Visitor(agency.administrator, f"/c/{agency.ours.account.slug}", "en" if language == "fr" else "fr")
    response = visitor.at("/api/letter/", {"language": language})
    text = response.content.decode("utf-8-sig")
    assert "attachment" in response.headers["Content-Disposition"]
    assert text.replace("\r\n", "\n") == api_letter(agency.ours.account, language).text
    assert ("Plus et Pro" if language == "fr" else "Plus and Pro") in text
    assert agency.ours.account.name in text


def test_the_steps_are_read_from_what_is_there_and_can_be_called_finished(agency: Agency) -> None:
    account, user = make_account(), agency.administrator
    states = [step.state for step in steps(account)]
    assert states == ["done", "done", "done", "done", "now", "todo"]
    PullRun.objects.create(account=account, scope="full", state="complete", started_at=timezone.now())
    assert [step.state for step in steps(account)][-2:] == ["done", "now"]
    services.add_sender(user, account, "Info@Example.com")
    assert unfinished(account) == []
    Sender.objects.filter(account=account).delete()
    services.finish(user, account)
    account.refresh_from_db()
    assert unfinished(account) == []


def test_senders_are_typed_in_or_learned(agency: Agency) -> None:
    account = agency.ours.account
    visitor = Visitor(agency.insiders["manage"], f"/c/{account.slug}")
    visitor.send("/senders/", form(address="New@Example.com"))
    visitor.send("/senders/", form(address="new@example.com"))
    assert account.senders.filter(address__iexact="new@example.com").count() == 1
    with writing():
        Mailing.objects.filter(account=account).update(mail_from="Learned@Example.com")
    assert [one.address for one in learned_senders(account)] == ["learned@example.com"]
    page = visitor.at("/senders/").content.decode()
    assert "learned@example.com" in page
    assert agency.theirs.marker not in page
    row = account.senders.get(address__iexact="new@example.com")
    visitor.send(f"/accounts/sender/{row.pk}/remove/", form())
    assert not account.senders.filter(pk=row.pk).exists()
    assert visitor.at(f"/accounts/sender/{agency.theirs.pks['sender']}/remove/").status_code == 404


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("Théâtre du Quai", "THEATRE DU QUAI!", True), ("Quai", "Quais", False), ("", "", False), ("—", "…", False)],
)
def test_names_are_compared_by_their_letters(one: str, other: str, same: bool) -> None:
    assert alike(one, other) is same


# --- the register ---
def test_the_register_shows_what_one_manages_and_nothing_else(agency: Agency) -> None:
    manager = agency.insiders["manage"]
    page = Visitor(manager, "").get("/register/?show=all")
    assert page.status_code == 200
    assert agency.ours.marker in page.content.decode()
    assert agency.theirs.marker not in page.content.decode()
    assert {row.account for row, _url in page.context["rows"]} == {agency.ours.account}
    both = Visitor(agency.administrator, "").get("/register/?show=all").context["rows"]
    assert {row.account for row, _url in both} == {agency.ours.account, agency.theirs.account}
    for role in ("read", "edit", "send"):
        assert Visitor(agency.insiders[role], "").get("/register/").status_code == 403
    assert Visitor(agency.outsiders["none"], "").get("/register/").status_code == 403
    assert Visitor(manager, "").get(f"/c/{agency.ours.account.slug}/register/").status_code == 404
    foreign = Visitor(manager, "").get("/register/", {"show": "all", "by": "999999", "q": agency.theirs.marker})
    assert foreign.context["rows"] == []


def test_a_leavers_name_is_offered_only_where_they_brought_something(agency: Agency) -> None:
    leaver = make_user("leaver")
    Credential.objects.filter(account=agency.theirs.account).update(created_by=leaver)
    assert list(Visitor(agency.insiders["manage"], "").get("/register/?show=all").context["people"]) == []
    page = Visitor(agency.administrator, "").get("/register/", {"by": leaver.pk})
    assert [row.account for row, _url in page.context["rows"]] == [agency.theirs.account]


def plant(account: Account, number: int, **fields: Any) -> Credential:
    row = give_token(account, jwt(number), state=fields.pop("state", State.ACTIVE))
    Credential.objects.filter(pk=row.pk).update(**fields)
    return row


def test_the_register_is_narrowed_by_what_needs_somebody(agency: Agency, administrator: Visitor) -> None:
    Credential.objects.all().delete()
    soon = plant(make_account(), 1, expires_at=timezone.now() + timedelta(days=30))
    unknown = plant(make_account(), 2)
    legacy = plant(make_account(), 3, kind="legacy", username="older")
    alive = plant(make_account(), 4, state=State.RETIRED, retired_at=timezone.now())
    dead = plant(make_account(), 5, state=State.RETIRED, dead_at=timezone.now(), secret="")
    refused = plant(make_account(), 6, state=State.REFUSED, refusal="invalid")
    expected = {
        "": {soon, unknown, legacy, alive},
        "delete": {alive},
        "expiring": {soon},
        "unknown": {unknown},
        "legacy": {legacy},
        "refused": {refused},
        "all": {soon, unknown, legacy, alive, dead, refused},
    }
    assert set(expected) == set(SHOWN)
    for show, rows in expected.items():
        found = {row for row, _url in administrator.get("/register/", {"show": show}).context["rows"]}
        assert found == rows, show
    for sort in (*SORTED, "nonsense"):
        assert administrator.get("/register/", {"sort": sort, "page": "x", "by": "9" * 40}).status_code == 200


# --- one client's tokens ---
def test_what_is_left_to_delete_is_shown_with_its_steps(agency: Agency) -> None:
    account = agency.ours.account
    visitor = Visitor(agency.insiders["manage"], f"/c/{account.slug}")
    old = plant(account, 8, state=State.RETIRED, retired_at=timezone.now(), token_id="old-id")
    page = visitor.at("/tokens/").content.decode()
    assert "Delete the token whose id is old-id" in page
    assert visitor.send(f"/accounts/credential/{old.pk}/check/", form()).status_code == 302
    response = visitor.send(f"/accounts/credential/{old.pk}/forget/", form(why="deleted"))
    assert response.status_code == 302
    old.refresh_from_db()
    assert old.secret == ""
    in_use = agency.ours.pks["credential"]
    refused = visitor.send(f"/accounts/credential/{in_use}/forget/", form(why="x"))
    assert "Bring its replacement into use first" in refused.content.decode()


def test_a_password_is_amber_wherever_it_appears(agency: Agency) -> None:
    account = agency.ours.account
    Credential.objects.filter(account=account).update(kind="legacy", username="older-user")
    visitor = Visitor(agency.insiders["manage"], f"/c/{account.slug}")
    for path in ("/tokens/", "/settings/", "/"):
        assert "badge warn" in visitor.at(path).content.decode(), path
    assert gettext("Switch to a token") in visitor.at("/tokens/").content.decode()
    assert "older method" in visitor.get("/clients/").content.decode()
    assert "older method" in visitor.get("/").content.decode()
    assert "older method" in visitor.get("/register/").content.decode()


def test_asking_is_a_page_of_its_own_and_refuses_where_nothing_works(agency: Agency) -> None:
    account = agency.ours.account
    visitor = Visitor(agency.insiders["manage"], f"/c/{account.slug}")
    assert visitor.send("/token/ask/", form(why="yearly")).headers["Location"] == f"/c/{account.slug}/proving/"
    assert account.credentials.filter(state=State.ASKED).count() == 1
    again = visitor.send("/token/ask/", form(why=""))
    assert "being checked already" in again.content.decode()
    assert "asked for a new token" in visitor.at("/proving/").content.decode()
    assert visitor.at("/proving/status/").json() == {"final": False}


def test_only_administrators_change_the_host(agency: Agency, settings: Any) -> None:
    settings.CYBERIMPACT_HOSTS = ["api.cyberimpact.com"]
    path = "/host/"
    base = f"/c/{agency.ours.account.slug}"
    for role in ("read", "manage"):
        visitor = Visitor(agency.insiders[role], base)
        assert visitor.at(path).status_code == 403
        assert visitor.send(path, form(host="api.cyberimpact.com", why="x")).status_code == 403
    give_token(agency.ours.account, jwt(9), state=State.RETIRED)
    administrator = Visitor(agency.administrator, base)
    assert administrator.send(path, form(host="evil.example", why="x")).status_code == 200
    assert administrator.send(path, form(host="api.cyberimpact.com", why="moved")).status_code == 302
    assert set(agency.ours.account.credentials.values_list("secret", flat=True)) == {""}


@pytest.mark.parametrize("action", ["again", "check", "forget"])
def test_another_clients_token_is_like_a_missing_one(agency: Agency, action: str) -> None:
    visitor = Visitor(agency.insiders["manage"], f"/c/{agency.ours.account.slug}")
    for pk in (agency.theirs.pks["credential"], 987654321):
        path = f"/accounts/credential/{pk}/{action}/"
        assert visitor.at(path).status_code == 404
        assert visitor.send(path, form(why="x")).status_code == 404
    colleague = give(make_user(), agency.ours.account, "send")
    mine = f"/accounts/credential/{agency.ours.pks['credential']}/{action}/"
    assert Visitor(colleague, f"/c/{agency.ours.account.slug}").at(mine).status_code == 403


def test_no_page_of_custody_shows_a_secret(agency: Agency) -> None:
    account = agency.ours.account
    Credential.objects.filter(account=account).delete()
    give_token(account, jwt(11))
    plant(account, 12, state=State.RETIRED, retired_at=timezone.now())
    tokens.store(agency.administrator, account, tokens.Secret("canary-p4ssw0rd", "their-user"))
    base = f"/c/{account.slug}"
    visitor = Visitor(agency.administrator, base)
    sealed = Credential.objects.exclude(secret="").values_list("secret", flat=True)
    for path in ("/", "/tokens/", "/token/", "/token/ask/", "/settings/", "/proving/", "/start/", "/senders/", "/api/"):
        text = visitor.at(path).content.decode()
        for secret in (jwt(11), jwt(12), "canary-p4ssw0rd", *sealed):
            assert secret not in text, path
    text = visitor.get("/register/?show=all").content.decode()
    bad = visitor.send("/token/", form(kind="legacy", username="", token="canary-p4ssw0rd", why="")).content.decode()
    for secret in (jwt(11), jwt(12), "canary-p4ssw0rd", *sealed):
        assert secret not in text
        assert secret not in bad
