"""Campaigns walked in a browser in both languages, on a real server, worker and sandbox: from the first word to results."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk
from tests.browser.payloads import HIT
from tests.browser.stack import Stack, Vendor
from tests.infra.console import until

pytestmark = pytest.mark.browser

ADDRESS = "12, rue du Quai, Rimouski (Québec) G5L 1A1"
FRENCH = f"""<html lang="fr"><body style="font-family:Georgia,serif"><h1>Le théâtre rouvre ses portes</h1>
<p>Bonjour, la saison d’automne commence bientôt et nous serions heureux de vous y voir avec vos amis.</p>
<p><a href="https://www.petitquai.ca/billets">Acheter un billet</a></p>
<p>Théâtre du Petit Quai, {ADDRESS}. <a href="https://www.petitquai.ca/desabonnement">Se désabonner</a></p></body></html>"""
ENGLISH = f"""<html lang="en"><body style="font-family:Georgia,serif"><h1>The theatre opens its doors</h1>
<p>Hello, the autumn season begins soon and we would be happy to see you there with all of your friends.</p>
<p><a href="https://www.petitquai.ca/tickets">Buy a ticket</a></p>
<p>Théâtre du Petit Quai, {ADDRESS}. <a href="https://www.petitquai.ca/unsubscribe">Unsubscribe</a></p></body></html>"""
EVIL = f"<img src=x onerror={HIT}>"


@pytest.fixture(params=["fr", "en"])
def desk(request: pytest.FixtureRequest, browser: Browser, stack: Stack, shots: Path) -> Iterator[Desk]:
    person = Desk(browser, stack, request.param, shots)
    yield person
    person.close()


def prepare(desk: Desk, what: str = "campagnes") -> Vendor:
    """A client with a group in each language, a group of one, mailings that left, and a hostile one."""
    vendor = Vendor(desk.stack, f"Petit Quai {what} {desk.language}")
    control = desk.stack.sandbox.control
    people = [f"personne{number}@example.com" for number in range(12)]
    for email in people[6:]:
        vendor.edit(email, language="en_ca")
    for title, members in (("Abonnés", people[:6]), ("Subscribers", people[6:]), ("Essai", people[:1])):
        made = control("POST", "groups", account=vendor.name, title=title)
        control("POST", "groups/members", account=vendor.name, id=made["id"], add=members)
    control("POST", "generate/mailings", account=vendor.name, mailings=4, recipients=12, seed=7)
    desk.go("/")
    desk.log_in()
    desk.connect(vendor, f"Petit Quai {what} {desk.language}")
    return vendor


def mailings(vendor: Vendor) -> list[dict[str, Any]]:
    """The vendor's own mailings."""
    found: list[dict[str, Any]] = vendor.stack.sandbox.control("GET", "mailings", account=vendor.name)["mailings"]
    return found


def write(desk: Desk) -> str:
    """A bilingual campaign, its texts made from the HTML, and who sends it; the address of its page."""
    page = desk.page
    desk.go("/campaigns/campaign/")
    desk.shot("campaigns-empty")
    desk.go("/campaigns/campaign/identity/")
    page.fill("[name=name]", "Théâtre du Petit Quai")
    page.fill("[name=postal_address]", ADDRESS)
    page.fill("[name=contact]", "www.petitquai.ca")
    desk.shot("campaign-identity")
    desk.submit()
    desk.go("/campaigns/campaign/add/")
    page.fill("[name=name]", f"Saison {EVIL}")
    page.check("[name=languages][value=fr_ca]")
    page.check("[name=languages][value=en_ca]")
    desk.shot("campaign-add")
    desk.submit()
    for language, subject, body, group in (
        ("fr_ca", "La saison d’automne", FRENCH, "Abonnés"),
        ("en_ca", "The autumn season", ENGLISH, "Subscribers"),
    ):
        page.fill(f"[name='{language}:subject']", subject)
        page.fill(f"[name='{language}:body_html']", body)
        page.locator(f"#{language}").get_by_label(group).check()
        page.locator(f"button[name=make_text][value={language}]").click()
        desk.see("The text version was made from the HTML version.", "La version texte a été tirée")
        expect(page.locator(f"[name='{language}:body_text']")).not_to_have_value("")
    desk.shot("campaign-write")
    desk.submit()
    expect(page.locator("#checks")).to_be_visible()
    return page.url


