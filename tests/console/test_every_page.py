"""What holds for every page there is: it opens, speaks the reader's language, and carries no script and no secret."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.http import HttpResponse
from django.utils.translation import gettext

from cyberadmin import logs
from cyberadmin.accounts.models import Credential
from tests.accounts.isolation_world import Agency
from tests.accounts.test_isolation import scoped_doors
from tests.console.conftest import Visitor

SECRET = "SEALEDSECRETNEVERSHOWN"
HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@contextmanager
def written() -> Iterator[io.StringIO]:
    """What is logged meanwhile, as machines read it."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logs.json_lines())
    logging.getLogger("django.request").addHandler(handler)
    try:
        yield text
    finally:
        logging.getLogger("django.request").removeHandler(handler)


def pages(agency: Agency, visitor: Visitor) -> list[tuple[str, str]]:
    """Every page of our client that opens, with its text."""
    opened = []
    for door in scoped_doors():
        for path in door.paths(agency.ours):
            response = visitor.at(f"/{path}")
            if response.status_code != 200 or "html" not in response.headers["Content-Type"]:
                continue
            policy = response.headers["Content-Security-Policy"]
            if policy.startswith("sandbox;"):
                check_frame(path, response)
                continue
            for name, value in HEADERS.items():
                assert response.headers[name] == value, path
            assert "no-store" in response.headers["Cache-Control"], path
            assert "script-src 'self';" in f"{policy};", path
            opened.append((path, response.content.decode()))
    assert len(opened) > 20
    return opened


def check_frame(path: str, response: HttpResponse) -> None:
    """Somebody else's HTML, shown in a frame of ours: it may do nothing at all, and only our own pages may frame it."""
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy, path
    assert "script-src" not in policy, path
    assert "frame-ancestors 'self'" in policy, path
    for name, value in (HEADERS | {"X-Frame-Options": "SAMEORIGIN", "Referrer-Policy": "no-referrer"}).items():
        assert response.headers[name] == value, path
    assert "no-store" in response.headers["Cache-Control"], path


def test_no_page_carries_script_or_secret(agency: Agency) -> None:
    Credential.objects.update(secret=SECRET)
    visitor = Visitor(agency.administrator, f"/c/{agency.ours.account.slug}")
    for path, text in pages(agency, visitor):
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert not re.search(r"<[^>]+\son[a-z]+\s*=", text), path
        assert "javascript:" not in text, path
        assert SECRET not in text, path


def test_every_page_names_the_client_and_how_fresh_it_is(agency: Agency, language: str) -> None:
    visitor = Visitor(agency.insiders["manage"], f"/c/{agency.ours.account.slug}", language)
    fresh = gettext("complete, as of %(moment)s").split("%")[0]
    for path, text in pages(agency, visitor):
        assert f'lang="{language}"' in text, path
        bar = text.split('class="ca-bar"')[1].split("</div>")[0]
        assert agency.ours.account.name in bar, path
        assert f"--client: {agency.ours.account.colour}" in bar, path
        assert fresh in text, path


def test_every_text_is_translated() -> None:
    call_command("check_catalogues")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nothing/", 404, "Nothing is here"),
        ("/contacts/contact/?account__name=x", 400, "This request cannot be answered"),
    ],
)
def test_errors_speak_both_languages(agency: Agency, language: str, path: str, status: int, words: str) -> None:
    visitor = Visitor(agency.insiders["read"], f"/c/{agency.ours.account.slug}", language)
    response = visitor.at(path)
    assert response.status_code == status
    assert gettext(words) in response.content.decode()


def test_a_missing_right_is_explained(agency: Agency, language: str) -> None:
    visitor = Visitor(agency.insiders["read"], f"/c/{agency.ours.account.slug}", language)
    response = visitor.at("/token/")
    assert response.status_code == 403
    assert gettext("You may not do this") in response.content.decode()


def test_a_failure_of_ours_shows_no_trace(agency: Agency, language: str) -> None:
    visitor = Visitor(agency.insiders["read"], f"/c/{agency.ours.account.slug}", language)
    visitor.raise_request_exception = False
    agency.ours.account.time_zone = "Nowhere/Land"
    agency.ours.account.save()
    with written() as lines:
        response = visitor.at("/contacts/contact/")
    assert response.status_code == 500
    text = response.content.decode()
    assert gettext("Something went wrong on our side") in text
    assert "Traceback" not in text
    assert "Nowhere" not in text
    # Whoever tells the reference of the page is found in the logs by it.
    reference = re.search(r"<code>([0-9a-f]{12})</code>", text)
    assert reference
    assert response.headers["X-Request-ID"] == reference[1]
    (line,) = [json.loads(one) for one in lines.getvalue().splitlines()]
    assert (line["request"], line["account"]) == (reference[1], agency.ours.account.pk)
    assert "Nowhere" in line["exception"]
    assert visitor.at("/groups/group/").headers["X-Request-ID"] not in ("", reference[1])


def test_a_chosen_language_stays(agency: Agency) -> None:
    visitor = Visitor(agency.insiders["read"], f"/c/{agency.ours.account.slug}", "en")
    assert 'lang="en"' in visitor.at("/contacts/contact/").content.decode()
    chosen = visitor.send("/language/", {"language": "fr", "next": f"{visitor.base}/groups/group/"})
    assert chosen.headers["Location"] == f"{visitor.base}/groups/group/"
    assert 'lang="fr"' in visitor.at("/contacts/contact/").content.decode()
