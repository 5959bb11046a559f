"""What a person at the console does, in a browser: small steps that a walk is made of."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser.stack import ADMIN, PASSWORD, Stack, Vendor

PATIENCE = 30_000
WIDTH = 1400


class Desk:
    """One person in one language. Every page it leaves is checked for sideways scroll and for script errors."""

    def __init__(self, browser: Browser, stack: Stack, language: str, shots: Path | None) -> None:
        self.stack, self.language, self.shots = stack, language, shots
        self.context = browser.new_context(
            locale="fr-CA" if language == "fr" else "en-CA", viewport={"width": WIDTH, "height": 900}
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        self.trouble: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.slug = ""

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.trouble.append(f"{message.text} ({message.location.get('url', '')} on {self.page.url})")

    def say(self, english: str, french: str) -> str:
        """The words of this person's language."""
        return french if self.language == "fr" else english

    def go(self, path: str) -> None:
        """Open a page of the client, or of the agency before one is chosen."""
        prefix = f"/c/{self.slug}" if self.slug else ""
        self.page.goto(f"{self.stack.address}{prefix}{path}")

    def log_in(self) -> None:
        """Log in on the page that is open."""
        self.page.fill("[name=username]", ADMIN)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("main button[type=submit].primary")
        expect(self.page.locator(".ca-shell")).to_be_visible()

    def shot(self, name: str) -> None:
        """Pictures of this page, once it is there: wide and at 390 pixels; none may scroll sideways.

        The French walk is wide in light and narrow in dark, the English one the other way round: together they show all
        four. A person without a folder for pictures takes none.
        """
        if self.shots is None:
            return
        self.page.wait_for_load_state()
        wide_theme, narrow_theme = ("light", "dark") if self.language == "fr" else ("dark", "light")
        for width, theme in ((390, narrow_theme), (WIDTH, wide_theme)):
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} scrolls sideways at {width}: {wide}"
            self.page.screenshot(path=self.shots / f"{name}-{self.language}-{width}-{theme}.png", full_page=True)
        self.page.emulate_media(color_scheme="light")

    def connect(self, vendor: Vendor, name: str) -> None:
        """Take a client on by its token, and stay with it once its first reading is over."""
        self.slug = ""
        self.go("/connect/")
        self.page.fill("[name=name]", name)
        self.page.select_option("select[name=language]", "fr")
        self.page.fill("[name=time_zone]", "America/Toronto")
        self.page.fill("[name=token]", vendor.token)
        self.submit()
        self.page.wait_for_url("**/c/**")
        self.confirm()

    def confirm(self) -> None:
        """Confirm whose token it is, on the page that compares the names, and wait for the first reading."""
        self.slug = self.page.url.split("/c/")[1].split("/")[0]
        self.page.locator("main form button.primary").click()
        self.see("Connected. The first reading", "Connecté. La première lecture")
        expect(self.page.locator("#ca-bar-facts")).to_contain_text(self.say("complete, as of", "complet, lecture"))

    def open_contact(self, email: str) -> str:
        """Find a contact by its address and open it; the address of its page."""
        self.go(f"/contacts/contact/?q={email}")
        self.page.locator("#result_list tbody th a").click()
        expect(self.page.locator(".ca-history")).to_be_visible()
        return self.page.url

    def submit(self) -> None:
        """Press the button of the form in the page."""
        self.page.locator("main form .ca-submit button[type=submit]").first.click()

    def see(self, english: str, french: str) -> None:
        """These words are on the page, in this person's language."""
        expect(self.page.locator("body")).to_contain_text(self.say(english, french))

    def see_state(self, state: str) -> None:
        """The newest change of the object on the page reaches this state, without a reload."""
        words = {
            "done": self.say("done", "terminée"),
            "queued": self.say("waiting", "en attente"),
            "conflict": self.say("needs your decision", "attend votre décision"),
            "failed": self.say("refused", "refusée"),
        }
        badge = self.page.locator(".ca-history li .ca-badge").first
        expect(badge).to_have_text(re.compile(words[state] + "$"))

    def change_of(self) -> None:
        """Open the newest change of the object on the page."""
        self.page.locator(".ca-history li a").first.click()

    def close(self) -> None:
        """Leave; nothing in the browser may have gone wrong meanwhile."""
        self.context.close()
        assert self.trouble == [], self.trouble
