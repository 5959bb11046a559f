"""Taking a client on without a token, switching its token, and watching the old one die; in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk
from tests.browser.stack import Stack, Vendor
from tests.infra.console import until

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_client_is_taken_on_and_its_token_replaced(
    browser: Browser, stack: Stack, shots: Path, language: str
) -> None:
    vendor = Vendor(stack, f"Théâtre des Jetons {language}")
    desk = Desk(browser, stack, language, shots)
    page = desk.page
    page.goto(stack.address)
    desk.log_in()
    take_on(desk, vendor)
    replace(desk, vendor)
    bury(desk, vendor)
    desk.close()


def take_on(desk: Desk, vendor: Vendor) -> None:
    """No token yet: the letter; later the token, the names, the first pull."""
    page = desk.page
    desk.go("/connect/")
    page.fill("[name=name]", vendor.name)
    page.select_option("select[name=language]", "fr")
    page.fill("[name=time_zone]", "America/Toronto")
    desk.shot("tokens-connect")
    desk.submit()
    desk.slug = page.url.split("/c/")[1].split("/")[0]
    desk.see("What to click in Cyberimpact", "Où cliquer dans Cyberimpact")
    desk.submit()
    expect(page.locator("#letter-fr")).to_have_value(re.compile(re.escape(vendor.name)))
    desk.shot("tokens-letter")
    page.goto(desk.stack.address)
    expect(page.locator("main")).to_contain_text(desk.say("waiting for the API", "en attente de l’API"))
    desk.shot("tokens-home")
    desk.go("/")
    desk.shot("tokens-start")
    desk.go("/token/")
    page.fill("[name=token]", vendor.token)
    desk.shot("tokens-paste")
    desk.submit()
    desk.see("The two names agree.", "Les deux noms concordent.")
    desk.shot("tokens-compare")
    desk.confirm()
    desk.shot("tokens-client")
    desk.go("/senders/")
    page.fill("[name=address]", "info@example.com")
    desk.submit()
    expect(page.locator("main")).to_contain_text("info@example.com")
    desk.shot("tokens-senders")


def replace(desk: Desk, vendor: Vendor) -> None:
    """A new token is asked for through the API and comes into use; the old one is to be deleted."""
    desk.go("/token/ask/")
    desk.shot("tokens-ask")
    desk.submit()
    desk.see("To delete at Cyberimpact", "À supprimer chez Cyberimpact")
    assert vendor.token not in desk.page.content()
    desk.shot("tokens-watched")


def bury(desk: Desk, vendor: Vendor) -> None:
    """Somebody deletes the old one at the vendor: the next look finds it dead. The register shows both."""
    desk.stack.sandbox.control("DELETE", "tokens", account=vendor.name, token=vendor.token)
    desk.page.locator(".ca-todo form button").click()
    gone = desk.page.locator(".ca-todo")

    def dead() -> bool:
        desk.go("/tokens/")
        return gone.count() == 0

    until(dead, 30, "the old token is found dead")
    desk.page.locator("details summary", has_text=desk.say("Earlier ones", "Les précédents")).click()
    desk.see("dead at Cyberimpact", "mort chez Cyberimpact")
    desk.shot("tokens-dead")
    desk.page.goto(f"{desk.stack.address}/register/?show=all")
    expect(desk.page.locator(".ca-register tbody tr").first).to_be_visible()
    desk.shot("tokens-register")
