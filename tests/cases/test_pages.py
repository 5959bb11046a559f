"""The pages of cases: what they show to whom, and what a person does on them."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cyberadmin.accounts.models import Account, AuditEvent
from cyberadmin.cases import carrying, clocks, services
from cyberadmin.cases.models import Case, CasePart, CaseStep
from cyberadmin.cases.urls import PAGES
from cyberadmin.sync.models import ApiCall, Change, PlannedRow
from tests.accounts.isolation_world import Agency
from tests.cases.desk import EMAIL, KEY, WHO, contact, open_case, opening, part_of, send, visitor
from tests.world import give, make_user

pytestmark = pytest.mark.django_db


# --- opening ---
def test_a_case_is_opened_from_the_page_of_a_person(ours: Account, theirs: Account, editor: User) -> None:
    contact(ours)
    contact(theirs)
    client = visitor(editor)
    url = client.get("/find/person/", {"email": KEY}).context["open_url"]
    form = client.get(url).context["form"]
    assert form.initial["accounts"] == [ours.pk]
    assert form.initial["addresses"] == KEY
    assert "received_on" not in form.initial, "the day of receipt is never presumed"
    assert form.fields["received_on"].initial is None
    request = SimpleUploadedFile("request.txt", b"Erase me")
    opened = send(client, "/cases/open/", **opening(ours, proof=request))
    case = Case.objects.get()
    assert opened.headers["Location"] == f"/cases/{case.pk}/"
    assert case.due_on == clocks.today() + timedelta(days=28)
    page = client.get(f"/cases/{case.pk}/")
    assert WHO in page.content.decode()
    assert page.content.decode().count(EMAIL) > 0
    assert client.get(f"/cases/client/{case.parts.get().pk}/proof/").content == b"Erase me"
    assert AuditEvent.objects.filter(action="case.opened", account=ours).count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("received_on", ""),
        ("received_on", "2999-01-01"),
        ("addresses", "not an address"),
        ("addresses", "\n".join(f"a{number}@example.com" for number in range(6))),
        ("addresses", " "),
        ("who", ""),
        ("accounts", []),
        ("kind", "everything"),
        ("language", ""),
    ],
)
def test_what_is_missing_or_wrong_is_said_beside_its_field(field: str, value: Any, ours: Account, editor: User) -> None:
    page = send(visitor(editor), "/cases/open/", **opening(ours, **{field: value}))
    assert page.status_code == 200
    assert list(page.context["form"].errors) == [field]
    assert Case.objects.count() == 0


def test_a_case_is_opened_in_no_client_that_one_may_not_edit(ours: Account, theirs: Account, editor: User) -> None:
    foreign = send(visitor(editor), "/cases/open/", **opening(ours, theirs))
    missing = send(visitor(editor), "/cases/open/", **opening(ours, accounts=[ours.pk, 987654321]))
    said = [str(page.context["form"].errors["accounts"]) for page in (foreign, missing)]
    assert said[0].replace(str(theirs.pk), "N") == said[1].replace("987654321", "N")
    assert Case.objects.count() == 0


def test_a_double_click_opens_one_case(ours: Account, editor: User) -> None:
    client, token = visitor(editor), str(uuid.uuid4())
    for _ in range(2):
        client.post("/cases/open/", {"form_token": token, **opening(ours)})
    assert Case.objects.count() == 1


# --- who sees what ---
@pytest.fixture
def shared(ours: Account, theirs: Account) -> Case:
    """A case of both clients, opened by an administrator."""
    return open_case(make_user(superuser=True), ours, theirs)


def test_a_case_shows_the_parts_of_my_clients_alone(shared: Case, ours: Account, editor: User) -> None:
    client = visitor(editor)
    for path in ("/cases/", f"/cases/{shared.pk}/", f"/cases/{shared.pk}/clients/"):
        text = client.get(path).content.decode()
        assert ours.name in text or path.endswith("clients/"), path
        assert "Theirs" not in text, path
    (row,) = client.get("/cases/").context["rows"]
    assert row["clients"] == [ours]


def test_the_state_tells_nothing_of_other_clients(shared: Case, ours: Account, theirs: Account, editor: User) -> None:
    part = services.decide(editor, part_of(shared, ours), "nothing", "nothing there")
    services.note_sent(editor, part, "answer", clocks.today())
    done = visitor(editor).get(f"/cases/{shared.pk}/")
    assert done.context["state"] == "done"
    assert WHO not in done.content.decode(), "or one would see that somebody else still works on it"
    assert EMAIL not in done.content.decode()
    assert visitor(editor).get("/cases/", {"state": "done"}).context["rows"]
    assert not visitor(editor).get("/cases/").context["rows"]
    other = visitor(give(make_user(), theirs, "edit")).get(f"/cases/{shared.pk}/")
    assert other.context["state"] == "waiting for a decision"
    assert WHO in other.content.decode()


def test_who_asked_stays_known_where_nothing_was_erased(ours: Account, editor: User) -> None:
    proof = SimpleUploadedFile("call.txt", b"Called on Monday")
    case = open_case(editor, ours, kind="unsubscribe", proof=proof)
    part = services.decide(editor, part_of(case, ours), "nothing", "not there")
    assert part.state == "done"
    page = visitor(editor).get(f"/cases/{case.pk}/")
    assert WHO in page.content.decode()
    assert visitor(editor).get(f"/cases/client/{part.pk}/proof/").content == b"Called on Monday"


def test_cases_of_other_clients_are_like_missing_ones(theirs: Account, editor: User) -> None:
    case = open_case(make_user(superuser=True), theirs)
    client = visitor(editor)
    for route, _name, _page in PAGES:
        if "<int:object_id>" not in route:
            continue
        foreign_pk = case.pk if "client/" not in route else part_of(case, theirs).pk
        for method in (client.get, client.post):
            answers = [
                method(f"/{route.replace('<int:object_id>', str(pk))}").status_code for pk in (foreign_pk, 987654321)
            ]
            assert answers[0] == answers[1], route
            assert answers[0] in (404, 405), route
    assert client.get("/cases/", {"client": theirs.slug, "state": ""}).context["rows"] == []


def test_a_part_of_my_case_in_another_client_is_like_a_missing_one(shared: Case, theirs: Account, editor: User) -> None:
    pk = part_of(shared, theirs).pk
    for path in ("decide", "json", "csv", "proof", "acknowledgement", "answer", "certificate"):
        for method in (visitor(editor).get, visitor(editor).post):
            assert method(f"/cases/client/{pk}/{path}/").status_code in (404, 405), path
    assert part_of(shared, theirs).state == "waiting"


def test_who_may_only_read_changes_nothing(shared: Case, ours: Account) -> None:
    client = visitor(give(make_user(), ours, "read"))
    assert client.get(f"/cases/{shared.pk}/").status_code == 200
    part = part_of(shared, ours)
    for path in ("decide", "acknowledgement", "answer", "json", "csv"):
        assert send(client, f"/cases/client/{part.pk}/{path}/", decision="nothing", why="x").status_code == 403, path
    for path in ("identity", "clients"):
        assert send(client, f"/cases/{shared.pk}/{path}/", how="x", accounts=[]).status_code in (200, 403), path
    assert (part_of(shared, ours).state, part_of(shared, ours).given_at) == ("waiting", None)


def test_a_lost_role_closes_the_case_at_once(shared: Case, editor: User) -> None:
    client = visitor(editor)
    assert client.get(f"/cases/{shared.pk}/").status_code == 200
    editor.account_accesses.all().delete()
    assert client.get(f"/cases/{shared.pk}/").status_code == 404


def test_an_administrator_widens_a_case_and_the_first_client_sees_nothing_of_it(
    ours: Account, theirs: Account, editor: User
) -> None:
    case = open_case(editor, ours)
    before = visitor(editor).get(f"/cases/{case.pk}/")
    chief = visitor(make_user(superuser=True))
    assert send(chief, f"/cases/{case.pk}/clients/", accounts=[theirs.pk]).status_code == 302
    assert CasePart.objects.filter(case=case).count() == 2
    after = visitor(editor).get(f"/cases/{case.pk}/")
    assert [row["part"].pk for row in after.context["parts"]] == [row["part"].pk for row in before.context["parts"]]
    assert "Theirs" not in after.content.decode()


# --- deciding and answering ---
def test_deciding_says_what_waits(ours: Account, editor: User) -> None:
    person = contact(ours, remote_id=1)
    for state, verb in (("queued", "update"), ("sending", "update"), ("failed", "unsubscribe")):
        Change.objects.update_or_create(
            account=ours, kind="contact", object_id=person.pk, object_label=KEY,
            defaults={"state": state, "verb": verb, "not_before": timezone.now()},
        )  # fmt: skip
        part = part_of(open_case(editor, ours), ours)
        text = visitor(editor).get(f"/cases/client/{part.pk}/decide/").content.decode()
        assert ("it is not sent" in text) == (state == "queued")
        assert ("it is awaited first" in text) == (state == "sending")
        assert ("it is sent first" in text) == (verb == "unsubscribe")


def test_a_decision_is_taken_on_its_page(ours: Account, editor: User) -> None:
    case = open_case(editor, ours, kind="access")
    part = part_of(case, ours)
    path = f"/cases/client/{part.pk}/decide/"
    refused = send(visitor(editor), path, decision="refuse", why="no", ground="")
    assert list(refused.context["form"].errors) == ["ground"]
    assert send(visitor(editor), path, decision="give", why="asked").status_code == 302
    assert part_of(case, ours).decision == "give"
    again = send(visitor(editor), path, decision="refuse", why="no", ground="duty")
    assert again.status_code == 200
    assert part_of(case, ours).decision == "give"


def test_only_who_manages_is_offered_to_erase(ours: Account, editor: User) -> None:
    part = part_of(open_case(editor, ours), ours)
    for role, offered in (("edit", False), ("manage", True)):
        page = visitor(give(make_user(), ours, role)).get(f"/cases/client/{part.pk}/decide/")
        assert ("erase" in dict(page.context["form"].fields["decision"].choices)) == offered


def test_the_file_holds_one_client_and_every_making_is_kept(agency: Agency) -> None:
    email = f"{agency.ours.marker}@example.com"
    chief = agency.administrator
    case = open_case(chief, agency.ours.account, agency.theirs.account, kind="portability", email=email)
    part = part_of(case, agency.ours.account)
    client = visitor(chief)
    assert client.get(f"/cases/client/{part.pk}/json/").headers["Location"] == f"/cases/{case.pk}/"
    answer = client.post(f"/cases/client/{part.pk}/json/")
    whole = json.loads(answer.content)
    assert agency.theirs.marker not in answer.content.decode()
    (person,) = whole["people"]
    assert whole["client"] == agency.ours.account.name
    assert {one["name"]: one["value"] for one in person["fields"]}["first_name"] == f"{agency.ours.marker} first"
    assert person["groups"] == [f"{agency.ours.marker} group"]
    assert [one["proof"] for one in person["consents"]] == [f"{agency.ours.marker} proof"]
    assert f"{agency.ours.marker} received" in [one["subject"] for one in person["mailings"]]
    table = client.post(f"/cases/client/{part.pk}/csv/")
    assert table.content.startswith(b"\xef\xbb\xbfAdresse courriel;")
    for response in (answer, table):
        assert "attachment" in response.headers["Content-Disposition"]
        assert "no-store" in response.headers["Cache-Control"]
    made = AuditEvent.objects.filter(action="case.exported", account=agency.ours.account)
    assert [event.detail["form"] for event in made.order_by("pk")] == ["json", "csv"]


def test_no_cell_of_the_file_is_a_formula(ours: Account, editor: User) -> None:
    contact(ours, first_name="=HYPERLINK(1)", last_name="+1", company="@x", note="-2\t", postal_code="\tH2X")
    part = part_of(open_case(editor, ours, kind="access", language="en"), ours)
    text = visitor(editor).post(f"/cases/client/{part.pk}/csv/").content.decode("utf-8-sig")
    assert "'=HYPERLINK(1)" in text
    for line in text.splitlines():
        for cell in line.split(","):
            assert not cell.strip('"').startswith(("=", "+", "-", "@", "\t")), cell


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", Case.Kind.values)
def test_letters_come_in_both_languages_with_the_facts(kind: str, language: str, ours: Account, editor: User) -> None:
    case = open_case(editor, ours, kind=kind, language=language)
    part = part_of(case, ours)
    page = visitor(editor).get(f"/cases/client/{part.pk}/acknowledgement/")
    first, second = page.context["letters"]
    assert (first.language, second.language) == (language, "en" if language == "fr" else "fr")
    by_language = {one.language: one.text for one in (first, second)}
    assert f"Bonjour {WHO}," in by_language["fr"]
    assert f"Hello {WHO}," in by_language["en"]
    for text in by_language.values():
        assert ours.name in text
        assert str(case.received_on.year) in text
        assert f"{case.pk}" in text
    services.decide(editor, part, "nothing", "not there")
    answer = visitor(editor).get(f"/cases/client/{part.pk}/answer/")
    if kind != "unsubscribe":
        assert "nous ne détenons rien" in {one.language: one.text.lower() for one in answer.context["letters"]}["fr"]


def test_a_refusal_names_its_reason_and_where_to_turn(ours: Account, editor: User) -> None:
    part = part_of(open_case(editor, ours, kind="access"), ours)
    services.decide(editor, part, "refuse", "third person", "others")
    letters = visitor(editor).get(f"/cases/client/{part.pk}/answer/").context["letters"]
    for letter in letters:
        assert "Commission d’accès à l’information" in letter.text
        assert "30" in letter.text
    assert "somebody else" in {one.language: one.text for one in letters}["en"]
    sent = send(visitor(editor), f"/cases/client/{part.pk}/answer/", on=clocks.today().isoformat())
    assert sent.status_code == 302
    part.refresh_from_db()
    assert (part.state, part.answered_by_name) == ("refused", editor.username)


def test_the_page_waits_for_what_moves_and_for_nothing_else(ours: Account, editor: User) -> None:
    contact(ours, remote_id=1)
    case = open_case(editor, ours)
    client = visitor(editor)
    assert client.get(f"/cases/{case.pk}/").context["waits"] == ""
    part = services.decide(editor, part_of(case, ours), "erase", "asked")
    waits = client.get(f"/cases/{case.pk}/").context["waits"]
    assert client.get(waits).json() == {"final": False}
    carrying.advance(part.pk)
    assert client.get(waits).json() == {"final": True}
    Change.objects.update(state="failed")
    carrying.advance(part.pk)
    assert client.get(f"/cases/{case.pk}/").context["waits"] == ""


def test_what_moves_on_while_the_page_is_drawn_is_not_waited_for_for_ever(ours: Account, editor: User) -> None:
    contact(ours, remote_id=1)
    case = open_case(editor, ours)
    part = services.decide(editor, part_of(case, ours), "unsubscribe", "asked")
    carrying.advance(part.pk)
    moved: list[str] = []

    def worker(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        rows = execute(sql, params, many, context)
        if not moved and sql.startswith("SELECT") and "erasedaddress" in sql and "cases_casestep" in sql:
            # Read for the page; a worker finishes the step before the page goes out.
            moved.append(sql)
            CaseStep.objects.filter(part=part).update(outcome="unsubscribed")
        return rows

    client = visitor(editor)
    with connection.execute_wrapper(worker):
        waits = client.get(f"/cases/{case.pk}/").context["waits"]
    assert moved
    assert waits
    assert client.get(waits).json() == {"final": True}


# --- lists ---
@pytest.mark.parametrize("state", ["open", "waiting", "doing", "done", "refused"])
def test_the_list_filters_as_the_page_of_a_case_speaks(state: str, ours: Account, editor: User) -> None:
    open_case(editor, ours, identity="")
    open_case(editor, ours, kind="unsubscribe", identity="")
    services.decide(editor, part_of(open_case(editor, ours), ours), "nothing", "not there")
    for ending in ("nothing", "refuse"):
        part = part_of(open_case(editor, ours), ours)
        services.decide(editor, part, ending, "so it is", "duty" if ending == "refuse" else "")
        services.note_sent(editor, part, "answer", clocks.today())
    found = visitor(editor).get("/cases/", {"state": state}).context["rows"]
    assert len(found) == 1
    mine = services.parts_for(editor, found[0]["case"])
    assert services.state_of(found[0]["case"], mine) == state


def test_the_list_costs_the_same_for_one_case_and_for_many(ours: Account, editor: User) -> None:
    client = visitor(editor)
    counts = []
    for _ in range(2):
        open_case(editor, ours)
        client.get("/cases/")
        with CaptureQueriesContext(connection) as asked:
            client.get("/cases/")
        counts.append(len(asked))
        for _more in range(8):
            open_case(editor, ours)
    assert counts[0] == counts[1]


def test_the_card_of_a_contact_leads_to_the_open_case(ours: Account, theirs: Account, editor: User) -> None:
    person = contact(ours)
    mine = open_case(editor, ours)
    open_case(make_user(superuser=True), theirs)
    text = visitor(editor).get(f"/c/{ours.slug}/contacts/contact/{person.pk}/").content.decode()
    assert f'href="/cases/{mine.pk}/"' in text
    assert text.count('href="/cases/') == 1 + text.count('href="/cases/"')
    assert CaseStep.objects.count() == PlannedRow.objects.count() == ApiCall.objects.count() == 0
