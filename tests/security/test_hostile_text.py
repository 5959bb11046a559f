"""Markup and addresses that came as data stay data on every page (docs/security.md, lines 20 and 21)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.db import models

from campaigns.models import Mailing
from cyberadmin.accounts import audit
from cyberadmin.accounts.models import Account, AuditEvent
from cyberadmin.sync.mirror import writing
from tests.accounts.doors import scoped_doors
from tests.accounts.isolation_world import Agency
from tests.accounts.test_isolation import browser
from tests.security.walk import in_frame

pytestmark = pytest.mark.any_database

PAYLOAD = "\"'></script></title></textarea><img src=x onerror=hit>{{7|add:7}}"
LINKS = (
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)",
    "\x01javascript:alert(1)", "javascript://example.com/%0aalert(1)", "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD4=", "vbscript:msgbox(1)", "file:///etc/passwd", "blob:https://example.com/1",
    "ftp://example.com/", "view-source:https://example.com/", "https://example.com/good", "mailto:zoe@example.com",
)  # fmt: skip
ALLOWED = {"", "http", "https", "mailto"}


class Links(HTMLParser):
    """Every address that a page leads or calls to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = ("href", "action", "formaction", "xlink:href", *(["src"] if tag != "img" else []))
        self.found += [value or "" for name, value in attrs if name in names]


def scheme(address: str) -> str:
    """As a browser reads it: without control characters, in small letters."""
    return urlsplit(re.sub(r"[\x00-\x20]", "", address)).scheme.lower()


def pages(agency: Agency) -> Iterator[tuple[str, str]]:
    """Our own pages of our client; not the bodies that a frame shows."""
    client = browser(agency.insiders["manage"])
    for door in scoped_doors():
        for path in door.paths(agency.ours):
            response = client.get(f"/c/{agency.ours.account.slug}/{path}")
            if response.status_code == 200 and "html" in response.headers["Content-Type"] and not in_frame(response):
                yield path, response.content.decode()
            response.getvalue()


def spoiled(value: Any, marker: str) -> Any:
    """The value with the payload behind every text that carries the marker."""
    if isinstance(value, str):
        return value + PAYLOAD if marker.lower() in value.lower() else value
    if isinstance(value, list):
        return [spoiled(each, marker) for each in value]
    if isinstance(value, dict):
        return {key: spoiled(each, marker) for key, each in value.items()}
    return value


def spoil(agency: Agency) -> int:
    """Put the payload into every field that is long enough; how many."""
    done = 0
    for model in apps.get_models():
        if model in (Account, AuditEvent):
            continue
        for column in model._meta.concrete_fields:
            if not isinstance(column, models.CharField | models.TextField | models.JSONField) or column.unique:
                continue
            for pk, value in model._base_manager.values_list("pk", column.attname):
                new = spoiled(value, agency.ours.marker)
                room = getattr(column, "max_length", None) or 10_000
                if new == value or (isinstance(new, str) and len(new) > room) or column.name == "stored_name":
                    continue
                with writing():
                    models.QuerySet(model).filter(pk=pk).update(**{column.attname: new})
                done += 1
    audit.record(
        "account.edited", actor=agency.insiders["manage"], account=agency.ours.account, why=PAYLOAD, text=PAYLOAD
    )
    return done


def test_markup_in_every_field_stays_text_on_every_page(agency: Agency) -> None:
    assert spoil(agency) > 30
    escaped = 0
    for path, text in pages(agency):
        assert "<img src=x" not in text, path
        assert "14" not in re.findall(r"onerror=hit&gt;(..)", text), path
        escaped += "onerror=hit&gt;{{7|add:7}}" in text
    assert escaped > 10


@pytest.mark.parametrize("part", [LINKS[:8], LINKS[8:]], ids=["first", "second"])
def test_links_lead_to_the_web_or_to_mail_alone(agency: Agency, part: tuple[str, ...]) -> None:
    links = [{"id": n, "url": url, "clicks_unique": 1, "clicks_total": 2} for n, url in enumerate(part)]
    body = "".join(f'<a href="{url}">go</a>' for url in part)
    with writing():
        Mailing.objects.filter(pk=agency.ours.pks["mailing"]).update(links=links, body_html=body)
    seen = 0
    for path, text in pages(agency):
        for address in Links(text).found:
            assert scheme(address) in ALLOWED, (path, address)
            seen += 1
    assert seen > 500
