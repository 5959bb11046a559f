"""What only a browser shows: a draft that survives a session, the keyboard, the theme, and one click that counts once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk
from tests.browser.stack import Stack, Vendor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def vendor(stack: Stack) -> Vendor:
    return Vendor(stack, "Coop du Faubourg")


@pytest.fixture
def desk(browser: Browser, stack: Stack, shots: Path, vendor: Vendor) -> Iterator[Desk]:
    person = Desk(browser, stack, "en", shots)
    person.go("/")
    person.log_in()
    person.go("/clients/")
    if not person.page.locator(".ca-client-card", has_text="Faubourg").count():
        person.connect(vendor, "Faubourg")
    person.slug = "faubourg"
    yield person
    person.close()


def test_what_was_typed_survives_a_session_that_ended(desk: Desk) -> None:
    page = desk.page
    desk.open_contact("personne1@example.com")
    page.fill("[name=first_name]", "Half a sentence")
    desk.context.clear_cookies(name="cyberadmin_session")
    desk.submit()
    expect(page.locator("[name=password]")).to_be_visible()
    page.fill("[name=username]", "ariane")
    page.fill("[name=password]", "a long enough password")
    page.click("main button[type=submit].primary")
    expect(page.locator(".ca-draft")).to_be_visible()
    expect(page.locator("[name=first_name]")).to_have_value("Zoé")
    page.locator(".ca-draft button.primary").click()
    expect(page.locator("[name=first_name]")).to_have_value("Half a sentence")
    desk.submit()
    desk.see("Saved here", "Enregistré ici")
    expect(page.locator(".ca-draft")).to_have_count(0)


def test_a_pasted_token_is_never_kept_as_a_draft(desk: Desk) -> None:
    page = desk.page
    desk.go("/token/")
    page.fill("[name=token]", "not.a.real-token")
    kept = page.evaluate("JSON.stringify(Object.values(sessionStorage)) + JSON.stringify(Object.values(localStorage))")
    assert "not.a.real-token" not in kept


def test_clients_are_switched_by_keyboard(desk: Desk) -> None:
    page = desk.page
    desk.go("/groups/group/")
    page.keyboard.press("Control+k")
    expect(page.locator(".ca-switcher input")).to_be_focused()
    page.keyboard.type("faub")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{desk.stack.address}/c/faubourg/")


def test_the_group_filter_is_worked_by_keyboard(desk: Desk) -> None:
    page = desk.page
    desk.go("/contacts/contact/")
    page.locator("[role=combobox]").fill("béné")
    expect(page.locator("[role=option]")).to_have_count(1)
    expect(page.locator("[role=option]")).to_have_text("Bénévoles")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**group=*")
    expect(page.locator(".ca-empty")).to_be_visible()


def test_a_double_click_saves_once(desk: Desk) -> None:
    page = desk.page
    desk.go("/groups/group/add/")
    page.fill("[name=title]", "Clicked twice")
    page.locator("main form .ca-submit button[type=submit]").dblclick()
    desk.see_state("done")
    desk.go("/groups/group/?q=clicked")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)


def test_the_chosen_appearance_stays(desk: Desk) -> None:
    page = desk.page
    page.locator(".ca-user summary").click()
    page.locator("[data-theme-choice=dark]").click()
    expect(page.locator("html")).to_have_class("dark")
    desk.go("/contacts/contact/")
    expect(page.locator("html")).to_have_class("dark")


def test_every_field_has_a_name_and_text_can_be_read(desk: Desk) -> None:
    page = desk.page
    for path in (
        "/contacts/contact/",
        "/contacts/contact/add/",
        "/groups/group/add/",
        "/settings/",
        "/token/",
        "/sync/change/",
    ):
        desk.go(path)
        nameless = page.evaluate(
            """() => Array.from(document.querySelectorAll("input:not([type=hidden]), select, textarea, button"))
              .filter((e) => !(e.labels && e.labels.length) && !e.getAttribute("aria-label") && !e.textContent.trim()
                             && !e.closest("template")).map((e) => e.outerHTML)"""
        )
        assert nameless == [], path