def preview(desk: Desk, campaign: str) -> None:
    """Both languages side by side, as desktop, phone and text; the name is text."""
    page = desk.page
    frames = page.locator(".et-stage iframe")
    expect(frames).to_have_count(2)
    expect(frames.first.content_frame.locator("h1")).to_have_text("Le théâtre rouvre ses portes")
    expect(page.locator("h1").first).to_contain_text(EVIL)
    desk.shot("campaign-unready")
    page.get_by_role("link", name=desk.say("Phone", "Téléphone")).click()
    expect(page.locator(".et-stage.phone iframe")).to_have_count(2)
    expect(page.locator(".et-stage.phone iframe").last.content_frame.locator("h1")).to_have_text(
        "The theatre opens its doors"
    )
    # Frames below the fold stay white in pictures of whole pages.
    page.locator(".et-stage.phone").last.scroll_into_view_if_needed()
    page.screenshot(path=desk.shots / f"campaign-frames-{desk.language}.png")
    desk.shot("campaign-phone")
    page.get_by_role("link", name=desk.say("Text version", "Version texte")).click()
    expect(page.locator(".et-text")).to_have_count(2)
    page.goto(campaign)


def choose_time(desk: Desk, campaign: str) -> None:
    """The skipped hour is refused, the doubled one asked about, an ordinary one taken."""
    page = desk.page
    page.goto(f"{campaign}time/")
    page.fill("[name=send_at]", "2027-03-14T02:30")
    desk.submit()
    desk.see("does not exist in America/Toronto", "n’existe pas dans America/Toronto")
    page.fill("[name=send_at]", "2027-11-07T01:30")
    desk.submit()
    desk.see("Which one is meant?", "Laquelle voulez-vous?")
    desk.shot("campaign-time-doubled")
    page.fill("[name=send_at]", wall(14))
    desk.submit()
    expect(page.locator("#time")).to_contain_text("America/Toronto")


def wall(days: int) -> str:
    """Ten in the morning so many days ahead, moved off weekends, as the input wants it."""
    moment = datetime.now(ZoneInfo("America/Toronto")) + timedelta(days=days)
    while moment.weekday() > 3:
        moment += timedelta(days=1)
    return f"{moment:%Y-%m-%d}T10:00"


def send(desk: Desk, campaign: str, vendor: Vendor) -> None:
    """What the vendor says now, the approval, the schedule; both mailings are watched until they are there, beside the test."""
    page = desk.page
    page.goto(f"{campaign}send/")
    page.locator("button[name=do][value=read]").click()
    desk.see("12 recipients", "12 destinataires")
    expect(page.locator("#confirmation")).to_contain_text("Subscribers")
    desk.shot("campaign-confirm")
    page.locator("button[name=do][value=approve]").click()
    desk.see("Approved, exactly as it is now.", "Approuvé, exactement tel quel.")
    desk.shot("campaign-approved")
    before = len(mailings(vendor))
    page.locator("button[name=do][value=schedule]").click()
    until(lambda: len(mailings(vendor)) == before + 2, 40, "both mailings are at the vendor")
    expect(
        page.locator("[data-region=mailings] .ca-badge.info", has_text=desk.say("scheduled", "programmé"))
    ).to_have_count(3)
    page.reload()
    desk.shot("campaign-scheduled")


def stop(desk: Desk, campaign: str, vendor: Vendor) -> None:
    """One is moved with both numbers kept, the other cancelled."""
    page = desk.page
    before = {one["id"] for one in mailings(vendor)}
    page.locator("[data-region=mailings] a", has_text="La saison d’automne").first.click()
    desk.see("Leaves in", "Départ dans")
    desk.shot("mailing-scheduled")
    page.locator("a[href$='/move/']").click()
    page.fill("[name=send_at]", wall(21))
    desk.shot("mailing-move")
    desk.submit()
    until(lambda: len({one["id"] for one in mailings(vendor)} - before) == 1, 40, "moved at the vendor")
    desk.see("Moved from", "Remplace")
    page.goto(campaign)
    page.locator("[data-region=mailings] a", has_text="The autumn season").first.click()
    there = len(mailings(vendor))
    page.locator("a[href$='/cancel/']").click()
    desk.shot("mailing-cancel")
    desk.submit()
    until(lambda: len(mailings(vendor)) == there - 1, 40, "cancelled at the vendor")
    page.goto(campaign)
    desk.shot("campaign-cancelled")


