"""Hostile templates in a real browser: no script runs, nothing outside is called, the page around stays as it is
(docs/engine.md, security checklist lines 19 and 20).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request

from tests.browser.desk import Desk
from tests.browser.payloads import HIT, SAID, payloads
from tests.browser.stack import Stack, Vendor
from tests.browser.test_walk import connect

pytestmark = pytest.mark.browser

LIST = "/emailtemplates/emailtemplate/"
PER_PAGE = 25


class Evil:
    """A server that nobody may ever call: it counts who connects."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.calls: list[bytes] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                caller, _address = self.socket.accept()
            except OSError:
                return
            with caller:
                caller.settimeout(1)
                try:
                    self.calls.append(caller.recv(200))
                except OSError:
                    self.calls.append(b"")

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def evil() -> Iterator[Evil]:
    server = Evil()
    yield server
    server.close()


class Watch:
    """What the browser asked for, and where a script left its mark."""

    def __init__(self, page: Page, home: str, evil: Evil) -> None:
        self.page = page
        self.outside: list[str] = []
        self.hits = 0
        self.evil = evil
        page.context.on("requestfinished", lambda request: self._asked(request, home))
        page.context.on("requestfailed", lambda request: self._asked(request, home))
        page.context.on("console", lambda message: self._said(message.text))

    def _asked(self, request: Request, home: str) -> None:
        # What the browser itself stops is announced, and fails with its reason ("csp", "origin") instead of a network error.
        failure = request.failure or ""
        stopped = failure == "net::ERR_BLOCKED_BY_CSP" or bool(failure and not failure.startswith("net::"))
        if not stopped and not request.url.startswith((home, "data:", "about:", "blob:")):
            self.outside.append(f"{request.url} ({request.failure})")

    def _said(self, text: str) -> None:
        self.hits += text == SAID

    def look(self, what: str) -> None:
        """Nothing may have happened in any frame of the page."""
        assert self.page.evaluate("1") == 1, what  # what was said before this answer has been heard
        assert self.hits == 0, what
        assert self.outside == [], what
        assert self.evil.calls == [], what


def test_hostile_templates_run_nothing_and_call_nobody(browser: Browser, stack: Stack, shots: Path, evil: Evil) -> None:
    hostile = payloads(evil.host)
    assert len(hostile) >= 200
    vendor = Vendor(stack, "Vendor of hostile templates")
    for number, payload in enumerate(hostile):
        stack.sandbox.control(
            "POST",
            "templates",
            account=vendor.name,
            title=f"{number:03} {payload}"[:250],
            bodyHtml=f"<p>{number}</p>{payload}",
            bodyText=payload,
        )
    desk = Desk(browser, stack, "en", shots)
    desk.go("/")
    desk.log_in()
    connect(desk, vendor, "Hostile client")
    page = desk.page
    watch = Watch(page, stack.address, evil)
    unguarded = desk.context.new_page()
    with unguarded.expect_console_message(lambda message: message.text == SAID):
        unguarded.set_content(f"<img src=data:, onerror={HIT}>")
    unguarded.close()
    assert watch.hits == 1, "the watch hears what a script says"
    watch.hits = 0

    numbers: list[str] = []
    for index in range(-(-len(hostile) // PER_PAGE)):
        desk.go(f"{LIST}?p={index + 1}")
        frames = page.locator(".et-thumb iframe")
        for place in range(frames.count()):
            frames.nth(place).scroll_into_view_if_needed()
        numbers += [
            str(one).split("/body/")[0].rsplit("/", 1)[1]
            for one in frames.evaluate_all("all => all.map(one => one.src)")
        ]
        watch.look(f"list {index}")
    assert len(set(numbers)) == len(hostile)

    for number in numbers:
        desk.go(f"{LIST}{number}/body/")
        watch.look(f"body {number} by itself")
    for number in numbers[::24]:
        for path in ("", "?show=phone", "?show=text", "versions/", "replace/", "delete/", "copy/"):
            desk.go(f"{LIST}{number}/{path}")
            watch.look(f"{path} of {number}")
        desk.go(f"{LIST}{number}/replace/")
        page.fill("[name=title]", f"Review {number}")
        desk.submit()
        assert page.locator("iframe[srcdoc]").count() == 1
        watch.look(f"review of {number}")
    # The console says of each blocked script that it was blocked: that is no trouble here.
    desk.context.close()
