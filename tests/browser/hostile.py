"""Watching a browser that shows hostile bodies: what was asked for outside, and where a script left its mark."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence

from playwright.sync_api import Frame, Page, Request

from tests.browser.payloads import HIT, SAID

#: Bodies shown at once on one page, and pages of the console opened beside one another.
FRAMES, TABS = 60, 6
#: One in so many bodies is looked into: that takes longer than showing it.
INSIDE = 8
#: Frames without any attribute that protects them: only the walls that each body brings along stand here.
_SHOW = """
addresses => Promise.all(addresses.map(address => new Promise((resolve, reject) => {
  const frame = document.createElement("iframe");
  frame.onload = resolve;
  frame.onerror = reject;
  frame.src = address;
  document.body.append(frame);
})))
"""


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


class Watch:
    """What the browser asked for, and where a script left its mark, over all pages of the person."""

    def __init__(self, page: Page, home: str, evil: Evil) -> None:
        self.page = page
        self.outside: list[str] = []
        self.hits = 0
        self.evil = evil
        self.tabs: list[Page] = []
        self.answered: dict[str, int] = {}
        page.context.on("response", lambda response: self.answered.update({response.url: response.status}))
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

    def prove_it_hears(self) -> None:
        """A script that does run is heard, from a page and from a frame in it."""
        payload = f"<img src=data:, onerror={HIT}>"
        for body in (payload, f'<iframe srcdoc="{payload}"></iframe>'):
            unguarded = self.page.context.new_page()
            with unguarded.expect_console_message(lambda message: message.text == SAID):
                unguarded.set_content(body)
            unguarded.close()
        assert self.hits == 2, "the watch hears what a script says"
        self.hits = 0

    def look(self, what: str, page: Page | None = None) -> None:
        """Nothing may have happened in any frame of the page."""
        assert (page or self.page).evaluate("1") == 1, what  # what was said before this answer has been heard
        assert self.hits == 0, what
        assert self.outside == [], what
        assert self.evil.calls == [], what

    def look_at_bodies(self, addresses: Sequence[str], holds: str) -> int:
        """Show every body, many beside one another, and say how many were seen.

        Each must have been given and shown; those that are looked into hold an element that matches `holds`.
        """
        seen = 0
        for some in parts(addresses, FRAMES):
            self.page.evaluate("document.body.replaceChildren()")
            self.page.evaluate(_SHOW, some)
            shown = [frame for frame in self.page.frames if frame != self.page.main_frame]
            assert sorted(frame.url for frame in shown) == sorted(some)
            assert {self.answered[frame.url] for frame in shown} == {200}
            for frame in shown[::INSIDE]:
                self._look_inside(frame, holds)
            seen += len(shown)
            self.look(f"{some[0]} to {some[-1]}")
        return seen

    def _look_inside(self, frame: Frame, holds: str) -> None:
        assert frame.locator(holds).count() > 0, f"{frame.url} shows its body"

    def look_at_pages(self, addresses: Sequence[str]) -> None:
        """Open every address by itself, some beside one another."""
        while len(self.tabs) < min(TABS, len(addresses)):
            self.tabs.append(self.page.context.new_page())
        for some in parts(addresses, TABS):
            pairs = list(zip(self.tabs, some, strict=False))
            for tab, address in pairs:
                tab.goto(address, wait_until="commit")
            for tab, address in pairs:
                tab.wait_for_load_state()
                self.look(address, tab)


def spread(links: Sequence[str], pages: Sequence[str], each: int) -> list[str]:
    """Every page of `pages` for `each` of the links, other ones for every page."""
    step = max(1, len(links) // (len(pages) * each))
    chosen = links[::step]
    return [f"{link}{pages[number % len(pages)]}" for number, link in enumerate(chosen)]


def parts(addresses: Sequence[str], size: int) -> Iterator[list[str]]:
    """The addresses, `size` at a time."""
    for start in range(0, len(addresses), size):
        yield list(addresses[start : start + size])
