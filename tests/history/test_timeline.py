"""The timeline: in order, whole over its pages, narrowed, in both languages, and never another client's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cyberadmin.accounts import audit
from cyberadmin.accounts.models import Account, AuditEvent
from cyberadmin.history import timeline
from cyberadmin.history.timeline import Asked, Cursor
from cyberadmin.sync import clock
from cyberadmin.sync.models import ApiCall, Change, Edit
from tests.accounts.isolation_world import Agency
from tests.console.conftest import Visitor
from tests.world import give, make_account, make_user

pytestmark = pytest.mark.django_db


def edit_of(account: Account, label: str, **fields: Any) -> Edit:
    """One edit of a contact."""
    change = Change.objects.create(
        account=account, kind="contact", object_id=1, object_label=label, verb="update", state="done",
        not_before=timezone.now(),
    )  # fmt: skip
    return Edit.objects.create(change=change, actor_name="anne", fields=fields)


def fill(account: Account, number: int) -> list[object]:
    """Entries and edits in turn, oldest first."""
    made: list[object] = []
    for count in range(number):
        made.append(audit.record("account.paused", actor=None, account=account) if count % 3 else edit_of(account, "x"))
    return made


def test_pages_follow_each_other_without_gap_or_double() -> None:
    account, other = make_account(), make_account()
    made = fill(account, 2 * timeline.PER_PAGE + 7)
    fill(other, 5)
    here = Account.objects.filter(pk=account.pk)
    seen: list[object] = []
    start: Cursor | None = Cursor()
    while start is not None:
        lines, start = timeline.page(here, Asked(), start)
        seen += [line.row for line in lines]
        # What happens meanwhile moves nothing.
        audit.record("account.paused", actor=None, account=account)
    assert seen == made[::-1]
    assert [line.row for line in timeline.every(here, Asked(), piece=10)][2:][1:] == made[::-1]


def test_a_page_asks_as_little_for_many_as_for_few() -> None:
    account = make_account()
    here = Account.objects.filter(pk=account.pk)
    counts = []
    for number in (3, 60):
        fill(account, number)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            timeline.page(here, Asked(), Cursor())
        counts.append(len(asked))
    assert counts == [3, 3]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Asked(kind="token"), ["token.asked"]),
        (Asked(text="Hélène"), ["change.retry", "edit"]),
        (Asked(text="%_"), []),
        (Asked(kind="login"), []),
        (Asked(kind="change"), ["edit"]),
        (Asked(until=timezone.localdate().replace(year=2020)), []),
        (Asked(since=timezone.localdate()), ["edit", "change.retry", "token.asked"]),
    ],
)
def test_it_can_be_narrowed(asked: Asked, expected: list[str]) -> None:
    account = make_account()
    audit.record("token.asked", actor=None, account=account)
    audit.record("change.retry", actor=None, account=account, object="Hélène@example.com")
    edit_of(account, "Hélène@example.com")
    lines, _next = timeline.page(Account.objects.filter(pk=account.pk), asked, Cursor())
    assert sorted(getattr(line.row, "action", "edit") for line in lines) == sorted(expected)


def test_who_did_it() -> None:
    account, anne = make_account(), make_user("anne")
    audit.record("account.paused", actor=anne, account=account)
    audit.record("account.paused", actor=None, account=account)
    lines, _next = timeline.page(None, Asked(who=anne.pk), Cursor())
    assert [line.row.actor_name for line in lines] == ["anne"]


@pytest.mark.parametrize("query", ["from=x", "from=-1-2", f"from={'9' * 60}-1", "kind=nonsense", "who=1e9", "since=0000-00-00",
                                   "until=9999-12-31", "q=" + "a" * 10_000, "q=%00", "client=nobody"])  # fmt: skip
def test_bad_addresses_open_a_page(agency: Agency, query: str) -> None:
    boss = Visitor(agency.administrator, f"/c/{agency.ours.account.slug}")
    assert boss.at("/history/?" + query).status_code == 200
    assert boss.get("/history/clients/?" + query).status_code == 200


def test_before_and_after_with_labels_and_the_call(agency: Agency, manager: Visitor, language: str) -> None:
    ours = agency.ours.account
    edit = edit_of(ours, "Zoe", first_name={"before": "Zoe", "after": "Zoé"})
    call = ApiCall.objects.create(
        account=ours,
        change=edit.change,
        method="PATCH",
        path="/members/1",
        status=200,
        duration_ms=5,
        at=timezone.now(),
    )
    text = Visitor(agency.insiders["read"], manager.base, language).at("/history/").content.decode()
    assert {"fr": "Prénom", "en": "First name"}[language] in text
    assert "<td>Zoe</td><td>Zoé</td>" in text
    assert f"/sync/apicall/{call.pk}/" in text
    assert "account.edited" not in text
    assert {"fr": "a changé les réglages du client", "en": "changed the client&#x27;s settings"}[language] in text


@pytest.mark.parametrize("role", ["read", "edit"])
def test_no_entry_offers_a_page_that_is_refused(agency: Agency, role: str) -> None:
    account, pks = agency.ours.account, agency.ours.pks
    named = {"change": pks["change"], "change_set": pks["changeset"], "call": pks["apicall"]}
    named |= {"campaign": pks["campaign"], "mailing": pks["mailing"], "export": pks["exportjob"]}
    audit.record("export.made", actor=None, account=account, **named)
    audit.record("token.asked", actor=None, account=account)
    visitor = Visitor(agency.insiders[role], f"/c/{account.slug}")
    for page in (visitor.at("/history/"), visitor.get("/history/clients/")):
        offered = re.findall(r'<a [^>]*href="(/c/[^"]+/)"', page.content.decode().split("<main")[1])
        assert f"/c/{account.slug}/sync/change/{pks['change']}/" in offered
        assert (f"/c/{account.slug}/exports/exportjob/{pks['exportjob']}/" in offered) == (role == "edit")
        assert {url: visitor.get(url).status_code for url in offered} == dict.fromkeys(offered, 200)


def test_over_all_clients_a_manager_sees_only_theirs(agency: Agency) -> None:
    audit.record("password.changed", actor=agency.administrator)
    manager = Visitor(agency.insiders["manage"], "").get("/history/clients/").content.decode()
    assert "MARKOURS" in manager
    assert "MARKTHEIRS" not in manager
    assert "changed their password" not in manager
    assert (
        "MARKTHEIRS"
        not in Visitor(agency.insiders["manage"], "").get("/history/clients/?client=marktheirs").content.decode()
    )
    boss = Visitor(agency.administrator, "").get("/history/clients/?kind=login").content.decode()
    assert "changed their password" in boss
    for role in ("read", "edit", "send"):
        text = Visitor(agency.insiders[role], "").get("/history/clients/").content.decode()
        assert "MARKOURS" in text
        assert "MARKTHEIRS" not in text
    assert "MARK" not in Visitor(agency.outsiders["none"], "").get("/history/clients/").content.decode()


def test_the_people_to_choose_from_are_those_of_the_client(agency: Agency) -> None:
    page = Visitor(agency.insiders["read"], f"/c/{agency.ours.account.slug}").at("/history/")
    offered = set(
        re.findall(r'<option value="(\d+)"', page.content.decode().split('name="who"')[1].split("</select>")[0])
    )
    assert str(agency.outsiders["other"].pk) not in offered
    assert str(agency.insiders["edit"].pk) in offered


def test_refused_pages_are_written_down_but_bounded(agency: Agency) -> None:
    reader = Visitor(agency.insiders["read"], f"/c/{agency.ours.account.slug}")
    for _time in range(3):
        assert reader.at("/settings/").status_code == 403
    refused = AuditEvent.objects.filter(action="page.refused")
    assert [(one.account, one.detail) for one in refused] == [
        (agency.ours.account, {"page": "settings/", "method": "GET"})
    ]
    clock.advance(3_700)
    try:
        assert Visitor(agency.insiders["read"], reader.base).at("/settings/").status_code == 403
    finally:
        clock.reset()
    reader = Visitor(agency.insiders["read"], reader.base)
    assert AuditEvent.objects.filter(action="page.refused").count() == 2
    assert "was refused a page: GET settings/" in reader.at("/history/?kind=refusal").content.decode()


def test_a_script_cannot_fill_the_history(agency: Agency) -> None:
    user = agency.insiders["read"]
    accounts = [make_account() for _number in range(25)]
    for account in accounts:
        give(user, account, "read")
        assert Visitor(user, f"/c/{account.slug}").at("/settings/").status_code == 403
    assert AuditEvent.objects.filter(action="page.refused").count() == 20
    assert AuditEvent.objects.filter(action="page.refused_often").count() == 1


def test_pages_of_clients_one_does_not_see_leave_no_trace_in_their_history(agency: Agency) -> None:
    before = AuditEvent.objects.count()
    assert Visitor(agency.insiders["manage"], f"/c/{agency.theirs.account.slug}").at("/settings/").status_code == 404
    assert AuditEvent.objects.count() == before
