"""Connecting a client and deciding about one: bad pastes in words, tokens never shown, banners that say what to do."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import gettext

from cyberadmin.accounts.models import Account, AccountAccess, AuditEvent, Credential
from cyberadmin.sync.models import Heartbeat, HeldSweep, PullRun
from tests.accounts.isolation_world import Agency
from tests.console.conftest import Visitor
from tests.world import give_token, make_user


def jwt(number: int = 1) -> str:
    """A made-up token of the right form."""
    part = (
        base64.urlsafe_b64encode(json.dumps({"jti": str(number), "exp": 2_000_000_000}).encode()).decode().rstrip("=")
    )
    return f"eyJhbGciOiJIUzI1NiJ9.{part}.c2lnbmF0dXJl{number}"


@pytest.fixture
def administrator(agency: Agency, language: str, settings: Any) -> Visitor:
    settings.CYBERIMPACT_SANDBOX_URL = "http://127.0.0.1:9"
    return Visitor(agency.administrator, "", language)


def typed(**more: Any) -> dict[str, Any]:
    return {
        "form_token": str(uuid.uuid4()),
        "name": "New client",
        "colour": "#123abc",
        "language": "fr",
        "time_zone": "America/Toronto",
        "host": "sandbox",
        "token": jwt(),
    } | more


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("abc def", "The token holds spaces: copy it again, without the text around it."),
        ("abc\ndef", "The token holds a line break: it was perhaps copied in two pieces. Copy it again in one."),
        ("abcdef", "This is not an API token: one has three parts separated by dots. Copy it again from Cyberimpact."),
    ],
)
def test_a_bad_paste_is_refused_in_words_and_not_sent_back(administrator: Visitor, token: str, words: str) -> None:
    response = administrator.send("/connect/", typed(token=token))
    assert response.status_code == 200
    assert response.context["form"].errors["token"] == [gettext(words)]
    assert response.context["form"]["name"].value() == "New client"
    assert not Account.objects.filter(name="New client").exists()


def test_a_token_in_use_is_refused(administrator: Visitor, agency: Agency) -> None:
    give_token(agency.theirs.account, jwt(7), state=Credential.State.CANDIDATE)
    response = administrator.send("/connect/", typed(token=jwt(7)))
    said = gettext("This token already belongs to a client account that is connected here.")
    assert response.context["form"].errors["token"] == [said]
    assert jwt(7) not in response.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "markours NAME"),
        ("colour", "red"),
        ("language", ""),
        ("time_zone", "EST"),
        ("host", "evil.example"),
    ],
)
def test_each_wrong_field_is_told(administrator: Visitor, field: str, value: str) -> None:
    response = administrator.send("/connect/", typed(**{field: value}))
    assert response.status_code == 200
    assert set(response.context["form"].errors) == {field}
    assert not Account.objects.filter(name="New client").exists()


def test_a_connected_client_waits_for_its_proof_without_showing_the_token(administrator: Visitor) -> None:
    data = typed()
    response = administrator.send("/connect/", data)
    assert response.headers["Location"] == "/c/new-client/proving/"
    assert administrator.send("/connect/", data).headers["Location"] == "/"
    assert Account.objects.filter(name="New client").count() == 1
    page = administrator.get("/c/new-client/proving/").content.decode()
    assert 'data-wait="/c/new-client/proving/status/"' in page
    assert jwt() not in page
    assert administrator.get("/c/new-client/proving/status/").json() == {"final": False}
    assert administrator.get("/c/new-client/").headers["Location"] == "/c/new-client/start/"


def test_the_proof_shows_both_names_and_asks(administrator: Visitor) -> None:
    administrator.send("/connect/", typed())
    Credential.objects.filter(account__slug="new-client").update(proved_as="Their Own Name", proved_at=timezone.now())
    Account.objects.filter(slug="new-client").update(state=Account.State.PROVED)
    assert administrator.get("/c/new-client/proving/status/").json() == {"final": True}
    page = administrator.get("/c/new-client/proving/").content.decode()
    assert "Their Own Name" in page
    assert "New client" in page
    response = administrator.post("/c/new-client/confirm/", {"form_token": str(uuid.uuid4())})
    assert response.headers["Location"] == "/c/new-client/"
    account = Account.objects.get(slug="new-client")
    assert (account.state, account.vendor_name) == ("connected", "Their Own Name")
    assert PullRun.objects.filter(account=account, scope="full").count() == 1


@pytest.mark.parametrize("refusal", [value for value in Credential.Refusal.values])
def test_each_refusal_is_explained(administrator: Visitor, refusal: str) -> None:
    administrator.send("/connect/", typed())
    Credential.objects.filter(account__slug="new-client").update(state="refused", refusal=refusal)
    Account.objects.filter(slug="new-client").update(state=Account.State.REFUSED)
    page = administrator.get("/c/new-client/proving/")
    assert str(Credential.Refusal(refusal).label).split("'")[0] in page.content.decode()
    assert page.context["refused"] is True


def test_giving_up_keeps_nothing_but_history(administrator: Visitor) -> None:
    administrator.send("/connect/", typed())
    administrator.post("/c/new-client/cancel/", {"form_token": str(uuid.uuid4())})
    assert not Account.objects.filter(slug="new-client").exists()
    assert AuditEvent.objects.filter(action="account.cancelled", account_name="New client").count() == 1


def test_a_paused_client_has_one_banner_that_says_what_to_do(agency: Agency, language: str) -> None:
    agency.ours.account.paused_reason = Account.Paused.TOKEN
    agency.ours.account.save()
    visitor = Visitor(agency.insiders["manage"], f"/c/{agency.ours.account.slug}", language)
    page = visitor.at("/contacts/contact/").content.decode()
    assert page.count('id="pause-banner"') == 1
    assert str(Account.Paused.TOKEN.label) in page
    assert f'href="/c/{agency.ours.account.slug}/token/"' in page
    reader = Visitor(agency.insiders["read"], visitor.base, language).at("/contacts/contact/").content.decode()
    assert reader.count('id="pause-banner"') == 1
    assert f'href="/c/{agency.ours.account.slug}/token/"' not in reader


def test_a_missing_worker_is_told(agency: Agency, language: str) -> None:
    visitor = Visitor(agency.insiders["read"], f"/c/{agency.ours.account.slug}", language)
    said = gettext("Nothing is being sent at the moment.")
    assert said not in visitor.at("/contacts/contact/").content.decode()
    Heartbeat.objects.all().delete()
    assert said in visitor.at("/contacts/contact/").content.decode()


def test_vanished_objects_are_decided_once_by_who_manages(agency: Agency) -> None:
    path = f"/vanished/{agency.ours.pks['heldsweep']}/"
    base = f"/c/{agency.ours.account.slug}"
    assert Visitor(agency.insiders["send"], base).at(path).status_code == 403
    visitor = Visitor(agency.insiders["manage"], base)
    assert path in visitor.at("/contacts/contact/").content.decode()
    visitor.send(path, {"form_token": str(uuid.uuid4()), "keep": "1"})
    assert HeldSweep.objects.get(pk=agency.ours.pks["heldsweep"]).state == "dismissed"
    assert visitor.at(path).status_code == 404


def test_roles_are_given_and_taken_away(agency: Agency, manager: Visitor) -> None:
    colleague = make_user()
    for role, stored in (("edit", ["edit"]), ("", [])):
        data = {"form_token": str(uuid.uuid4()), "user": colleague.pk, "role": role}
        assert manager.send("/access/", data).status_code == 302
        held = AccountAccess.objects.filter(user=colleague, account=agency.ours.account)
        assert [access.role for access in held] == stored


def test_an_administrator_is_not_offered_a_role(agency: Agency, manager: Visitor) -> None:
    data = {"form_token": str(uuid.uuid4()), "user": agency.administrator.pk, "role": "read"}
    assert manager.send("/access/", data).status_code == 200
    assert not AccountAccess.objects.filter(user=agency.administrator).exists()


def test_settings_are_kept_with_what_they_were(agency: Agency, manager: Visitor) -> None:
    data = {
        "form_token": str(uuid.uuid4()),
        "name": agency.ours.account.name,
        "colour": "#abcdef",
        "language": "en",
        "time_zone": "America/Halifax",
    }
    assert manager.send("/settings/", data).status_code == 302
    agency.ours.account.refresh_from_db()
    assert (agency.ours.account.colour, agency.ours.account.time_zone) == ("#abcdef", "America/Halifax")
    event = AuditEvent.objects.filter(action="account.edited", account=agency.ours.account).first()
    assert event is not None
    assert event.detail["before"] == {"colour": "#0f766e", "language": "fr", "time_zone": "America/Toronto"}
    assert event.detail["after"] == {"colour": "#abcdef", "language": "en", "time_zone": "America/Halifax"}


def test_nobody_without_clients_sees_one(agency: Agency, language: str) -> None:
    client = Client(headers={"accept-language": language})
    client.force_login(agency.outsiders["none"])
    page = client.get("/").content.decode()
    assert gettext("You work on no client yet. An administrator of your agency gives you a role on one.") in page
    assert "MARK" not in page
