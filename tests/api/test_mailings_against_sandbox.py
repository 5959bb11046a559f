"""Mailings and templates over real HTTP against the sandbox, which shares no code with the client."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cyberadmin.api import errors, types
from cyberadmin.api.types import MemberWrite
from tests.api.conftest import NOW
from tests.sandbox_server import SandboxServer

URL = "https://www.example.com/octobre"
KINDS = ["all", "delivered", "stopped", "hard-bounced", "soft-bounced", "unsubscribed", "opened", "clicked"]


@pytest.fixture(autouse=True)
def _only_what_the_test_does(sandbox: SandboxServer) -> None:
    sandbox.settings(mailing_outcomes="none")


def test_a_template_from_birth_to_deletion(client):
    made = client.templates.create(types.TemplateWrite(title="Gabarit", body_html="<p>Été</p>", body_text="Été"))
    assert (made.title, made.body_html, made.body_text) == ("Gabarit", "<p>Été</p>", "Été")
    assert made.created_at == made.updated_at == datetime(2025, 10, 1, 13, 0, 0, tzinfo=UTC)
    assert client.templates.get(made.id) == made
    replaced = client.templates.replace(made.id, types.TemplateWrite(title="Promotion", body_html="<p>Hiver</p>"))
    assert (replaced.title, replaced.body_html, replaced.body_text) == ("Promotion", "<p>Hiver</p>", "")
    other = client.templates.create(types.TemplateWrite(title="Avis", body_text="Avis"))
    page = client.templates.list(limit=1, page=2, sort="template_asc")
    assert (page.total_count, [row.id for row in page.items]) == (2, [made.id])
    client.templates.delete(made.id)
    with pytest.raises(errors.NotFound):
        client.templates.get(made.id)
    assert [row.id for row in client.templates.list().items] == [other.id]


def test_a_mailing_is_scheduled_as_written_and_cancelled(client, account):
    group, empty = client.groups.create("Un", is_public=True), client.groups.create("Deux", is_public=True)
    client.members.create(MemberWrite(email="a@example.com"), [group.id])
    written = letter([group.id], mail_from=account["email"], from_name="Belle-Rive", reply_to="info@example.com")
    made = client.mailings.create(written)
    assert (made.subject, made.language, made.scheduled_at) == ("Octobre", "fr_ca", written.send_at)
    detail = client.mailings.get(made.id)
    assert (detail.status, detail.started_at, detail.scheduled_at) == ("scheduled", None, written.send_at)
    assert (detail.mail_from, detail.from_name, detail.reply_to) == (account["email"], "Belle-Rive", "info@example.com")
    assert (detail.body_html, detail.body_text) == (written.body_html, "Bonjour")
    assert detail.recipient_groups == (types.GroupRef(group.id, "Un"),)
    assert (made.emails_stopped, detail.emails_stopped, detail.mailing_statistics) == (None, 0, "detailed")
    (row,) = client.mailings.list_scheduled(group_id=group.id).items
    assert (row.id, row.scheduled_at, row.recipients_count) == (made.id, written.send_at, 1)
    assert client.mailings.list_scheduled(group_id=empty.id).rows == []
    assert client.mailings.list_recipients(made.id).rows == []
    client.mailings.delete(made.id)
    assert client.mailings.list_scheduled().total_count == 0
    with pytest.raises(errors.NotFound):
        client.mailings.get(made.id)


def test_the_time_of_a_mailing_is_the_moment_meant(client):
    group = client.groups.create("Un", is_public=True)
    for moment in (
        datetime(2026, 1, 15, 8, 30, tzinfo=types.TORONTO),
        datetime(2026, 3, 8, 7, 0, tzinfo=UTC),
        datetime(2026, 7, 1, 3, 59, 59, tzinfo=UTC),
        datetime(2026, 11, 1, 7, 0, tzinfo=UTC),
    ):
        made = client.mailings.create(replace(letter([group.id]), send_at=moment))
        assert client.mailings.get(made.id).scheduled_at == moment
    assert [row.scheduled_at.month for row in client.mailings.list_scheduled(sort="date_desc").items] == [11, 7, 3, 1]


def test_a_mailing_the_vendor_does_not_want_is_refused(client):
    group = client.groups.create("Un", is_public=True)
    for wrong in (
        replace(letter([group.id]), send_at=datetime(2025, 9, 30, tzinfo=UTC)),
        replace(letter([group.id]), mail_from="somebody.else@example.com"),
        letter([999_999]),
    ):
        with pytest.raises(errors.Rejected) as caught:
            client.mailings.create(wrong)
        assert caught.value.vendor_message
    assert client.mailings.list_scheduled().total_count == 0


@pytest.mark.parametrize("choice", ["given", "absent"])
def test_what_the_vendor_keeps_back_of_a_mailing_is_none(sandbox, client, choice):
    made = client.mailings.create(letter([client.groups.create("Un", is_public=True).id]))
    sandbox.settings(mailing_body=choice, mailing_groups=choice, mailing_send_at=choice)
    try:
        detail = client.mailings.get(made.id)
    finally:
        sandbox.settings(mailing_body="given", mailing_groups="given", mailing_send_at="given")
    kept = (detail.body_html, detail.body_text, detail.recipient_groups, detail.scheduled_at)
    assert [value is None for value in kept] == [choice == "absent"] * 4
    assert (detail.id, detail.status) == (made.id, "scheduled")


def test_the_results_of_a_mailing(sandbox, client, account):
    group, other = client.groups.create("Un", is_public=True), client.groups.create("Deux", is_public=True)
    doings = ["hard_bounce", "soft_bounce", "open", "click", "unsubscribe", "nothing"]
    people = {kind: client.members.create(MemberWrite(email=f"{kind}@example.com"), [group.id]) for kind in doings}
    made = client.mailings.create(letter([group.id, other.id]))
    with later(sandbox, days=30):
        for kind in ["click", *doings[:-1]]:
            do(sandbox, account, made, "outcome", kind=kind, email=people[kind].email)
        detail = client.mailings.get(made.id)
        (sent,) = client.mailings.list_sent(group_id=group.id).items
        pages = {kind: client.mailings.list_recipients(made.id, kind, sort="email_asc") for kind in KINDS}
        assert client.mailings.list_recipients(made.id, group_id=other.id).rows == []
        assert client.mailings.list_recipients(made.id, limit=2, page=3).total_count == 6
        with pytest.raises(errors.Rejected):
            client.mailings.delete(made.id)
        assert client.mailings.list_archived().rows == []
        do(sandbox, account, made, "archive")
        (archived,) = client.mailings.list_archived(sort="date_sent_asc", group_id=group.id).items
        assert client.mailings.list_sent().rows == []
    start = detail.started_at
    assert (sent.id, sent.recipients_count, sent.started_at) == (made.id, 6, start)
    assert (archived.id, archived.started_at, archived.archived_at > start) == (made.id, start, True)
    assert (detail.status, detail.emails_sent, detail.emails_delivered, detail.emails_stopped) == ("sent", 6, 4, 0)
    assert (detail.views, detail.clicks, detail.incorrect_addresses, detail.technical_problems) == (2, 1, 1, 1)
    assert (detail.delivery_rate, detail.click_rate, detail.view_rate) == (pytest.approx(4 / 6, abs=0.001), 0.25, 0.5)
    assert [(link.url, link.clicks_unique, link.clicks_total) for link in detail.links] == [(URL, 1, 2)]
    assert {kind: {row.email.partition("@")[0] for row in page.items} for kind, page in pages.items()} == {
        "all": set(doings),
        "delivered": {"open", "click", "unsubscribe", "nothing"},
        "stopped": set(),
        "hard-bounced": {"hard_bounce"},
        "soft-bounced": {"soft_bounce"},
        "unsubscribed": {"unsubscribe"},
        "opened": {"open", "click"},
        "clicked": {"click"},
    }
    for kind, page in pages.items():
        dated = types.RECIPIENT_KINDS[kind] is not None
        assert all((row.happened_at is not None and row.happened_at > start) is dated for row in page.items)
    members = {row.email: row.member_id for row in pages["all"].items}
    gone = {"hard_bounce@example.com", "unsubscribe@example.com"}
    assert members == {member.email: None if member.email in gone else member.id for member in people.values()}


def test_a_stopped_mailing(sandbox, client, account):
    group = client.groups.create("Un", is_public=True)
    for number in range(3):
        client.members.create(MemberWrite(email=f"person{number}@example.com"), [group.id])
    made = client.mailings.create(letter([group.id]))
    do(sandbox, account, made, "stop", sent=1)
    detail = client.mailings.get(made.id)
    assert (detail.status, detail.emails_stopped, detail.started_at is None) == ("stopped", 2, False)
    stopped = client.mailings.list_recipients(made.id, "stopped", sort="email_asc").items
    assert [row.email for row in stopped] == ["person1@example.com", "person2@example.com"]


def do(sandbox: SandboxServer, account: dict[str, Any], mailing: types.Mailing, what: str, **body: Any) -> None:
    """What recipients do, or somebody in the vendor's application."""
    sandbox.control("POST", f"mailings/{mailing.id}/{what}", account=account["id"], **body)


def letter(groups: list[int], **more: str) -> types.MailingWrite:
    return types.MailingWrite(
        subject="Octobre",
        language="fr_ca",
        groups=groups,
        send_at=datetime(2025, 10, 14, 12, 30, tzinfo=UTC),
        body_html=f'<p>Bonjour</p><a href="{URL}">Lire</a>',
        body_text="Bonjour",
        **more,
    )


@contextmanager
def later(sandbox: SandboxServer, days: float) -> Iterator[None]:
    """What is read inside is read so much later; then the clock is back."""
    sandbox.advance(days * 86_400)
    try:
        yield
    finally:
        sandbox.control("POST", "clock", set=NOW)