def send_test(desk: Desk, campaign: str) -> None:
    """A test is a real mailing to one person, and says so."""
    page = desk.page
    page.goto(f"{campaign}test/")
    desk.shot("campaign-test")
    desk.submit()
    expect(page.locator("h1")).to_contain_text(desk.say("test", "essai"))


def results(desk: Desk) -> None:
    """The list, one mailing's funnel, its lists read on demand, the curve, the comparison, one person's mailings."""
    page = desk.page
    desk.go("/campaigns/mailing/?stage=sent")
    expect(page.locator("#result_list tbody tr")).to_have_count(4)
    desk.shot("mailings")
    page.locator("#result_list tbody th a").first.click()
    mailing = page.url
    for outcome in ("opened", "clicked", "all"):
        page.goto(f"{mailing}recipients/?outcome={outcome}")
        page.locator("main form button[type=submit]").click()
        expect(page.locator("main form button[type=submit]")).to_contain_text(desk.say("Read again", "Relire"))
    expect(page.locator(".ca-values tbody tr").first).to_contain_text("@")
    desk.shot("recipients")
    page.goto(mailing)
    expect(page.locator(".cp-curve")).not_to_have_count(0)
    desk.shot("mailing-results")
    click_map(desk, mailing)
    desk.go("/campaigns/mailing/compare/")
    expect(page.locator(".cp-compare tbody tr")).to_have_count(4)
    desk.shot("compare")
    desk.go("/campaigns/mailing/received/?email=personne1@example.com")
    expect(page.locator(".cp-received tbody tr")).not_to_have_count(0)
    desk.see("As of", "En date du")
    page.reload()
    desk.shot("received")
    desk.open_contact("personne1@example.com")
    panel = page.locator(".ca-card", has_text=desk.say("Consent then:", "Consentement à cette date"))
    expect(panel.locator("li").first).to_be_visible()
    desk.shot("contact-mailings")


def click_map(desk: Desk, mailing: str) -> None:
    """A badge beside each link of the body as it will look on a desk and on a phone; the table behind it has the same."""
    page = desk.page
    page.locator("#links a[href$='/clicks/']").click()
    rows = page.locator("#links tbody tr")
    frame = page.locator(".et-stage iframe").content_frame
    expect(frame.locator("ca-clicks").first).to_contain_text(desk.say("click", "clic"))
    total = rows.first.locator("td").nth(2).inner_text()
    expect(frame.locator("ca-clicks").filter(has_text=f"{total} {desk.say('click', 'clic')}").first).to_be_visible()
    page.locator(".et-stage").scroll_into_view_if_needed()
    page.screenshot(path=desk.shots / f"click-map-{desk.language}.png")
    desk.shot("click-map")
    page.get_by_role("link", name=desk.say("Phone", "Téléphone")).click()
    expect(page.locator(".et-stage.phone iframe").content_frame.locator("ca-clicks").first).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 900})
    page.emulate_media(color_scheme="dark")
    page.locator(".et-stage").scroll_into_view_if_needed()
    page.screenshot(path=desk.shots / f"click-map-phone-{desk.language}.png")
    page.set_viewport_size({"width": 1400, "height": 900})
    page.emulate_media(color_scheme="light")


def test_a_campaign_from_its_first_word_to_results(desk: Desk) -> None:
    vendor = prepare(desk)
    campaign = write(desk)
    preview(desk, campaign)
    choose_time(desk, campaign)
    send_test(desk, campaign)
    send(desk, campaign, vendor)
    stop(desk, campaign, vendor)
    results(desk)


