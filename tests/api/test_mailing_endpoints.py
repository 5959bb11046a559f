"""Mailings and templates: what each method puts on the wire and makes of the sample answer."""

import dataclasses
from datetime import datetime

import orjson
import pytest

from cyberadmin.api import errors, types
from cyberadmin.api.types import TORONTO
from tests.api.conftest import sample, sample_bytes
from tests.api.loopback import answers
from tests.api.test_mailing_types import NEW

TEMPLATE_WRITE = types.TemplateWrite(title="Gabarit promotionnel", body_html="<p>[CONTENU]</p>", body_text="[CONTENU]")
TEMPLATE = types.Template.from_json(sample("template"))
ATOM = "?dateReturnFormat=ATOM"

# call, answered sample, request line, sample of the body, value
CALLS = [
    (
        lambda c: c.mailings.create(NEW),
        "mailing_created",
        "POST /mailings",
        "mailing_create_request",
        types.Mailing.from_json(sample("mailing_created")),
    ),
    (
        lambda c: c.mailings.get(31388),
        "mailing_sent",
        "GET /mailings/31388",
        None,
        types.MailingDetail.from_json(sample("mailing_sent")),
    ),
    (lambda c: c.mailings.delete(31502), "mailing_deleted", "DELETE /mailings/31502", None, None),
    (lambda c: c.templates.create(TEMPLATE_WRITE), "template", "POST /templates", "template_write_request", TEMPLATE),
    (lambda c: c.templates.get(1841), "template", "GET /templates/1841", None, TEMPLATE),
    (
        lambda c: c.templates.replace(1841, TEMPLATE_WRITE),
        "template",
        "PUT /templates/1841",
        "template_write_request",
        TEMPLATE,
    ),
    (lambda c: c.templates.delete(1841), "template_deleted", "DELETE /templates/1841", None, None),
]


@pytest.mark.parametrize(("call", "answer", "line", "body", "value"), [pytest.param(*row, id=row[2]) for row in CALLS])
def test_a_method_makes_its_one_request(serve, connect, call, answer, line, body, value):
    server = serve(answers(201 if line.startswith("POST") else 200, sample_bytes(answer)))
    result = call(connect(server))
    assert (type(result), result) == (type(value), value)
    (request,) = server.received
    assert f"{request.method} {request.target}" == line + ATOM
    assert (orjson.loads(request.body) if request.body else None) == (body and sample(body))


KINDS = ["all", "delivered", "stopped", "hard-bounced", "soft-bounced", "unsubscribed", "opened", "clicked"]
LISTS = [
    (lambda c, **k: c.mailings.list_sent(**k), "mailings_sent", "/mailings/sent", types.SentMailing.from_json),
    (
        lambda c, **k: c.mailings.list_scheduled(**k),
        "mailings_scheduled",
        "/mailings/scheduled",
        types.ScheduledMailing.from_json,
    ),
    (
        lambda c, **k: c.mailings.list_archived(**k),
        "mailings_archived",
        "/mailings/archived",
        types.ArchivedMailing.from_json,
    ),
    *(
        (
            lambda c, kind=kind, **k: c.mailings.list_recipients(7, kind, **k),
            f"recipients_{kind.replace('-', '_')}",
            "/mailings/7/recipients" + ("" if kind == "all" else f"/{kind}"),
            lambda row, kind=kind: types.Recipient.from_json(row, kind),
        )
        for kind in KINDS
    ),
]


@pytest.mark.parametrize(("call", "answer", "path", "read"), [pytest.param(*row, id=row[2]) for row in LISTS])
def test_a_list_sends_its_query_and_gives_raw_rows_and_typed_items(serve, connect, call, answer, path, read):
    server = serve(answers(200, sample_bytes(answer)))
    client = connect(server)
    page = call(client)
    call(client, page=3, limit=50, sort="date_asc", group_id=20418)
    assert [request.target for request in server.received] == [
        f"{path}{ATOM}&page=1&limit=10000",
        f"{path}{ATOM}&page=3&limit=50&sort=date_asc&idGroup=20418",
    ]
    whole = sample(answer)
    rows = whole[path.split("/")[3 if "recipients" in path else 1]]
    assert page.rows == rows
    assert page.items == [read(row) for row in rows]
    assert (page.total_count, page.page, page.limit, page.sort) == (whole["totalCount"], 1, 20, whole["sort"])


def test_all_recipients_are_what_is_listed_unless_said_otherwise(serve, connect):
    server = serve(answers(200, sample_bytes("recipients_all")))
    assert connect(server).mailings.list_recipients(7).items[0].member_id == 4182230
    assert server.received[0].target.startswith("/mailings/7/recipients?")


def test_the_list_of_templates(serve, connect):
    server = serve(answers(200, sample_bytes("templates")))
    client = connect(server)
    page = client.templates.list()
    client.templates.list(page=3, limit=50, sort="usage_desc")
    assert [request.target for request in server.received] == [
        f"/templates{ATOM}&page=1&limit=10000",
        f"/templates{ATOM}&page=3&limit=50&sort=usage_desc",
    ]
    assert page.items == [types.TemplateSummary.from_json(row) for row in sample("templates")["templates"]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda c: c.mailings.list_recipients(7, "bounced"), "no such kind"),
        (lambda c: c.mailings.list_recipients(7, "../../members"), "no such kind"),
        (lambda c: c.mailings.list_sent(page=0), "page starts at 1"),
        (lambda c: c.mailings.create(dataclasses.replace(NEW, groups=[])), "needs a subject"),
        (lambda c: c.mailings.create(dataclasses.replace(NEW, send_at=datetime(2026, 7, 1, 8, 30))), "time zone"),
        (
            lambda c: c.mailings.create(dataclasses.replace(NEW, send_at=datetime(2026, 3, 8, 2, 30, tzinfo=TORONTO))),
            "2026-03-08 02:30:00 does not exist",
        ),
        (
            lambda c: c.mailings.create(dataclasses.replace(NEW, send_at=datetime(2026, 11, 1, 1, 30, tzinfo=TORONTO))),
            "2026-11-01 01:30:00 exists twice",
        ),
        (lambda c: c.mailings.create(dataclasses.replace(NEW, subject="\ud800")), "JSON cannot carry"),
        (lambda c: c.templates.create(types.TemplateWrite(title="x")), "needs a body"),
        (lambda c: c.templates.replace(7, types.TemplateWrite(title="x")), "needs a body"),
    ],
)
def test_what_makes_no_sense_is_not_sent(serve, connect, records, call, words):
    server = serve(answers(200, sample_bytes("mailing_created")))
    with pytest.raises(ValueError, match=words):
        call(connect(server))
    assert (server.received, records) == ([], [])


@pytest.mark.parametrize("answer", [{}, {"31502": "scheduled"}, {"31502": "deleted", "31503": "deleted"}])
def test_a_cancellation_not_confirmed_is_unexpected(serve, connect, answer):
    client = connect(serve(answers(200, orjson.dumps(answer))))
    for delete in (client.mailings.delete, client.templates.delete):
        with pytest.raises(errors.UnexpectedResponse):
            delete(31502)


def test_a_cancellation_come_too_late_is_told_in_the_vendors_words(serve, connect):
    client = connect(serve(answers(422, b'{"message": "The mailing was already sent"}')))
    with pytest.raises(errors.Rejected) as caught:
        client.mailings.delete(31388)
    assert caught.value.vendor_message == "The mailing was already sent"
    assert caught.value.path == "/mailings/{id}"
