"""Mailings, recipients and templates: JSON of the vendor to dataclasses and back, from the samples."""

import dataclasses
from datetime import UTC, datetime

import pytest

from cyberadmin.api import types
from cyberadmin.api.errors import SchemaError
from cyberadmin.api.types import TORONTO, MailingWrite, TemplateWrite
from tests.api.conftest import sample

SUMMER = types.MailingDetail(
    id=31388,
    subject="Horaire d’été",
    language="fr_ca",
    status="sent",
    scheduled_at=datetime(2025, 6, 20, 12, 30, tzinfo=UTC),
    started_at=datetime(2025, 6, 20, 12, 30, 4, 517_000, UTC),
    reply_to="info@example.com",
    mail_from="infolettre@example.com",
    from_name="Coopérative Belle-Rive",
    body_html="<h1>Bonjour!</h1>",
    body_text="Bonjour!",
    mailing_statistics="detailed",
    view_online_url="https://app.cyberimpact.com/newsletter-view-online?ct=EXAMPLE",
    recipients_count=1264,
    emails_sent=1264,
    emails_delivered=1240,
    emails_stopped=0,
    views=620,
    clicks=186,
    sent_to_friend=2,
    incorrect_addresses=15,
    technical_problems=9,
    delivery_rate=0.981,
    click_rate=0.15,
    view_rate=0.5,
    links=(types.MailingLink(77120, "https://www.example.com/ete", 150, 203),),
    recipient_groups=(types.GroupRef(20418, "Infolettre mensuelle"),),
)
NEW = MailingWrite(
    subject="Nouveautés d’octobre",
    language="fr_ca",
    groups=[20418],
    send_at=datetime(2025, 10, 14, 12, 30, tzinfo=UTC),
    reply_to="info@example.com",
    from_name="Coopérative Belle-Rive",
    mail_from="infolettre@example.com",
    body_html="<h1>Bonjour!</h1>",
    body_text="Bonjour!",
    google_analytics=True,
    google_analytics_campaign="octobre-2025",
    mailing_statistics="detailed",
    update_profile_form=32,
)
SURE = ("id", "subject", "language")
STATE = ("status", "startedOn")


def test_a_mailing_is_read_whole():
    assert types.MailingDetail.from_json(sample("mailing_sent")) == SUMMER


def test_a_mailing_that_waits_has_not_started():
    waiting = types.MailingDetail.from_json(sample("mailing_scheduled"))
    assert (waiting.status, waiting.started_at, waiting.links) == ("scheduled", None, ())
    assert waiting.scheduled_at == datetime(2025, 10, 14, 12, 30, tzinfo=UTC)
    assert (waiting.emails_sent, waiting.view_rate) == (0, 0.0)


def test_of_a_mailing_just_made_what_was_not_told_is_none():
    made = types.Mailing.from_json(sample("mailing_created"))
    assert (made.id, made.scheduled_at) == (31502, datetime(2025, 10, 14, 12, 30, tzinfo=UTC))
    assert (made.emails_stopped, made.mailing_statistics, made.emails_sent) == (None, None, 0)


def test_the_bodies_are_not_in_the_repr():
    for value in (SUMMER, NEW, types.Template.from_json(sample("template")), TemplateWrite(title="x", body_html="<b>")):
        assert "<" not in repr(value)


def test_a_mailing_just_made_needs_little_and_a_detail_its_state_too():
    bare = {key: sample("mailing_sent")[key] for key in SURE}
    made = types.Mailing.from_json(bare)
    given = {name: value for name, value in dataclasses.asdict(made).items() if value is not None}
    assert given == {"id": 31388, "subject": "Horaire d’été", "language": "fr_ca"}
    for key in SURE:
        with pytest.raises(SchemaError, match=f"^{key}: missing$"):
            types.Mailing.from_json({name: value for name, value in bare.items() if name != key})
    stated = {**bare, "status": "sent", "startedOn": None}
    assert types.MailingDetail.from_json(stated).status == "sent"
    for key in STATE:
        with pytest.raises(SchemaError, match=f"^{key}: missing$"):
            types.MailingDetail.from_json({name: value for name, value in stated.items() if name != key})
    for status in (None, ""):
        with pytest.raises(SchemaError, match="^status: empty$"):
            types.MailingDetail.from_json({**stated, "status": status})