class Keys:
    """A person without a mouse. Every stop of the Tab key must be seen, and none may lie under something else."""

    SEEN = """() => {
        const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
        const ring = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
        const x = box.left + box.width / 2, y = box.top + Math.min(box.height / 2, 10);
        const top = document.elementFromPoint(x, y);
        const free = top && (top === one || one.contains(top) || top.contains(one) || top.closest("label")?.contains(one));
        return { ring, free: Boolean(free), what: one.outerHTML.slice(0, 150) };
    }"""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.page = desk, desk.page

    def to(self, selector: str) -> None:
        """Press Tab until the focus is there."""
        self.page.wait_for_selector(selector)
        for _press in range(120):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement === document.body"):
                continue
            seen = self.page.evaluate(self.SEEN)
            assert seen["ring"], f"the focus cannot be seen: {seen['what']}"
            assert seen["free"], f"the focus is covered: {seen['what']}"
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"no way by keyboard to {selector}")

    def write(self, selector: str, text: str) -> None:
        """Go to a field and fill it."""
        self.to(selector)
        self.page.keyboard.insert_text(text)

    def press(self, selector: str) -> None:
        """Go to a link or button and press Enter."""
        self.to(selector)
        self.page.keyboard.press("Enter")

    def time(self, days: int) -> None:
        """Fill the date and the time, part by part."""
        year, month, day = wall(days).partition("T")[0].split("-")
        # The order of the parts is that of the browser's own language, which a page cannot ask for.
        for order in ((month, day, year), (year, month, day), (day, month, year)):
            self.to("[name=send_at]")
            for part in order:
                self.page.keyboard.type(part)
                if part == year:
                    self.page.keyboard.press("ArrowRight")
            self.page.keyboard.type("1000a")
            if self.page.input_value("[name=send_at]") == wall(days):
                return
            self.page.keyboard.press("Escape")
            self.page.evaluate("document.activeElement.blur()")
        raise AssertionError("the time cannot be typed")


def stops(desk: Desk) -> list[str]:
    """The names of the form's fields in the order of the Tab key; no page may bend that order."""
    assert desk.page.locator("[tabindex]:not([tabindex='0']):not([tabindex^='-'])").count() == 0
    names = desk.page.locator("main form :is(input, textarea, select):not([type=hidden])")
    return [str(name) for name in names.evaluate_all("all => all.map(one => one.name).filter(Boolean)")]


def test_a_campaign_by_keyboard_alone(desk: Desk) -> None:
    vendor = prepare(desk, "clavier")
    before = len(mailings(vendor))
    keys, page = Keys(desk), desk.page
    desk.go("/campaigns/campaign/identity/")
    keys.write("[name=name]", "Théâtre du Petit Quai")
    keys.write("[name=postal_address]", ADDRESS)
    keys.write("[name=contact]", "www.petitquai.ca")
    page.keyboard.press("Enter")
    keys.press("a[href$='/campaigns/campaign/add/']")
    page.wait_for_url("**/add/")
    keys.write("[name=name]", "Au clavier")
    if desk.language == "en":
        # The languages begin with the client's own, which is French here.
        keys.to("[name=languages][value=fr_ca]")
        assert page.is_checked("[name=languages][value=fr_ca]")
    keys.press("main form button.primary")
    page.wait_for_url("**/write/")
    written = [name.partition(":")[2] for name in stops(desk)]
    assert list(dict.fromkeys(written)) == [
        "subject", "from_name", "mail_from", "reply_to", "template", "body_html", "body_text", "groups",
    ]  # fmt: skip
    keys.write("[name='fr_ca:subject']", "La saison d’automne")
    keys.write("[name='fr_ca:body_html']", FRENCH)
    keys.press("button[name=make_text]")
    expect(page.locator("[name='fr_ca:body_text']")).not_to_have_value("")
    group = page.get_by_label("Abonnés")
    keys.to(f"[id='{group.get_attribute('id')}']")
    page.keyboard.press("Space")
    page.screenshot(path=desk.shots / f"keyboard-{desk.language}.png")
    keys.press("main form .ca-submit button.primary")
    keys.press("a[href$='/time/']")
    page.wait_for_url("**/time/")
    keys.time(14)
    keys.press("main form button.primary")
    keys.press("a[href$='/send/']")
    keys.press("button[name=do][value=read]")
    desk.see("6 recipients", "6 destinataires")
    keys.press("button[name=do][value=approve]")
    keys.press("button[name=do][value=schedule]")
    until(lambda: len(mailings(vendor)) == before + 1, 40, "the mailing is at the vendor")
