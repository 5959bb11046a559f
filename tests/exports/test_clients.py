"""The history over several clients as a file: of the clients that one may edit, for oneself, for as long as one may."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import QueryDict

from cyberadmin.accounts import audit
from cyberadmin.accounts.models import Account, AccountAccess, AuditEvent
from cyberadmin.exports import making, services
from cyberadmin.exports.models import ExportJob
from tests.accounts.isolation_world import Agency
from tests.console.conftest import Visitor
from tests.world import give, make_account

pytestmark = pytest.mark.django_db
SOURCE = "history_clients"


def made(who: User, query: str = "", form: str = "json") -> ExportJob:
    """An export over several clients, asked for and made."""
    job = services.ask(who, None, SOURCE, form, QueryDict(query))
    making.make(job.pk)
    job.refresh_from_db()
    return job


def clients_in(who: User, job: ExportJob) -> set[str]:
    """Names of the clients in a file."""
    return {row["client"] for row in json.loads(b"".join(services.read_file(who, job)))}


@pytest.fixture
def second(agency: Agency) -> Account:
    """One more client, with a line in its history, which our editor may edit and our manager only read."""
    account = make_account("Second client")
    audit.record("account.paused", actor=None, account=account)
    give(agency.insiders["edit"], account, "edit")
    give(agency.insiders["manage"], account, "read")
    return account


def test_it_holds_the_clients_that_one_may_edit(agency: Agency, second: Account) -> None:
    ours = agency.ours.account.name
    editor, manager = agency.insiders["edit"], agency.insiders["manage"]
    assert clients_in(editor, made(editor)) == {ours, "Second client"}
    assert clients_in(manager, made(manager)) == {ours}
    assert clients_in(editor, made(editor, f"client={second.slug}")) == {"Second client"}
    audit.record("password.changed", actor=agency.administrator)
    everything = clients_in(agency.administrator, made(agency.administrator))
    assert everything == {ours, agency.theirs.account.name, "Second client", ""}


def test_a_client_that_is_named_and_not_ones_own_is_none(agency: Agency, second: Account) -> None:
    for who, query in (("edit", f"client={agency.theirs.account.slug}"), ("manage", f"client={second.slug}")):
        job = made(agency.insiders[who], query)
        assert (job.state, job.rows, job.covers) == ("ready", 0, [])


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_every_format_can_be_made(agency: Agency, second: Account, form: str) -> None:
    job = made(agency.insiders["edit"], form=form)
    assert (job.state, job.rows > 1) == ("ready", True)


def test_who_edits_nothing_exports_nothing(agency: Agency) -> None:
    for who in (agency.insiders["read"], agency.outsiders["none"]):
        with pytest.raises(PermissionDenied):
            services.ask(who, None, SOURCE, "csv", QueryDict())
        page = Visitor(who, "").get("/exports/exportjob/clients/add/").content.decode()
        assert "nothing that you may export" in page
        assert "exportjob/clients/add" not in Visitor(who, "").get("/history/clients/").content.decode()


def test_lists_of_one_client_and_of_several_are_not_mixed_up(agency: Agency) -> None:
    with pytest.raises(ValidationError):
        services.ask(agency.administrator, None, "contacts", "csv", QueryDict())
    with pytest.raises(ValidationError):
        services.ask(agency.administrator, agency.ours.account, SOURCE, "csv", QueryDict())


def test_a_right_lost_before_it_is_made_narrows_it_and_after_it_closes_it(agency: Agency, second: Account) -> None:
    editor = agency.insiders["edit"]
    job = made(editor)
    waiting = services.ask(editor, None, SOURCE, "json", QueryDict())
    role = AccountAccess.objects.get(user=editor, account=second)
    AccountAccess.objects.filter(pk=role.pk).update(role="read")
    making.make(waiting.pk)
    waiting.refresh_from_db()
    assert clients_in(editor, waiting) == {agency.ours.account.name}
    with pytest.raises(PermissionDenied):
        services.read_file(editor, job)
    assert Visitor(editor, "").get(f"/exports/exportjob/clients/{job.pk}/file/").status_code == 403


def test_an_administrator_that_is_none_any_more_does_not_open_it(agency: Agency) -> None:
    boss = agency.administrator
    job = made(boss)
    for account in Account.objects.all():
        give(boss, account, "manage")
    User.objects.filter(pk=boss.pk).update(is_superuser=False)
    with pytest.raises(PermissionDenied):
        services.read_file(User.objects.get(pk=boss.pk), job)


def test_nobody_else_finds_it(agency: Agency, second: Account) -> None:
    job = made(agency.insiders["edit"])
    base = f"/c/{agency.ours.account.slug}/exports/exportjob/"
    for who in (agency.insiders["manage"], agency.administrator):
        visitor = Visitor(who, "")
        for path in ("", "status/", "file/"):
            assert visitor.get(f"/exports/exportjob/clients/{job.pk}/{path}").status_code == 404, path
            assert visitor.get(f"{base}{job.pk}/{path}").status_code == 404, path
            assert visitor.get(f"{base}clients/{job.pk}/{path}").status_code == 404, path
        with pytest.raises(PermissionDenied):
            services.read_file(who, job)


def test_each_client_knows_that_its_history_left(agency: Agency, second: Account) -> None:
    editor = agency.insiders["edit"]
    job = made(editor, "q=account&kind=")
    list(services.read_file(editor, job))
    events = AuditEvent.objects.filter(action__startswith="export.")
    told = [
        (name, account) for name in ("export.made", "export.downloaded") for account in (agency.ours.account, second)
    ]
    assert sorted((one.action, one.account_id) for one in events) == sorted((name, one.pk) for name, one in told)
    # A page of one client tells nothing of what was searched for over several.
    assert all("query" not in one.detail for one in events)


def test_from_the_screen_to_the_file(agency: Agency, second: Account, language: str) -> None:
    visitor: Any = Visitor(agency.insiders["edit"], "", language)
    screen = visitor.get(f"/history/clients/?client={second.slug}&p=2").content.decode()
    ask = f"/exports/exportjob/clients/add/?client={second.slug}"
    assert f'href="{ask}"' in screen
    page = visitor.get(ask).content.decode().split("<main")[1]
    assert "Second client" in page
    assert agency.ours.account.name not in page
    answer = visitor.post(ask, {"form_token": str(uuid.uuid4()), "form": "csv"})
    job = ExportJob.objects.get(account=None)
    assert answer.headers["Location"] == f"/exports/exportjob/clients/{job.pk}/"
    assert visitor.get(f"{answer.headers['Location']}status/").json()["final"] is False
    making.make(job.pk)
    assert f"{job.pk}/file/" in visitor.get(answer.headers["Location"]).content.decode()
    file = visitor.get(f"{answer.headers['Location']}file/")
    assert {"fr": "historique-clients-", "en": "history-clients-"}[language] in file.headers["Content-Disposition"]
    assert "Second client" in file.getvalue().decode()
    assert f"/exports/exportjob/clients/{job.pk}/" in visitor.get(ask).content.decode()