@pytest.mark.parametrize("key", sorted(set(sample("mailing_sent")) - set(SURE) - set(STATE)))
def test_what_a_detail_lacks_is_none_and_what_it_has_must_fit(key):
    row = sample("mailing_sent")
    changed = []
    for other in ({**row, key: None}, {name: value for name, value in row.items() if name != key}):
        read = dataclasses.asdict(types.MailingDetail.from_json(other))
        changed.append([(name, value) for name, value in read.items() if value != dataclasses.asdict(SUMMER)[name]])
    assert changed[0] == changed[1]
    assert [value for _, value in changed[0]] == [None]
    for wrong in ({"a": 1}, True, -1):
        with pytest.raises(SchemaError, match=f"^{key}: "):
            types.MailingDetail.from_json({**row, key: wrong})


def test_an_unknown_status_and_unknown_keys_pass():
    row = {**sample("mailing_sent"), "status": "paused", "nouveauté": {"a": [1]}}
    assert types.MailingDetail.from_json(row) == dataclasses.replace(SUMMER, status="paused")


@pytest.mark.parametrize(("value", "rate"), [(0, 0.0), (1, 1.0), (0.981, 0.981), (5e-324, 5e-324), (1.5, 1.5)])
def test_a_rate_is_a_number(value, rate):
    assert types.MailingDetail.from_json({**sample("mailing_sent"), "viewRate": value}).view_rate == rate


@pytest.mark.parametrize("value", [-0.1, float("inf"), float("nan"), True, "0.5", "", []])
def test_anything_else_is_no_rate(value):
    with pytest.raises(SchemaError, match="^viewRate: not a number"):
        types.MailingDetail.from_json({**sample("mailing_sent"), "viewRate": value})


@pytest.mark.parametrize("key", ["links", "recipientGroups"])
@pytest.mark.parametrize("value", [{}, "x", 1, [None], ["x"], [[]], [{}], [{"id": 1}]])
def test_links_and_groups_are_lists_of_objects(key, value):
    with pytest.raises(SchemaError):
        types.MailingDetail.from_json({**sample("mailing_sent"), key: value})


LISTED = [
    (types.SentMailing, "mailings_sent", "mailings"),
    (types.ScheduledMailing, "mailings_scheduled", "mailings"),
    (types.ArchivedMailing, "mailings_archived", "mailings"),
    (types.Recipient, "recipients_all", "recipients"),
    (types.TemplateSummary, "templates", "templates"),
]


@pytest.mark.parametrize(("reader", "name", "key"), LISTED)
def test_of_a_row_every_field_is_needed(reader, name, key):
    row = sample(name)[key][0]
    assert reader.from_json({**row, "nouveauté": 1}) == reader.from_json(row)
    for missing in row:
        with pytest.raises(SchemaError, match=f"^{missing}: missing$"):
            reader.from_json({other: value for other, value in row.items() if other != missing})


def test_rows_of_mailings_carry_their_dates():
    started = datetime(2025, 6, 20, 12, 30, 4, 517_000, UTC)
    summer = {"id": 31388, "subject": "Horaire d’été", "language": "fr_ca"}
    common = {**summer, "recipients_count": 1264, "mail_from": "infolettre@example.com", "started_at": started}
    (sent,), (archived,) = sample("mailings_sent")["mailings"], sample("mailings_archived")["mailings"]
    assert types.SentMailing.from_json(sent) == types.SentMailing(**common)
    assert types.ArchivedMailing.from_json(archived) == types.ArchivedMailing(
        **common, archived_at=datetime(2025, 9, 1, 14, 33, 15, tzinfo=UTC)
    )
    waiting = types.ScheduledMailing.from_json(sample("mailings_scheduled")["mailings"][0])
    assert waiting.scheduled_at == datetime(2025, 10, 14, 12, 30, tzinfo=UTC)
    # Old mailings lack their sender, and one that left may lack its start.
    old = types.SentMailing.from_json({**sent, "mailFrom": "", "startedOn": None})
    assert (old.mail_from, old.started_at) == ("", None)
    for reader, row, key in (
        (types.ScheduledMailing, sample("mailings_scheduled")["mailings"][0], "scheduledOn"),
        (types.ArchivedMailing, archived, "archivedOn"),
    ):
        with pytest.raises(SchemaError, match=f"^{key}: not a date-time$"):
            reader.from_json({**row, key: None})


