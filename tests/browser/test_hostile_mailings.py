"""Mailings with hostile subjects and bodies in a real browser: no script runs and nothing outside is called, in lists,
results, click maps, comparison and lists of recipients.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk
from tests.browser.hostile import Evil, Watch, spread
from tests.browser.payloads import payloads
from tests.browser.stack import Stack, Vendor

pytestmark = pytest.mark.browser

LIST = "/campaigns/mailing/"
PER_PAGE = 50
PAGES = ("", "?show=phone", "?show=text", "body/", "recipients/", "clicks/", "clicks/body/")


def test_hostile_mailings_run_nothing_and_call_nobody(browser: Browser, stack: Stack, evil: Evil) -> None:
    hostile = payloads(evil.host)
    vendor = Vendor(stack, "Vendor of hostile mailings")
    control = stack.sandbox.control
    made = control("POST", "groups", account=vendor.name, title=hostile[0][:200])
    control("POST", "groups/members", account=vendor.name, id=made["id"], add=["personne1@example.com"])
    for number, payload in enumerate(hostile):
        control(
            "POST",
            "mailings",
            account=vendor.name,
            subject=f"{number:03} {payload}"[:200],
            fromName=payload[:100],
            bodyHtml=f'<p>{number}</p><a href="https://www.example.org/{number}">x</a>{payload}',
            bodyText=payload,
            groups=[made["id"]],
            sent=True,
        )
    desk = Desk(browser, stack, "fr", shots=None)
    desk.go("/")
    desk.log_in()
    desk.connect(vendor, "Hostile mailings")
    page = desk.page
    watch = Watch(page, stack.address, evil)
    watch.prove_it_hears()
    links: list[str] = []
    for index in range(-(-len(hostile) // PER_PAGE)):
        desk.go(f"{LIST}?p={index + 1}")
        expect(page.locator("#result_list tbody th a").first).to_be_visible()
        links += [
            str(one) for one in page.locator("#result_list tbody th a").evaluate_all("all => all.map(one => one.href)")
        ]
        watch.look(f"list {index}")
    assert len(set(links)) == len(hostile)
    desk.go(f"{LIST}compare/")
    watch.look("compare")
    # Every body with its badges: the widest door there is.
    maps = [f"{link}clicks/body/" for link in links]
    assert watch.look_at_bodies(maps, "ca-clicks") == len(hostile)
    watch.look_at_pages(spread(links, PAGES, each=7))
    # The console says of each blocked script that it was blocked: that is no trouble here.
    desk.trouble.clear()
    desk.close()
