"""An agency's own pages walked in a browser in both languages, on a real server, worker and sandbox.

A colleague comes, gets a second factor and goes; what broke is found on the first page, mended, and sent to the vendor's
support; the history is exported; a client leaves.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from cyberadmin.people import totp
from tests.browser.desk import Desk
from tests.browser.stack import PASSWORD, Stack, Vendor
from tests.infra.console import until

pytestmark = pytest.mark.browser

EMAIL = "personne1@example.com"


@pytest.fixture(params=["fr", "en"])
def desk(request: pytest.FixtureRequest, browser: Browser, stack: Stack, shots: Path) -> Iterator[Desk]:
    person = Desk(browser, stack, request.param, shots)
    yield person
    person.close()


@pytest.fixture
def colleague(desk: Desk, browser: Browser, stack: Stack, shots: Path) -> Iterator[Desk]:
    """Somebody else's browser, in the same language."""
    person = Desk(browser, stack, desk.language, shots)
    yield person
    person.close()


def take_on(desk: Desk, name: str) -> Vendor:
    """Log in and connect a client of this name, with mailings that left and one that is to leave."""
    vendor = Vendor(desk.stack, f"{name} {desk.language}")
    control = desk.stack.sandbox.control
    control("POST", "generate/mailings", account=vendor.name, mailings=4, recipients=12, seed=7)
    desk.go("/")
    desk.log_in()
    desk.connect(vendor, vendor.name)
    return vendor


def mandate(desk: Desk) -> None:
    """What the agency was asked to do, and until when."""
    desk.go("/settings/")
    desk.page.fill("[name=mandate_reference]", "Contrat 2026-14")
    desk.page.fill("[name=mandate_ends_on]", "2027-12-31")
    desk.shot("agency-settings")
    desk.submit()
    desk.go("/settings/")
    expect(desk.page.locator("[name=mandate_reference]")).to_have_value("Contrat 2026-14")


def invite(desk: Desk, vendor: Vendor) -> str:
    """The link that opens a log-in once, for a colleague who may edit this client."""
    page = desk.page
    page.goto(f"{desk.stack.address}/people/invite/")
    page.fill("[name=email]", f"claude.{desk.language}@example.org")
    page.select_option("[name=account]", label=vendor.name)
    page.select_option("[name=role]", "edit")
    desk.shot("agency-invite")
    desk.submit()
    link = page.locator("#link")
    expect(link).to_have_value(re.compile("/link/"))
    desk.shot("agency-link")
    return desk.stack.address + urlsplit(link.input_value()).path


def accept(colleague: Desk, link: str, name: str, vendor: Vendor) -> None:
    """Choose a name and a password; only the one client is there."""
    page = colleague.page
    page.goto(link)
    for field, value in (("first_name", "Claude"), ("last_name", "Roy"), ("username", name)):
        page.fill(f"[name={field}]", value)
    page.select_option("main [name=language]", colleague.language)
    for field in ("password", "again"):
        page.fill(f"[name={field}]", PASSWORD)
    colleague.shot("agency-welcome")
    page.locator("main form button.primary").click()
    expect(page.locator(".ca-shell, [name=username]").first).to_be_visible()
    if page.locator(".ca-shell").count() == 0:
        enter(colleague, name)
    expect(page.locator(".ca-shell")).to_be_visible()
    expect(page.locator(".ca-switcher li a")).to_have_text([vendor.name])


def enter(colleague: Desk, name: str) -> None:
    """Name and password at the door."""
    colleague.page.fill("[name=username]", name)
    colleague.page.fill("[name=password]", PASSWORD)
    colleague.page.locator("main form button.primary").click()


def leave_the_door(colleague: Desk) -> None:
    """Log out by the menu."""
    colleague.page.locator(".ca-user summary").click()
    colleague.page.locator(".ca-user form[action$='/logout/'] button").click()
    expect(colleague.page.locator("[name=username]")).to_be_visible()


