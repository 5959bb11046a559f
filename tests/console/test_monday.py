"""The first page: what needs one over all clients, worst first, each line leading to its repair; nothing of others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from campaigns.models import Approval, Campaign, Mailing
from contacts.models import Contact
from cyberadmin.accounts.models import Account, Credential
from cyberadmin.console import needs
from cyberadmin.console.needs import Severity
from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Change, ChangeSet, Heartbeat, HeldSweep, Installation, PullRun
from tests.cases.desk import open_case
from tests.world import give, make_account, make_user

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _worker(db: None) -> None:
    Heartbeat.objects.create(name="worker", at=timezone.now())


def healthy(name: str) -> Account:
    """A client of which nothing needs anybody."""
    account = make_account(name)
    PullRun.objects.create(account=account, scope="full", state="complete", started_at=now())
    return account


def change(account: Account, state: str, age: timedelta = timedelta(0)) -> Change:
    made = Change.objects.create(
        account=account,
        kind="contact",
        object_id=Change.objects.count() + 1,
        object_label="secret@example.com",
        verb="update",
        state=state,
        not_before=now(),
        sent_at=now() - age,
    )
    Change.objects.filter(pk=made.pk).update(created_at=now() - age)
    return made


def mailing(account: Account, send_at: Any, **fields: Any) -> Mailing:
    with writing():
        values = {"subject": "Newsletter", "language": "fr_ca", "stage": "scheduled", "purpose": "real"} | fields
        return Mailing.objects.create(account=account, send_at=send_at, **values)


def contact(account: Account, expires_on: date) -> Contact:
    number = Contact.objects.count() + 1
    email = f"secret{number}@example.com"
    with writing():
        return Contact.objects.create(
            account=account,
            email=email,
            email_key=email,
            remote_id=number,
            consent_type="implied",
            consent_read_at=now(),
            consent_expires_on=expires_on,
        )


def asked(account: Account, by: User, recipients: int = 10) -> Approval:
    campaign = Campaign.objects.create(account=account, name="Spring")
    return Approval.objects.create(
        campaign=campaign, state="asked", recipients={"fr_ca": recipients}, asked_by=by, asked_at=now()
    )


def troubled(account: Account, colleague: User) -> None:
    """Everything that can need somebody, on one client."""
    for state in ("failed", "conflict", "parked", "unknown", "queued"):
        change(account, state, 2 * HOUR)
    PullRun.objects.filter(account=account).update(started_at=now() - 2 * DAY)
    run = PullRun.objects.create(account=account, scope="full", state="incomplete", started_at=now())
    HeldSweep.objects.create(account=account, run=run, kind="contact", total=40)
    Credential.objects.create(
        account=account, fingerprint="f", last_four="abcd", state="active", expires_at=now() + 30 * DAY
    )
    Credential.objects.create(
        account=account, fingerprint="g", last_four="efgh", state="retired", secret="x", retired_at=now() - 8 * DAY
    )
    mailing(account, now() + 2 * DAY)
    mailing(account, now() + 3 * DAY, alarm="other_time")
    mailing(account, now() - DAY, stage="sent", emails_sent=100, incorrect_addresses=30, technical_problems=0)
    contact(account, timezone.localdate() - DAY)
    contact(account, timezone.localdate() + 10 * DAY)
    asked(account, colleague)
    for state in ("asked", "paused"):
        ChangeSet.objects.create(account=account, kind="import", object_kind="contact", state=state, actor=colleague)
    Account.objects.filter(pk=account.pk).update(mandate_ends_on=timezone.localdate() + 20 * DAY)


#: Every kind that `troubled` makes, with its severity.
KINDS = {
    "failed": Severity.LATE, "conflicts": Severity.LATE, "mirror": Severity.LATE,
    "removals": Severity.LATE, "token": Severity.LATE, "old_token": Severity.SOON, "mailings": Severity.NOTE,
    "alarm": Severity.BROKEN, "bounces": Severity.LATE, "approvals": Severity.LATE, "bulk": Severity.LATE,
    "queue": Severity.SOON, "mandate": Severity.SOON,
}  # fmt: skip


def page(user: User, language: str = "en", **query: str) -> str:
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    response = client.get("/", query)
    assert response.status_code == 200
    return response.content.decode()


def test_nothing_needs_who_has_healthy_clients_alone() -> None:
    user = give(make_user(), healthy("Calm"), "manage")

    assert needs.of(user) == []
    assert "Nothing needs you" in page(user)


def test_every_kind_is_told_with_its_severity() -> None:
    account, colleague = healthy("Troubled"), make_user()
    user = give(make_user(), account, "manage")
    troubled(account, colleague)

    found = needs.of(user)

    assert {need.kind: need.severity for need in found if need.kind in KINDS} == KINDS
    assert {need.severity for need in found if need.kind == "doubtful"} == {Severity.LATE, Severity.SOON}
    assert {need.severity for need in found if need.kind == "consents"} == {Severity.LATE, Severity.SOON}
    assert {need.kind for need in found} == {*KINDS, "doubtful", "consents"}
    assert [need.severity for need in found] == sorted(need.severity for need in found)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_kind_has_a_name_to_narrow_the_page_by(language: str) -> None:
    kinds = {*KINDS, "doubtful", "consents", "paused", "taking_on", "restored", "cases", "off_boarding"}
    with translation.override(language):
        for kind in kinds:
            assert needs.label(kind) not in ("", kind) or kind in ("bounces", "conflicts", "consents", "approvals"), (
                kind
            )
        if language == "fr":
            assert needs.label("cases") == "dossiers légaux"


def test_open_cases_are_told_with_their_clock_and_open_their_list() -> None:
    account = healthy("Asked")
    user = give(make_user(), account, "manage")
    open_case(user, account, kind="access", days_ago=3)

    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    response = client.get("/")
    ((kind, label, number),) = response.context["kinds"]
    (line,) = response.context["overview"].urgent[0].lines

    assert (kind, label, number) == ("cases", "legal cases", 1)
    assert line.need.due == timezone.localdate() + 27 * DAY
    assert account.name in client.get(line.url).content.decode().split("<main")[1]


def test_each_line_opens_its_repair() -> None:
    account, colleague = healthy("Troubled"), make_user()
    user = give(make_user(), account, "manage")
    troubled(account, colleague)
    client = Client()
    client.force_login(user)

    overview = client.get("/").context["overview"]
    lines = [line for part in overview.urgent for line in part.lines] + overview.notes

    assert len(lines) == len(needs.of(user))
    for line in lines:
        assert line.url.startswith(f"/c/{account.slug}/"), line.need.kind
        assert client.get(line.url).status_code == 200, line.url


def test_a_person_sees_no_line_and_no_number_of_a_client_that_is_not_theirs() -> None:
    mine, theirs, colleague = healthy("Mine"), healthy("Theirs"), make_user()
    troubled(theirs, colleague)
    change(mine, "failed")
    me, other = give(make_user(), mine, "manage"), give(make_user(), theirs, "manage")

    assert [(need.account, need.kind, need.count) for need in needs.of(me)] == [(mine, "failed", 1)]
    assert {need.account for need in needs.of(other)} == {theirs}
    assert "Theirs" not in page(me)
    assert theirs.slug not in page(me)
    assert "Mine" not in page(other)


def test_nobody_reads_an_address_of_a_contact_on_it() -> None:
    account = healthy("Troubled")
    user = give(make_user(), account, "manage")
    troubled(account, make_user())

    assert "secret" not in page(user)


def test_the_worst_client_comes_first() -> None:
    user = make_user()
    for name in ("A calm", "B conflict", "C broken"):
        give(user, healthy(name), "manage")
    change(Account.objects.get(name="B conflict"), "conflict")
    Account.objects.filter(name="C broken").update(paused_reason="token")

    text = page(user).split('<main id="content"')[1]

    assert text.index("C broken") < text.index("B conflict")
    assert "A calm" not in text


def test_it_narrows_to_one_kind() -> None:
    account = healthy("Troubled")
    user = give(make_user(), account, "manage")
    troubled(account, make_user())

    text = page(user, show="conflicts").split('<main id="content"')[1]

    assert "needs a decision" in text
    assert "was refused" not in text
    assert "was refused" in page(user, show="no-such-kind")


def test_it_takes_no_query_per_client() -> None:
    user, colleague = make_user(), make_user()

    def more(number: int) -> None:
        for _ in range(number):
            account = give_one(user)
            troubled(account, colleague)

    def give_one(person: User) -> Account:
        account = healthy(f"Client of {Account.objects.count()}")
        give(person, account, "manage")
        return account

    client = Client()
    client.force_login(user)
    more(3)
    few = queries(lambda: client.get("/"))
    more(37)
    assert queries(lambda: client.get("/")) == few
    assert few <= 40


def queries(call: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as caught:
        call()
    return len(caught)


def test_a_pause_says_why_and_how_much_waits() -> None:
    account = healthy("Stopped")
    user = give(make_user(), account, "manage")
    reader = give(make_user(), account, "read")
    Account.objects.filter(pk=account.pk).update(paused_reason="token")
    change(account, "queued", 2 * DAY)

    [need] = needs.of(user)

    assert (need.kind, need.severity, need.page) == ("paused", Severity.BROKEN, "admin:account_token")
    assert need.words == "Nothing is sent: Cyberimpact refuses the token; 1 change waits"
    assert [need.page for need in needs.of(reader)] == ["admin:index"]


def test_only_who_may_decide_is_asked_to_approve(settings: Any) -> None:
    settings.CAMPAIGNS_SECOND_PERSON_ABOVE = 100
    account = healthy("Approving")
    people = {role: give(make_user(), account, role) for role in ("read", "edit", "send", "manage")}
    asked(account, people["send"], 500)

    waiting = {role: [need.kind for need in needs.of(user)] for role, user in people.items()}

    assert waiting == {"read": [], "edit": [], "send": [], "manage": ["approvals"]}


def test_a_restored_backup_is_told_to_everybody_and_decided_by_an_administrator() -> None:
    account = healthy("Any")
    user, administrator = give(make_user(), account, "manage"), make_user(superuser=True)
    Installation.objects.create(pk=1, restored_at=now())

    assert [(need.account, need.kind, need.page) for need in needs.of(user)] == [(None, "restored", "")]
    assert "/restored/" in page(administrator).split('<main id="content"')[1]
    assert "/restored/" not in page(user)


def test_a_test_mailing_and_one_of_next_month_do_not_leave_this_week() -> None:
    account = healthy("Sending")
    user = give(make_user(), account, "read")
    mailing(account, now() + 2 * DAY, purpose="test")
    mailing(account, now() + 20 * DAY)

    assert needs.of(user) == []


def test_it_speaks_french() -> None:
    account = healthy("Théâtre")
    user = give(make_user(), account, "manage")
    change(account, "conflict")

    text = page(user, "fr")

    assert "1 modification attend une décision" in text
    assert 'lang="fr"' in text
