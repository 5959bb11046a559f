"""A request from the search to the certificate, in both languages: two clients, one decision each."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk
from tests.browser.stack import Stack, Vendor
from tests.browser.test_axe import AXE, JUDGE, RULES

pytestmark = pytest.mark.browser

WHO = "Marie Tremblay"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_person_is_erased_from_one_client_and_unsubscribed_from_the_other(
    browser: Browser, stack: Stack, shots: Path, language: str
) -> None:
    email = f"marie.{language}@example.org"
    vendors = [Vendor(stack, f"{name} {language}") for name in ("Verger des Dossiers", "Quincaillerie des Dossiers")]
    for vendor in vendors:
        vendor.member(email, firstname="Marie", lastname="Tremblay")
    desk = Desk(browser, stack, language, shots)
    desk.page.goto(stack.address)
    desk.log_in()
    for vendor in vendors:
        desk.connect(vendor, vendor.name)
    desk.slug = ""
    find(desk, email, vendors)
    open_case(desk, vendors)
    case_url = desk.page.url
    acknowledge(desk)
    decide(desk, case_url, vendors[0], "erase", desk.say("erased", "effacée"))
    decide(
        desk, case_url, vendors[1], "unsubscribe", desk.say("unsubscribed at Cyberimpact", "désabonné dans Cyberimpact")
    )
    desk.shot("cases-done")
    judge(desk)
    for vendor in vendors:
        answer(desk, case_url, vendor)
    certify(desk, case_url, email)
    assert vendors[0].held_member(email) is None
    assert [one["email"] for one in vendors[1].held()["unsubscribed"]] == [email]
    desk.close()


def judge(desk: Desk) -> None:
    """The page that is open can be used by everybody, in light and in dark."""
    for theme, rules in (("light", RULES), ("dark", {"type": "rule", "values": ["color-contrast"]})):
        desk.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        desk.page.evaluate(AXE)
        assert desk.page.evaluate(JUDGE, rules) == [], (desk.page.url, theme)
    desk.page.emulate_media(color_scheme="light")


def find(desk: Desk, email: str, vendors: list[Vendor]) -> None:
    """By name, then everything about the person."""
    page = desk.page
    desk.go("/find/")
    judge(desk)
    page.fill("main [name=q]", "tremb")
    page.keyboard.press("Enter")
    for vendor in vendors:
        expect(page.locator("main")).to_contain_text(vendor.name)
    desk.shot("cases-find")
    judge(desk)
    page.fill("main [name=q]", email.upper())
    page.keyboard.press("Enter")
    page.locator("main").get_by_role("link", name=email).first.click()
    expect(page.locator("main .ce-client")).to_have_count(2)
    desk.shot("cases-person")
    judge(desk)


def open_case(desk: Desk, vendors: list[Vendor]) -> None:
    """From the person's page; the day is asked for, the clients stand there to be confirmed."""
    page = desk.page
    page.get_by_role("link", name=desk.say("Open a case", "Ouvrir un dossier")).first.click()
    page.check("[name=kind][value=erasure]")
    page.select_option("[name=channel]", "email")
    page.fill("[name=who]", WHO)
    page.select_option("main [name=language]", desk.language)
    page.set_input_files("[name=proof]", {"name": "demande.txt", "mimeType": "text/plain", "buffer": b"Effacez-moi"})
    expect(page.locator("[name=accounts]:checked")).to_have_count(2)
    assert page.input_value("[name=received_on]") == ""
    desk.submit()
    expect(page.locator("main .has-errors")).to_have_count(1)
    page.fill("[name=received_on]", (date.today() - timedelta(days=4)).isoformat())
    page.set_input_files("[name=proof]", {"name": "demande.txt", "mimeType": "text/plain", "buffer": b"Effacez-moi"})
    desk.shot("cases-open")
    judge(desk)
    desk.submit()
    desk.see("First make sure that it is this person.", "Assurez-vous d’abord qu’il s’agit bien de cette personne.")
    desk.shot("cases-opened")
    judge(desk)
    page.locator("main .ca-note a").first.click()
    page.fill("[name=how]", "Rappelée au numéro au dossier.")
    desk.shot("cases-identity")
    desk.submit()
    expect(page.locator("main .ce-client")).to_have_count(2)


def acknowledge(desk: Desk) -> None:
    """The letter in both languages, noted as sent."""
    page = desk.page
    page.locator("main .ce-client").first.get_by_role(
        "link", name=desk.say("Acknowledgement", "Accusé de réception")
    ).click()
    expect(page.locator("#letter-fr")).to_have_value(re.compile(f"Bonjour {WHO},"))
    expect(page.locator("#letter-en")).to_have_value(re.compile(f"Hello {WHO},"))
    page.fill("[name=on]", date.today().isoformat())
    desk.shot("cases-letter")
    judge(desk)
    desk.submit()
    desk.see("Acknowledged on", "Accusé de réception envoyé le")


def card(desk: Desk, vendor: Vendor) -> object:
    """The client's part on the page of the case."""
    return desk.page.locator("main .ce-client", has_text=vendor.name)


def decide(desk: Desk, url: str, vendor: Vendor, decision: str, outcome: str) -> None:
    """One client decides; the page shows what comes of it without a reload."""
    page = desk.page
    page.goto(url)
    card(desk, vendor).get_by_role("link", name=desk.say("Decide…", "Décider…")).click()  # type: ignore[attr-defined]
    page.check(f"[name=decision][value={decision}]")
    page.fill("[name=why]", desk.say("Asked for it, nothing stands against it.", "Demandé, rien ne s’y oppose."))
    desk.shot(f"cases-decide-{decision}")
    judge(desk)
    desk.submit()
    expect(card(desk, vendor)).to_contain_text(outcome)  # type: ignore[call-overload]


def answer(desk: Desk, url: str, vendor: Vendor) -> None:
    """The answer says what was done, and is noted as sent."""
    page = desk.page
    page.goto(url)
    link = card(desk, vendor).get_by_role("link", name=desk.say("Answer", "Réponse"), exact=True)  # type: ignore[attr-defined]
    link.click()
    expect(page.locator("#letter-fr")).to_have_value(re.compile("Voici ce qui a été fait"))
    desk.shot("cases-answer")
    page.fill("[name=on]", date.today().isoformat())
    desk.submit()


def certify(desk: Desk, url: str, email: str) -> None:
    """The case is over: nobody is named any more, and there is a certificate."""
    page = desk.page
    page.goto(url)
    expect(page.locator("main")).not_to_contain_text(email)
    expect(page.locator("main")).not_to_contain_text(WHO)
    desk.shot("cases-finished")
    judge(desk)
    page.get_by_role("link", name=desk.say("Certificate", "Attestation")).click()
    expect(page.locator("pre[lang=fr]")).to_contain_text("Empreinte à clé")
    expect(page.locator("main")).not_to_contain_text(email)
    desk.shot("cases-certificate")
    judge(desk)
    desk.go("/cases/?state=")
    expect(page.locator("main table tbody tr").first).to_be_visible()
    desk.shot("cases-list")
    judge(desk)