DATED = {
    "hard-bounced": "hardBouncedOn",
    "soft-bounced": "softBouncedOn",
    "unsubscribed": "unsubscribedOn",
    "opened": "openedOn",
    "clicked": "clickedOn",
}


@pytest.mark.parametrize("kind", ["all", "delivered", "stopped", *DATED])
def test_a_recipient_carries_the_date_of_its_list(kind):
    row = sample(f"recipients_{kind.replace('-', '_')}")["recipients"][0]
    read = types.Recipient.from_json(row, kind)
    assert (read.email, read.custom_values[3]) == ("maude.lavoie@example.com", 12)
    assert read.member_id == (None if kind == "unsubscribed" else 4182230)
    if kind not in DATED:
        assert read.happened_at is None
        return
    written = {**row, DATED[kind]: "2025-06-20T09:15:40-04:00"}
    assert types.Recipient.from_json(written, kind).happened_at == datetime(2025, 6, 20, 13, 15, 40, tzinfo=UTC)
    assert types.Recipient.from_json({**row, DATED[kind]: None}, kind).happened_at is None
    del written[DATED[kind]]
    with pytest.raises(SchemaError, match=f"^{DATED[kind]}: missing$"):
        types.Recipient.from_json(written, kind)


def test_a_template_is_read_whole():
    read = types.Template.from_json(sample("template"))
    created = datetime(2025, 8, 4, 15, 5, 19, 230_000, UTC)
    assert read == types.Template(
        id=1841,
        title="Gabarit promotionnel",
        created_at=created,
        updated_at=created,
        body_html="<p>[CONTENU]</p>",
        body_text="[CONTENU]",
    )
    empty = types.Template.from_json({**sample("template"), "title": "", "bodyText": None})
    assert (empty.title, empty.body_text) == ("", "")
    for key in sample("template"):
        with pytest.raises(SchemaError, match=f"^{key}: missing$"):
            types.Template.from_json({name: value for name, value in sample("template").items() if name != key})


# Writing


def test_writes_are_the_samples():
    assert NEW.to_json() == sample("mailing_create_request")
    template = TemplateWrite(title="Gabarit promotionnel", body_html="<p>[CONTENU]</p>", body_text="[CONTENU]")
    assert template.to_json() == sample("template_write_request")


def test_what_is_left_to_the_vendor_is_not_sent():
    send_at = datetime(2026, 7, 1, 8, 30, tzinfo=TORONTO)
    bare = MailingWrite(subject="Été", language="fr_ca", groups=[2, 1], send_at=send_at, body_text="Bonjour")
    assert bare.to_json() == {
        "subject": "Été",
        "language": "fr_ca",
        "groups": "2,1",
        "sendAt": "2026-07-01 08:30:00",
        "bodyText": "Bonjour",
    }
    plain = dataclasses.replace(bare, google_analytics=False, update_profile_form=None, reply_to="").to_json()
    assert (plain["googleAnalytics"], plain["updateProfileForm"], plain["replyTo"]) == (False, None, "")
    assert TemplateWrite(title="", body_text="x").to_json() == {"title": "", "bodyText": "x"}
    assert TemplateWrite(title="a", body_html="x", body_text="").to_json() == {
        "title": "a",
        "bodyHtml": "x",
        "bodyText": "",
    }


@pytest.mark.parametrize(
    "lack", [{"subject": ""}, {"language": ""}, {"groups": []}, {"body_html": "", "body_text": types.UNSET}]
)
def test_a_mailing_that_lacks_the_essential_is_refused(lack):
    with pytest.raises(ValueError, match="needs a subject, a language, groups and a body"):
        dataclasses.replace(NEW, **lack).to_json()


def test_a_template_without_body_is_refused():
    for lack in ({}, {"body_html": ""}, {"body_html": "", "body_text": ""}):
        with pytest.raises(ValueError, match="needs a body"):
            TemplateWrite(title="x", **lack).to_json()
