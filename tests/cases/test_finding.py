"""One search over the clients that somebody may see, and never a hint about another."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import MailingRecipient
from contacts.models import Contact
from cyberadmin.accounts.models import Account
from cyberadmin.sync.mirror import writing
from tests.accounts.isolation_world import Agency
from tests.cases.desk import EMAIL, KEY, contact, visitor
from tests.world import make_user

pytestmark = pytest.mark.django_db


# --- finding ---
@pytest.mark.parametrize("typed", [KEY, EMAIL, f"  {EMAIL.upper()} ", "marie", "TREMBL", "Marie Tremblay"])
def test_a_person_is_found_in_my_clients_alone(typed: str, ours: Account, theirs: Account, editor: User) -> None:
    contact(ours)
    contact(theirs)
    page = visitor(editor).get("/find/", {"q": typed})
    assert [group["found"].account for group in page.context["groups"]] == [ours]
    assert "Theirs" not in page.content.decode()
    everywhere = visitor(make_user(superuser=True)).get("/find/", {"q": typed})
    assert [group["found"].account for group in everywhere.context["groups"]] == [ours, theirs]


@pytest.mark.parametrize("typed", [KEY, "marie", "somebody@example.com"])
def test_a_person_of_another_client_is_like_nobody(typed: str, theirs: Account, editor: User) -> None:
    before = visitor(editor).get("/find/", {"q": typed})
    nobody = visitor(editor).get("/find/person/", {"email": KEY})
    with CaptureQueriesContext(
        connection,
    ) as asked:
        visitor(editor).get("/find/", {"q": typed})
    contact(theirs)
    with CaptureQueriesContext(connection) as again:
        visitor(editor).get("/find/", {"q": typed})
    assert visitor(editor).get("/find/", {"q": typed}).context["groups"] == before.context["groups"] == []
    assert len(asked) == len(again)
    found = visitor(editor).get("/find/person/", {"email": KEY})
    assert found.context["clients"] == nobody.context["clients"] == []


@pytest.mark.parametrize(
    "typed", ["x" * 10_240, "%", "_", "*", '" OR 1=1 --', "\x00", "a\x00b", "NEAR(", "'", "@", "@@ @"]
)
def test_any_text_can_be_searched_for(typed: str, ours: Account, editor: User) -> None:
    contact(ours)
    page = visitor(editor).get("/find/", {"q": typed})
    assert page.status_code == 200
    assert page.context["groups"] == []
    assert visitor(editor).get("/find/person/", {"email": typed}).context["clients"] == []


def test_a_common_name_shows_the_first_and_says_so(ours: Account, editor: User) -> None:
    for number in range(12):
        contact(ours, f"marie{number}@example.com")
    page = visitor(editor).get("/find/", {"q": "marie"})
    (group,) = page.context["groups"]
    assert (len(group["rows"]), group["found"].more) == (10, True)
    assert "More people match" in page.content.decode()


def test_everything_about_a_person_is_shown_client_by_client(agency: Agency) -> None:
    email = f"{agency.ours.marker}@example.com"
    page = visitor(agency.insiders["read"]).get("/find/person/", {"email": email.lower()})
    text = page.content.decode()
    marker = agency.ours.marker
    for trace in ("first", "company", "note", "value", "group", "received", "why"):
        assert f"{marker} {trace}" in text, trace
    (client,) = page.context["clients"]
    assert [change.pk for change, _said, _url in client["changes"]] == [agency.ours.pks["change"]]
    assert [call.pk for call, _url in client["calls"]] == [agency.ours.pks["apicall"]]
    assert [row.number for row, _url in client["planned"]] == [1]
    assert agency.theirs.marker not in text
    theirs = visitor(agency.insiders["read"]).get(
        "/find/person/", {"email": f"{agency.theirs.marker}@example.com".lower()}
    )
    assert theirs.context["clients"] == []


def test_links_lead_into_the_client(agency: Agency) -> None:
    email = f"{agency.ours.marker}@example.com"
    reader = visitor(agency.insiders["read"])
    (client,) = reader.get("/find/person/", {"email": email}).context["clients"]
    urls = [client["contact_url"], client["received_url"], client["changes"][0][2], client["calls"][0][1]]
    for url in (*urls, client["planned"][0][1]):
        assert url.startswith(f"/c/{agency.ours.account.slug}/")
        assert reader.get(url).status_code == 200, url


def test_who_is_in_a_list_of_recipients_only_is_found_by_the_whole_address(agency: Agency) -> None:
    with writing():
        Contact.objects.filter(pk=agency.ours.pks["contact"]).delete()
    assert MailingRecipient.objects.filter(account=agency.ours.account).exists()
    page = visitor(agency.insiders["read"]).get("/find/", {"q": f"{agency.ours.marker}@example.com"})
    assert page.context["elsewhere"]
    assert visitor(agency.insiders["read"]).get(page.context["elsewhere"]).context["clients"]
    assert (
        visitor(agency.outsiders["other"])
        .get("/find/", {"q": f"{agency.ours.marker}@example.com"})
        .context["elsewhere"]
        == ""
    )
