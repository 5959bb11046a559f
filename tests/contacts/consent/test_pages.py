"""The pages about consent: who sees what, what a form needs, and how a proof is given back."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from contacts.consent import ledger, terms
from contacts.models import ConsentRecord, Contact, ProofFile
from cyberadmin.accounts.models import AuditEvent
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Change
from tests.accounts.isolation_world import Agency, build

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


@pytest.fixture
def agency() -> Agency:
    return build()


def browser(agency: Agency, role: str = "edit") -> Client:
    client = Client()
    client.force_login(agency.insiders[role])
    return client


def base(agency: Agency) -> str:
    return f"/c/{agency.ours.account.slug}/contacts"


def contact_of(agency: Agency) -> Contact:
    return Contact.objects.get(pk=agency.ours.pks["contact"])


def form(**values: Any) -> dict[str, Any]:
    return {"form_token": str(uuid.uuid4()), **values}


def set_url(agency: Agency) -> str:
    return f"{base(agency)}/contact/{agency.ours.pks['contact']}/consent/set/"


def test_the_form_claims_nothing_by_itself(agency: Agency) -> None:
    text = browser(agency).get(set_url(agency)).content.decode()
    assert text.count(" selected") == text.count('<option value="" selected>') == 1
    assert f'value="{terms.today(agency.ours.account)}"' not in text


def test_express_consent_with_a_file_is_kept_and_given_back_inert(agency: Agency) -> None:
    client = browser(agency)
    Change.objects.all().delete()
    upload = SimpleUploadedFile("../feuille d'inscription.html", PDF, content_type="text/html")
    values = {
        "relation": "express-consent",
        "given_on": "2026-05-04",
        "how": "Signed sheet",
        "place": "Fair",
        "proof_file": upload,
    }
    response = client.post(set_url(agency), form(**values))
    assert response.status_code == 302, response.content.decode()
    record = ConsentRecord.objects.get(source="set", relation="express-consent")
    assert record.proof_file is not None
    assert record.proof_file.original_name == "feuille d'inscription.pdf"
    given = client.get(f"{base(agency)}/consentrecord/{record.pk}/proof/")
    assert given.content == PDF
    assert given.headers["Content-Type"] == "application/pdf"
    assert given.headers["Content-Disposition"].startswith("attachment")
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in given.headers["Content-Security-Policy"]
    assert AuditEvent.objects.filter(action="consent.proof_opened").count() == 1
    page = client.get(f"{base(agency)}/contact/{agency.ours.pks['contact']}/consent/").content.decode()
    assert "feuille d&#x27;inscription.pdf" in page


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>1</script></html>",
        b"PK\x03\x04zip",
        b"\x00\x01\x02\x03" * 99,
        b"",
        b"<?xml version='1.0'?><svg/>",
    ],
)
def test_other_kinds_of_files_are_refused_whatever_their_name_says(agency: Agency, content: bytes) -> None:
    upload = SimpleUploadedFile("proof.pdf", content, content_type="application/pdf")
    before = ProofFile.objects.count()
    values = {"relation": "active-clients", "given_on": "2026-05-04", "proof_file": upload}
    response = browser(agency).post(set_url(agency), form(**values))
    assert response.status_code == 200
    assert ProofFile.objects.count() == before
    assert ConsentRecord.objects.filter(source="set").count() == 2


def test_a_file_is_not_kept_when_something_else_is_missing(agency: Agency) -> None:
    upload = SimpleUploadedFile("proof.pdf", PDF)
    before = ProofFile.objects.count()
    response = browser(agency).post(set_url(agency), form(relation="express-consent", proof_file=upload))
    assert response.status_code == 200
    assert b"Express consent needs the day" in response.content
    assert ProofFile.objects.count() == before


def test_a_request_for_consent_needs_a_basis_that_somebody_chose(agency: Agency) -> None:
    url = f"{base(agency)}/contact/{agency.ours.pks['contact']}/ask-for-consent/"
    client = browser(agency)
    page = client.get(url).content.decode()
    assert "checked" not in page
    assert "New subscriber" in page
    assert client.post(url, form(why="Left a card")).status_code == 200
    assert client.post(url, form(why="Is a client", basis="implied")).status_code == 200
    assert Change.objects.filter(verb="optin").count() == 0
    assert client.post(url, form(why="Left a card", basis="asked")).status_code == 302
    assert client.post(url, form(why="Left a card", basis="asked")).status_code == 200
    assert Change.objects.filter(verb="optin").count() == 1


def test_the_file_of_an_address_holds_its_records_and_no_formula(agency: Agency) -> None:
    contact = contact_of(agency)
    ledger.append(contact.account_id, contact.email, "seen", ledger.Facts(proof="=1+1"), ledger.By())
    response = browser(agency, "read").get(f"{base(agency)}/consentrecord/export/?email={contact.email}")
    lines = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    assert "'=1+1" in lines
    assert agency.ours.marker.lower() in lines.lower()
    foreign = browser(agency).get(f"{base(agency)}/consentrecord/export/?email={agency.theirs.marker}@example.com")
    assert len(b"".join(foreign.streaming_content).decode().splitlines()) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["clients/", "clients/left/?state=bounced", "clients/left/?state=unsubscribed"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_spans_clients_shows_only_ones_own(agency: Agency, path: str, language: str) -> None:
    for planted in (agency.ours, agency.theirs):
        with writing():
            Contact.objects.filter(pk=planted.pks["contact"]).update(
                state="bounced" if "bounced" in path else "unsubscribed" if "unsub" in path else "subscribed",
                bounced_at=timezone.now(),
                unsubscribed_at=timezone.now(),
            )
    for role in ("read", "manage"):
        client = browser(agency, role)
        client.cookies["django_language"] = language
        response = client.get(f"/contacts/consentrecord/{path}")
        assert response.status_code == 200
        text = response.content.decode()
        assert agency.ours.marker in text
        assert agency.theirs.marker not in text
        assert ("/correct/" in text) == (role == "manage" and "bounced" in path)
    nobody = Client()
    nobody.force_login(agency.outsiders["none"])
    text = nobody.get(f"/contacts/consentrecord/{path}").content.decode()
    assert agency.ours.marker not in text
    assert agency.theirs.marker not in text
    assert Client().get(f"/contacts/consentrecord/{path}").status_code == 302
    inside = browser(agency).get(f"{base(agency)}/consentrecord/{path}")
    assert inside.status_code == 404


def test_numbers_of_the_radar_lead_to_exactly_these_people(agency: Agency) -> None:
    contact = contact_of(agency)
    today = terms.today(agency.ours.account)
    cases = {
        "expired": {"consent_expires_on": today},
        "soon": {"consent_expires_on": today + timedelta(days=30)},
        "unknown": {"consent_expires_on": None, "consent_type": "implied"},
        "express": {"consent_expires_on": None, "consent_type": "express"},
        "unread": {"consent_read_at": None},
    }
    client = browser(agency, "read")
    for value, columns in cases.items():
        with writing():
            plain = {"consent_type": "implied", "consent_read_at": timezone.now(), "consent_expires_on": None}
            Contact.objects.filter(pk=contact.pk).update(**(plain | columns))
        for asked in cases:
            listed = client.get(f"{base(agency)}/contact/?standing={asked}").context["cl"].result_count
            assert listed == (asked == value), (value, asked)
    month = (today + timedelta(days=40)).strftime("%Y-%m")
    with writing():
        Contact.objects.filter(pk=contact.pk).update(
            consent_read_at=timezone.now(), consent_expires_on=today + timedelta(days=40)
        )
    assert client.get(f"{base(agency)}/contact/?standing={month}").context["cl"].result_count == 1
    assert f"standing={month}" in client.get(f"{base(agency)}/consentrecord/radar/").content.decode()


def test_a_bounced_address_is_corrected_as_a_contact_of_its_own(agency: Agency) -> None:
    contact = contact_of(agency)
    with writing():
        Contact.objects.filter(pk=contact.pk).update(state="bounced", email="luc@gmial.com", email_key="luc@gmial.com")
    url = f"{base(agency)}/contact/{contact.pk}/correct/"
    client = browser(agency)
    page = client.get(url).content.decode()
    assert "luc@gmail.com" in page
    assert 'value="luc@gmail.com"' not in page
    response = client.post(url, form(email="luc@gmail.com", why="Read from the card"))
    made = Contact.objects.get(email="luc@gmail.com")
    assert response.headers["Location"].endswith(f"/contacts/contact/{made.pk}/consent/set/")
    assert (made.company, made.consent_relation, made.state) == (contact.company, "", "subscribed")
    contact.refresh_from_db()
    assert (contact.state, contact.email) == ("bounced", "luc@gmial.com")


def test_a_refusal_that_arrives_while_the_page_is_drawn_is_told_above_the_ledger_too(agency: Agency) -> None:
    """The ledger may not say more than the card above it: nothing on this page changes by itself afterwards."""
    words = "This consent cannot be overridden."
    client, email = browser(agency), contact_of(agency).email
    arrived: list[int] = []

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        if "contacts_consentrecord" in sql and sql.startswith("SELECT") and not arrived:
            arrived.append(1)
            ledger.append(agency.ours.account.pk, email, ledger.Source.REFUSED, ledger.Facts(), ledger.By(words=words))
        return answer

    with connection.execute_wrapper(refuse):
        page = client.get(f"{base(agency)}/contact/{agency.ours.pks['contact']}/consent/").content.decode()
    assert arrived
    card, _, below = page.partition('id="ledger"')
    assert (words in card) == (words in below)
