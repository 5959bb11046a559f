"""Exports hold exactly what the screen shows, for who asked, safely; they survive a crash and go after a week."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
import uuid
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import QueryDict

from contacts.models import Contact
from contacts.search import document
from cyberadmin.accounts import audit
from cyberadmin.accounts.models import AccountAccess, AuditEvent
from cyberadmin.exports import erasers, making, services, sources, writers
from cyberadmin.exports.addresses import ask_url, narrowing
from cyberadmin.exports.models import ExportJob
from cyberadmin.sync import clock
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.uploads import root
from tests.accounts.isolation_world import Agency
from tests.console.conftest import Visitor

pytestmark = pytest.mark.django_db
EVIL = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\x00x", "  =cmd|' /C calc'!A0")
NAMES = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    yield
    clock.reset()


def add(agency: Agency, *emails: str, **fields: Any) -> None:
    """More contacts of our client."""
    with writing():
        Contact.objects.bulk_create(
            Contact(
                account=agency.ours.account,
                email=one,
                email_key=one,
                search_text=document(agency.ours.account.pk, one, "", "", ""),
                **fields,
            )
            for one in emails
        )


def made(
    agency: Agency, source: str = "contacts", form: str = "json", query: str = "", who: User | None = None
) -> ExportJob:
    """An export, asked for and made."""
    job = services.ask(who or agency.insiders["edit"], agency.ours.account, source, form, QueryDict(query))
    making.make(job.pk)
    job.refresh_from_db()
    return job


def refreshed(*jobs: ExportJob) -> list[ExportJob]:
    """The exports as they are now."""
    for job in jobs:
        job.refresh_from_db()
    return list(jobs)


def content(job: ExportJob) -> bytes:
    with making.STORE.open_plain(job.account_id, job.stored_name) as file:
        return file.read()


def emails(job: ExportJob) -> list[str]:
    return [row["email"] for row in json.loads(content(job))]


def sheet(data: bytes, number: int = 1) -> list[list[str]]:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert book.testzip() is None
        tree = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
    return [["".join(cell.itertext()) for cell in row] for row in tree.iter(f"{NAMES}row")]


# --- the screen's own rows ---
@pytest.mark.parametrize(
    "query", ["", "q=alpha", "state=unsubscribed", "language=fr_ca", "q=alpha&language=fr_ca", "o=-1", "q=nobody"]
)
def test_it_is_the_screens_own_queryset(agency: Agency, query: str) -> None:
    add(agency, "alpha1@example.com", "beta@example.com", language="fr_ca")
    add(agency, "alpha2@example.com", state="unsubscribed")
    page = Visitor(agency.insiders["edit"], f"/c/{agency.ours.account.slug}").at("/contacts/contact/?" + query)
    job = made(agency, query=query)
    assert job.state == "ready"
    assert emails(job) == [row.email for row in page.context["cl"].result_list]
    assert job.rows == len(emails(job))
    assert bool(job.rows) == (query != "q=nobody")


@pytest.mark.parametrize(
    "query",
    ["group={pk}", "account__id__exact={account}", "account={account}", "id__in={pk}", "pk={pk}", "_to_field=email",
     "select_across=1", "email__regex=.", "memberships__group__account={account}"],
)  # fmt: skip
def test_forged_values_never_widen_it(agency: Agency, query: str) -> None:
    job = made(agency, query=query.format(pk=agency.theirs.pks["contact"], account=agency.theirs.account.pk))
    if job.state == "ready":
        assert agency.theirs.marker not in content(job).decode()
        assert len(emails(job)) <= 1
    else:
        assert (job.state, job.reason) == ("failed", "list")


@pytest.mark.parametrize(
    ("source", "name", "model"), [("recipients", "mailing", "mailing"), ("plan", "change_set", "changeset")]
)
def test_rows_of_another_clients_object_are_not_there(agency: Agency, source: str, name: str, model: str) -> None:
    ours = made(agency, source, query=f"{name}={agency.ours.pks[model]}&outcome=opened" * (source == "recipients")
                or f"{name}={agency.ours.pks[model]}")  # fmt: skip
    assert agency.ours.marker.lower() in content(ours).decode().lower()
    for forged in (str(agency.theirs.pks[model]), "0", "x", "9" * 30, ""):
        job = made(agency, source, query=f"{name}={forged}")
        assert (job.state, job.reason, job.stored_name) == ("failed", "list", "")


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
@pytest.mark.parametrize("source", ["contacts", "groups", "mailings", "history"])
def test_every_list_in_every_format_holds_ours_alone(agency: Agency, source: str, form: str) -> None:
    data = content(made(agency, source, form))
    text = data.decode("utf-8-sig") if form != "xlsx" else str(sheet(data))
    assert agency.ours.marker in text
    assert agency.theirs.marker not in text


# --- rights ---
def test_a_right_taken_away_meanwhile_stops_it(agency: Agency) -> None:
    who = agency.insiders["edit"]
    job = services.ask(who, agency.ours.account, "contacts", "csv", QueryDict())
    AccountAccess.objects.filter(user=who).update(role="read")
    making.make(job.pk)
    job.refresh_from_db()
    assert (job.state, job.reason, job.stored_name) == ("failed", "right", "")


def test_who_may_only_read_neither_exports_nor_downloads(agency: Agency) -> None:
    reader = Visitor(agency.insiders["read"], f"/c/{agency.ours.account.slug}")
    base, pk = "/exports/exportjob/", agency.ours.pks["exportjob"]
    for path in (f"{base}add/", f"{base}{pk}/", f"{base}{pk}/file/", f"{base}{pk}/status/"):
        assert reader.at(path).status_code == 403, path
    assert "contacts" not in reader.at(base).content.decode().split("<main")[1]
    assert "exportjob/add" not in reader.at("/contacts/contact/").content.decode()
    with pytest.raises(PermissionDenied):
        services.ask(agency.insiders["read"], agency.ours.account, "contacts", "csv", QueryDict())
    with pytest.raises(PermissionDenied):
        services.read_file(agency.outsiders["other"], ExportJob.objects.get(pk=pk))


def test_asking_in_the_browser(agency: Agency) -> None:
    editor = Visitor(agency.insiders["edit"], f"/c/{agency.ours.account.slug}")
    listed = editor.at("/contacts/contact/?q=markours%40example.com&p=1").content.decode()
    assert "/exports/exportjob/add/?source=contacts&amp;q=markours%40example.com" in listed
    path = "/exports/exportjob/add/?source=contacts&q=markours%40example.com"
    data = {"form_token": str(uuid.uuid4()), "source": "contacts", "form": "csv"}
    asked = editor.send(path, data)
    job = ExportJob.objects.latest("id")
    assert asked.headers["Location"].endswith(f"/exports/exportjob/{job.pk}/")
    assert (job.query, job.state) == ("q=markours%40example.com", "waiting")
    editor.send(path, data)
    assert ExportJob.objects.latest("id") == job
    making.make(job.pk)
    assert "MARKOURS@example.com" in editor.at(f"/exports/exportjob/{job.pk}/file/").getvalue().decode()
    response = editor.at(f"/exports/exportjob/{job.pk}/file/")
    assert response.headers["Content-Disposition"] == f'attachment; filename="contacts-markours-{job.pk}.csv"'
    assert "no-store" in response.headers["Cache-Control"]
    done = AuditEvent.objects.filter(action__startswith="export.").order_by("id").values_list("action", flat=True)
    assert list(done) == ["export.made", "export.downloaded", "export.downloaded"]


def test_a_large_list_of_people_leaves_only_with_its_number_typed(agency: Agency, settings: Any) -> None:
    settings.EXPORTS_TYPED_COUNT_ABOVE = 2
    add(agency, "alpha1@example.com", "alpha2@example.com", "beta@example.com")
    editor = Visitor(agency.insiders["edit"], f"/c/{agency.ours.account.slug}")
    base, jobs = "/exports/exportjob/add/?source=contacts", ExportJob.objects.count()
    assert "The file will name 4 people." in editor.at(base).content.decode()
    assert "typed_count" in editor.at(base).content.decode()
    assert "typed_count" not in editor.at(f"{base}&q=alpha").content.decode()
    for typed in ("", "3", "5", "x"):
        data = {"form_token": str(uuid.uuid4()), "form": "csv", "typed_count": typed}
        assert editor.send(base, data).status_code == 200, typed
    with pytest.raises(ValidationError):
        services.ask(agency.insiders["edit"], agency.ours.account, "contacts", "csv", QueryDict())
    assert ExportJob.objects.count() == jobs
    data = {"form_token": str(uuid.uuid4()), "form": "csv", "typed_count": "\u202f4 "}
    assert editor.send(base, data).status_code == 302
    data = {"form_token": str(uuid.uuid4()), "form": "csv"}
    assert editor.send(f"{base}&q=alpha", data).status_code == 302
    assert ExportJob.objects.count() == jobs + 2


def test_without_a_list_one_is_chosen_first(agency: Agency) -> None:
    editor = Visitor(agency.insiders["edit"], f"/c/{agency.ours.account.slug}")
    page = editor.at("/exports/exportjob/add/").content.decode()
    for name in ("contacts", "groups", "mailings", "history"):
        assert f"/exports/exportjob/add/?source={name}" in page
    assert "source=plan" not in page
    assert "history_clients" not in page
    data = {"form_token": str(uuid.uuid4()), "source": "contacts", "form": "csv"}
    for query in ("", "?source=nothing", "?source=history_clients"):
        assert editor.send(f"/exports/exportjob/add/{query}", data).status_code == 200


@pytest.mark.parametrize(("source", "form"), [("nothing", "csv"), ("contacts", "exe"), ("", "")])
def test_nonsense_is_refused(agency: Agency, source: str, form: str) -> None:
    with pytest.raises(ValidationError):
        services.ask(agency.administrator, agency.ours.account, source, form, QueryDict())


def test_one_person_cannot_fill_the_queue(agency: Agency) -> None:
    for _number in range(services.AT_ONCE):
        services.ask(agency.administrator, agency.ours.account, "groups", "csv", QueryDict())
    with pytest.raises(ValidationError):
        services.ask(agency.administrator, agency.ours.account, "groups", "csv", QueryDict())


# --- cells ---
@pytest.mark.parametrize(("language", "delimiter"), [("fr", ";"), ("fr-ca", ";"), ("en", ",")])
def test_no_cell_of_a_csv_is_a_formula(language: str, delimiter: str) -> None:
    data = b"".join(writers.as_csv(["a"], ["Été"], [[one] for one in EVIL], language)).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(data, newline=""), delimiter=delimiter))
    assert rows == [["Été"], *([f"'{one}"] for one in EVIL)]


def test_no_cell_of_an_xlsx_is_a_formula_and_all_are_typed() -> None:
    values = [*EVIL, "a<b>&\ud800\x01é", 5, 1.5, True, None, "x" * 40_000]
    data = b"".join(writers.as_xlsx(["a"], ["Label"], [[one] for one in values], "fr"))
    rows = sheet(data)
    assert rows[0] == ["Label"]
    expected = [f"'{one}".replace("\x00", "") for one in EVIL]
    assert [row[0].replace("\r", "\n") for row in rows[1 : len(EVIL) + 1]] == [
        one.replace("\r", "\n") for one in expected
    ]
    assert rows[len(EVIL) + 1 :] == [["a<b>&é"], ["5"], ["1.5"], ["1"], [""], ["x" * 32_000]]
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert b"<f" not in book.read("xl/worksheets/sheet1.xml")


def test_a_long_list_goes_on_in_the_next_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "SHEET_ROWS", 4)
    data = b"".join(writers.as_xlsx(["a"], ["N"], ([number] for number in range(7)), "en"))
    assert [sheet(data, number) for number in (1, 2, 3)] == [
        [["N"], ["0"], ["1"], ["2"]], [["N"], ["3"], ["4"], ["5"]], [["N"], ["6"]]
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_an_empty_list_is_a_file_too(form: str) -> None:
    data = b"".join(writers.WRITERS[form](["a"], ["A"], [], "en"))
    assert {"csv": b"\xef\xbb\xbfA\r\n", "json": b"[]\n"}.get(form, data) == data
    assert form != "xlsx" or sheet(data) == [["A"]]


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_memory_stays_flat(form: str) -> None:
    def peak(rows: int) -> int:
        stream = writers.Stream(
            writers.WRITERS[form](["a", "b"], ["A", "B"], (["x" * 50, n] for n in range(rows)), "en")
        )
        tracemalloc.start()
        while stream.read(1 << 16):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(100)
    assert peak(40_000) < peak(4_000) + 500_000


# --- crashes and age ---
def test_a_worker_that_died_is_followed_by_another(agency: Agency) -> None:
    job = services.ask(agency.administrator, agency.ours.account, "contacts", "csv", QueryDict())
    ExportJob.objects.filter(pk=job.pk).update(
        state="making", claim=uuid.uuid4(), lease_until=clock.now() + making.LEASE, tries=1
    )
    making.make(job.pk)
    assert making.open_jobs() == []
    clock.advance(making.LEASE.total_seconds() + 1)
    assert making.open_jobs() == [job.pk]
    making.make(job.pk)
    job.refresh_from_db()
    assert (job.state, job.tries) == ("ready", 2)


def test_after_three_deaths_it_is_given_up(agency: Agency) -> None:
    job = services.ask(agency.administrator, agency.ours.account, "contacts", "csv", QueryDict())
    ExportJob.objects.filter(pk=job.pk).update(state="making", lease_until=clock.now(), tries=3)
    clock.advance(1)
    making.make(job.pk)
    job.refresh_from_db()
    assert (job.state, job.reason) == ("failed", "crash")


def test_a_week_later_the_file_is_gone(agency: Agency) -> None:
    job = made(agency)
    path = root() / "exports" / str(job.account_id) / job.stored_name
    assert b"markours" not in path.read_bytes().lower()
    clock.advance(6.9 * 86_400)
    making.keep_house()
    assert path.exists()
    clock.advance(0.2 * 86_400)
    making.keep_house()
    job.refresh_from_db()
    assert (job.state, job.stored_name, path.exists()) == ("gone", "", False)


def test_an_erasure_takes_files_and_searches_that_may_name_the_person(
    agency: Agency, django_capture_on_commit_callbacks: Any
) -> None:
    account, who = agency.ours.account, agency.insiders["edit"]
    ExportJob.objects.all().delete()
    lists = [made(agency), made(agency, "history"), made(agency, "groups")]
    across = services.ask(who, None, "history_clients", "csv", QueryDict())
    making.make(across.pk)
    theirs = services.ask(agency.administrator, agency.theirs.account, "contacts", "csv", QueryDict("q=zo%C3%A9"))
    making.make(theirs.pk)
    jobs = [
        services.ask(agency.administrator, account, "contacts", "csv", QueryDict(query, mutable=True))
        for query in ("q=Zo%C3%A9%2Ba%40x.ca", "q=Zo%C3%A9%2Ba%40x.ca", "q=alpha", "q=alpha")
    ]
    ExportJob.objects.filter(pk=jobs[0].pk).update(state="failed")
    ExportJob.objects.filter(pk=jobs[2].pk).update(state="making", claim=uuid.uuid4(), lease_until=clock.now())
    audit.record("export.made", actor=who, account=account, export=1, query="q=Zo%C3%A9%2Ba%40x.ca", rows=1)
    gone = [root() / "exports" / str(job.account_id or 0) / job.stored_name for job in refreshed(*lists[:2], across)]

    with django_capture_on_commit_callbacks(execute=True):
        assert erasers.exports(account, "zoé+a@x.ca") == 3
    assert [job.state for job in refreshed(*lists, across, theirs)] == ["gone", "gone", "ready", "gone", "ready"]
    assert not [path for path in gone if path.exists()]
    assert [(job.state, job.query) for job in refreshed(*jobs)] == [
        ("failed", ""), ("failed", ""), ("waiting", "q=alpha"), ("waiting", "q=alpha")
    ]  # fmt: skip
    told = AuditEvent.objects.filter(action__startswith="export.")
    assert {entry.detail.get("query", "") for entry in told} == {""}


def test_what_could_not_be_made_forgets_what_was_searched_for(agency: Agency) -> None:
    assert made(agency, query="id__in=1&q=zoe").query == ""


def test_what_an_address_says_is_bounded() -> None:
    assert narrowing(QueryDict("q=a&p=3&e=1&state=&source=x&from=1-2")) == "q=a"
    assert len(narrowing(QueryDict("q=" + "a" * 10_000))) == 2_000
    assert ask_url("plan", QueryDict("verdict=create&after=50"), change_set=3).endswith(
        "?source=plan&verdict=create&change_set=3"
    )


def test_the_lists_are_those_of_registered_admins() -> None:
    assert {"contacts", "groups", "mailings", "recipients", "plan", "history", "history_clients"} == set(
        sources.SOURCES
    )
    assert Contact in admin.site._registry
