"""Who may use the sandbox's own page, what it escapes, and the language it speaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

import pytest
import requests

from cyberadmin.sandbox.page_words import LANGUAGES, WORDS, words_for
from tests.sandbox.conftest import VendorApi
from tests.sandbox.page_browser import EMAIL, FRENCH, Browser, Forms, notice

NASTY = "<script>alert('x')</script>\"&"


@pytest.fixture
def browser(api: VendorApi) -> Iterator[Browser]:
    one = Browser(api)
    yield one
    one.session.close()


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
     {"Host": "evil.example"}, {"Host": "127.0.0.1.evil.example"}],
)  # fmt: skip
def test_no_web_page_from_elsewhere_gets_in(browser: Browser, headers: dict[str, str]) -> None:
    answer = browser.post(headers, do="delete_tokens", account=browser.account)
    assert answer.status_code == 403
    url = f"{browser.api.server.control_url}/tokens"
    answer = requests.delete(url, json={"account": browser.account}, headers=headers, timeout=20)
    assert answer.status_code == 403
    assert requests.get(browser.url, headers=headers, timeout=20).status_code == 403
    browser.api.get("/ping")


def test_the_page_itself_gets_in_under_each_name_of_loopback(browser: Browser) -> None:
    port = urlsplit(browser.url).port
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"):
        headers = {"Host": host, "Origin": f"http://{host}"}
        assert browser.post(headers, do="stop_trouble").status_code == 303


def test_only_forms_and_reading_are_answered(browser: Browser) -> None:
    assert browser.session.post(browser.url, json={"do": "stop_trouble"}, timeout=20).status_code == 415
    assert browser.session.put(browser.url, timeout=20).status_code == 405
    for form in ({"do": "nonsense"}, {"do": "act_on_person"}, {"do": "delete_tokens", "account": "nobody"},
                 {"do": "start_trouble", "trouble": "hang", "calls": "any", "often": "once"},
                 {"do": "act_on_person", "account": browser.account, "email": EMAIL, "what": "nonsense"}):  # fmt: skip
        answer = browser.post(**form)
        assert notice(browser.follow(answer)).startswith("Not done: "), form


def test_both_addresses_serve_the_page_without_scripts_or_frames(browser: Browser) -> None:
    bare = browser.session.get(browser.url.rstrip("/"), timeout=20)
    assert bare.status_code == 200
    assert Forms(bare.text).forms == Forms(browser.read()).forms
    policy = bare.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in bare.text


def test_no_text_breaks_out_of_the_page(browser: Browser) -> None:
    api = browser.api
    other = api.server.new_account(NASTY, username=NASTY)
    api.server.control("POST", "customfields", account=other["id"], name=NASTY, type="text")
    api.server.control("POST", "groups", account=other["id"], title=NASTY)
    api.server.control("POST", "members", account=other["id"], email=EMAIL, firstname=NASTY, customFields={"1": NASTY})
    api.fault("status", body=NASTY, path="/nope")
    api.raw("GET", "/nope", params={"q": NASTY})
    form = {"account": str(other["id"]), "email": EMAIL, "what": "lastname", "value": NASTY}
    answer = browser.post(do="act_on_person", **form)
    shown = browser.follow(answer)
    assert notice(shown) == f"The field of {EMAIL} is now “{NASTY}”."
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&quot;&amp;" in shown
    for text in (shown, browser.read(account=NASTY, email=NASTY), browser.read(account=form["account"], email=NASTY),
                 browser.read(notice=NASTY)):  # fmt: skip
        assert "<script" not in text
        assert "alert('" not in text
    assert notice(browser.read(notice="Your token has expired")) == ""


def test_the_page_speaks_french(browser: Browser) -> None:
    browser.api.member(EMAIL)
    told = browser.person("unsubscribe", headers=FRENCH)
    assert told == f"La personne se désabonne\u00a0: {EMAIL}."
    text = browser.read(FRENCH, account=browser.account, email=EMAIL)
    assert '<html lang="fr">' in text
    for words in ("Supprimer ses jetons", "Adresse courriel", "désabonnée", "Arrêter toutes les pannes", "+1 heure"):
        assert words in text, words
    spoken = re.sub(r"<[^>]*>", "\n", text)
    for english, french in WORDS.values():
        if english != french and len(english) > 12 and "{" not in english:
            assert unescape(spoken).find(english) == -1, english
    assert browser.read().startswith('<!DOCTYPE html><html lang="en">')


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "en"), ("fr", "fr"), ("fr-CA,en;q=0.8", "fr"), ("en;q=0.4, FR-ca;q=0.6", "fr"), ("de, en;q=0.5", "en"),
     ("fr;q=0, en;q=0.1", "en"), ("fr;q=x", "en"), ("de", "en")],
)  # fmt: skip
def test_the_language_follows_the_browser(header: str, language: str) -> None:
    assert words_for(header).language == language


def test_both_languages_fill_the_same_places_and_french_keeps_its_spaces() -> None:
    assert LANGUAGES == ("en", "fr")
    for key, (english, french) in WORDS.items():
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", french)), key
        assert not re.search(r"(?<!\u00a0)[:»]|«(?!\u00a0)| [;!?]", french.replace("/_control", "")), key