def second_factor(colleague: Desk, name: str) -> None:
    """Set it up by the key under the picture; the next log-in is opened by a recovery code."""
    page = colleague.page
    colleague.go("/me/")
    colleague.shot("agency-me")
    page.locator("a[href*='/second-factor/set-up/']").click()
    page.locator("main details summary").click()
    secret = page.locator(".pe-key").inner_text()
    colleague.shot("agency-factor")
    page.fill("[name=code]", totp.code_at(secret.replace(" ", ""), totp.step_at(time.time())))
    page.locator("main form button.primary").click()
    codes = page.locator("#codes code")
    expect(codes).to_have_count(10)
    recovery = codes.first.inner_text()
    colleague.shot("agency-codes")
    page.locator("main a.ca-button.primary").click()
    leave_the_door(colleague)
    enter(colleague, name)
    expect(page.locator("[name=code]")).to_be_visible()
    colleague.shot("agency-code")
    page.fill("[name=code]", recovery)
    page.locator("main form button.primary").click()
    expect(page.locator(".ca-shell")).to_be_visible()


def close_out(desk: Desk, colleague: Desk) -> None:
    """Another role, then one page with all that hangs on a person; afterwards their open browser is outside."""
    page = desk.page
    page.goto(f"{desk.stack.address}/people/")
    desk.shot("agency-staff")
    page.locator(".pe-person a", has_text="Claude Roy").first.click()
    desk.shot("agency-person")
    person = page.url
    page.goto(f"{person}roles/")
    page.locator("main select").first.select_option("read")
    desk.shot("agency-roles")
    desk.submit()
    desk.see("The roles are saved; they count at once.", "Les rôles sont enregistrés")
    page.goto(f"{person}leave/")
    page.fill("[name=why]", "Nouvel emploi")
    desk.shot("agency-leave")
    desk.submit()
    desk.see("Closed: no log-in", "C’est fermé ")
    desk.shot("agency-left")
    colleague.page.reload()
    expect(colleague.page.locator("[name=username]")).to_be_visible()


def switch(desk: Desk, vendor: Vendor) -> None:
    """From any page to a client by keyboard; its name and colour stand above everything about it."""
    page = desk.page
    page.goto(f"{desk.stack.address}/clients/")
    desk.shot("agency-clients")
    page.keyboard.press("Control+k")
    expect(page.locator(".ca-switcher input")).to_be_focused()
    page.keyboard.type(vendor.name.lower())
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/c/{desk.slug}/")
    expect(page.locator(".ca-switcher summary")).to_contain_text(vendor.name)
    desk.shot("agency-client")


def break_a_change(desk: Desk) -> None:
    """The vendor refuses a change once, with its own words."""
    desk.stack.sandbox.faults(
        {"method": "PATCH", "path": "/members/{key}", "action": "status", "code": 422, "times": 1}
    )
    desk.open_contact(EMAIL)
    desk.page.fill("[name=first_name]", "Refusée")
    desk.submit()
    desk.see_state("failed")


def monday(desk: Desk, vendor: Vendor) -> None:
    """The first page names what broke and opens its repair; the week is in the calendar and in the charts."""
    page = desk.page
    page.goto(desk.stack.address)
    part = page.locator(f"#{desk.slug}")
    expect(part).to_contain_text(vendor.name)
    desk.shot("agency-monday")
    part.locator("a[href*='/sync/change/']").first.click()
    page.locator("#result_list tbody th a, .ca-history a").first.click()
    desk.shot("agency-repair")
    for path, name in (("calendar", "agency-calendar"), ("my-figures", "agency-figures")):
        page.goto(f"{desk.stack.address}/{path}/")
        expect(page.locator("main")).to_be_visible()
        desk.shot(name)
    page.goto(f"{desk.stack.address}/me/digest/")
    page.locator("[name=rhythm]").last.check()
    desk.shot("agency-digest")
    desk.submit()
    expect(page.locator("[name=rhythm]").last).to_be_checked()


