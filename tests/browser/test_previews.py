"""Hostile templates in a real browser: no script runs, nothing outside is called, the page around stays as it is
(docs/engine.md, security checklist lines 19 and 20).
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk
from tests.browser.hostile import Evil, Watch, spread
from tests.browser.payloads import payloads
from tests.browser.stack import Stack, Vendor

pytestmark = pytest.mark.browser

LIST = "/emailtemplates/emailtemplate/"
PER_PAGE = 25
#: The pages around a body, and the body by itself.
PAGES = ("", "?show=phone", "?show=text", "body/", "versions/", "replace/", "delete/", "copy/")


def test_hostile_templates_run_nothing_and_call_nobody(browser: Browser, stack: Stack, evil: Evil) -> None:
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
    desk = Desk(browser, stack, "en", shots=None)
    desk.go("/")
    desk.log_in()
    desk.connect(vendor, "Hostile client")
    page = desk.page
    watch = Watch(page, stack.address, evil)
    watch.prove_it_hears()

    bodies: list[str] = []
    for index in range(-(-len(hostile) // PER_PAGE)):
        desk.go(f"{LIST}?p={index + 1}")
        frames = page.locator(".et-thumb iframe")
        bodies += [str(one).split("?")[0] for one in frames.evaluate_all("all => all.map(one => one.src)")]
        watch.look(f"list {index}")
    assert len(set(bodies)) == len(hostile)

    assert watch.look_at_bodies(bodies, "p") == len(hostile)
    links = [body.removesuffix("body/") for body in bodies]
    watch.look_at_pages(spread(links, PAGES, each=7))
    for one in links[::48]:
        page.goto(f"{one}replace/")
        page.fill("[name=title]", f"Review {one[-8:]}")
        desk.submit()
        expect(page.locator("iframe[srcdoc]")).to_have_count(1)
        watch.look(f"review of {one}")
    # The console says of each blocked script that it was blocked: that is no trouble here.
    desk.context.close()