def support(desk: Desk) -> None:
    """The failed call in plain words; its whole exchange as a file, once the personal data in it are accepted."""
    page = desk.page
    desk.go("/sync/apicall/")
    page.locator("#result_list tbody tr", has_text="422").locator("a").first.click()
    expect(page.locator(".ca-note.bad")).to_be_visible()
    desk.shot("agency-call")
    assert all(EMAIL not in said for said in page.locator("main .ca-pre").all_inner_texts())
    page.locator("a[href$='/support/']").click()
    desk.shot("agency-support")
    desk.submit()
    expect(page.locator(".has-errors")).to_have_count(1)
    page.check("[name=accepted]")
    with page.expect_download() as download:
        desk.submit()
    kept = Path(download.value.path()).read_text()
    assert "Refusée" in kept
    assert "Bearer ey" not in kept


def history(desk: Desk, vendor: Vendor) -> None:
    """What was done to this client, narrowed, made into a file by the worker, and downloaded."""
    page = desk.page
    desk.go("/history/")
    expect(page.locator(".ca-timeline li").first).to_be_visible()
    desk.shot("agency-history")
    page.get_by_role("link", name=desk.say("Export", "Exporter"), exact=True).click()
    page.check("[name=form][value=json]")
    desk.shot("agency-export")
    desk.submit()
    link = page.locator("main a.ca-button.primary[href*='/file/'], main a.ca-button.primary[href*='/download/']")
    expect(link).to_be_visible()
    desk.shot("agency-exported")
    with page.expect_download() as download:
        link.click()
    assert json.loads(Path(download.value.path()).read_text())


def test_an_agency_from_a_colleague_to_the_history(desk: Desk, colleague: Desk) -> None:
    vendor = take_on(desk, "Agence du Quai")
    name = f"claude-{desk.language}"
    mandate(desk)
    accept(colleague, invite(desk, vendor), name, vendor)
    second_factor(colleague, name)
    close_out(desk, colleague)
    switch(desk, vendor)
    break_a_change(desk)
    monday(desk, vendor)
    support(desk)
    history(desk, vendor)


def test_a_client_leaves(desk: Desk) -> None:
    """From the decision to the certificate; the token is found dead before anything is destroyed."""
    vendor = take_on(desk, "Client du Départ")
    page = desk.page
    desk.go("/leaving/begin/")
    page.fill("[name=why]", "Fin du mandat")
    page.fill("[name=asked_by]", "Luce Roy, par courriel")
    desk.shot("leaving-begin")
    desk.submit()
    expect(page.locator(".ob-steps > li").first).to_be_visible()
    desk.shot("leaving-steps")
    page.locator("#step-export a[href$='/leaving/file/']").click()
    desk.shot("leaving-file")
    desk.submit()
    link = page.locator("a[href$='/leaving/file/download/']")
    expect(link).to_be_visible()
    with page.expect_download() as download:
        link.click()
    assert Path(download.value.path()).read_bytes().startswith(b"PK")
    desk.go("/leaving/token/")
    page.fill("[name=why]", "Fin du mandat")
    desk.shot("leaving-token")
    desk.submit()
    desk.see("Is it dead? Look now", "Est-il mort")
    vendor.delete_tokens()
    page.locator("#step-revoke .ca-actions a.primary").click()
    desk.submit()
    purge = page.locator("a[href$='/leaving/purge/']")

    def may_purge() -> bool:
        desk.go("/leaving/")
        return purge.count() == 1

    until(may_purge, 30, "the token is found dead")
    desk.shot("leaving-ready")
    purge.click()
    page.fill("[name=name]", vendor.name)
    page.fill("[name=why]", "Fin du mandat")
    desk.shot("leaving-purge")
    desk.submit()
    certificate = page.locator("a[href$='/certificate/']")
    expect(certificate).to_be_visible()
    desk.shot("leaving-ended")
    certificate.click()
    expect(page.locator("[lang=fr]").last).to_contain_text(vendor.name)
    desk.shot("leaving-certificate")
