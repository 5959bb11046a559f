"""The click map: badges beside the links of a body, the table behind it, and what it says where there is no body."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import click_map
from campaigns.models import Mailing
from tests.browser.payloads import payloads
from tests.campaigns.pages_desk import PagesDesk, words
from tests.campaigns.test_pages_results import desk, sent

__all__ = ["desk"]
LINKS = [
    {"id": 1, "url": "https://a.ca/?b=1", "clicks_unique": 3, "clicks_total": 10},
    {"id": 2, "url": "https://b.ca", "clicks_unique": 20, "clicks_total": 30},
    {"id": 3, "url": "https://nowhere.ca/", "clicks_unique": 0, "clicks_total": 0},
]
BODY = (
    "<html><body><!-- a > comment\n -->\n<a href='https://A.ca/?utm_source=mail&amp;b=1'>First</a>\n<p>"
    '<a\nhref="https://b.ca/">Second</a> <a href="mailto:x@example.com">Write</a> <a href="#top">Top</a>'
    '<a href=https://b.ca>Again</a> <a href="https://c.ca/">Unknown</a></p></body></html>'
)
BADGE = re.compile(r"<ca-clicks [^>]*>(.*?)</ca-clicks>")


def said(link: click_map.Link | None) -> str:
    return "?" if link is None else f"{link.unique}/{link.total}"


def drawn(html: str, links: list[Any] | None = None) -> click_map.ClickMap:
    return click_map.draw(html, LINKS if links is None else links, said)


def badges(html: str) -> list[str]:
    return [re.sub(r"<[^>]*>", "|", badge) for badge in BADGE.findall(html)]


def test_every_link_to_the_web_has_the_numbers_of_its_address() -> None:
    found = drawn(BODY)
    assert badges(found.html) == ["2||3/10", "1||20/30", "1||20/30", "?"]
    assert found.uncounted == 1
    assert [(link.number, link.url, link.places) for link in found.links] == [
        (1, "https://b.ca", 2),
        (2, "https://a.ca/?b=1", 1),
        (3, "https://nowhere.ca/", 0),
    ]
    assert [link.share for link in found.links] == [0.75, 0.25, 0.0]
    # The badge stands inside its link, before the link's words, and nothing else of the body moved.
    assert re.search(r'href="https://b\.ca/"><ca-clicks [^>]*>1<[^>]*></ca-bar>20/30</ca-clicks>Second</a>', found.html)
    assert BADGE.sub("", found.html) == re.sub(r"<!--.*?-->", "", BODY, flags=re.DOTALL)


def test_heat_reads_without_colour() -> None:
    links = [{"id": n, "url": f"https://a.ca/{n}", "clicks_unique": n, "clicks_total": n} for n in (0, 1, 50, 100)]
    found = click_map.ranked(links)
    assert [link.heat for link in found] == [4, 3, 1, 0]
    assert [link.length for link in found] == [1.0, 0.5, 0.01, 0.0]
    html = drawn("".join(f'<a href="https://a.ca/{n}">{n}</a>' for n in (100, 50, 1, 0)), links).html
    assert re.findall(r"width:(\d+)px", html) == ["44", "22", "2"]


@pytest.mark.parametrize(("ground", "ink"), click_map.HEAT)
def test_badges_are_readable(ground: str, ink: str) -> None:
    dark, light = sorted((luminance(ground), luminance(ink)))
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_nothing_of_a_hostile_body_reaches_a_badge_or_is_lost() -> None:
    for payload in payloads("evil.example"):
        html = f'<a href="https://b.ca">x</a>{payload}'
        found = drawn(html)
        assert badges(found.html)[0] == "1||20/30"
        assert set(badges(found.html)) <= {"1||20/30", "?"}


@pytest.mark.parametrize(
    "piece", ['<a href="https://b.ca">x</a>', '<a "', "<", "<!--", '<a href="', "<a href=https://b.ca\n", "&lt", "</"]
)
def test_a_body_of_two_million_characters_is_drawn_in_a_moment(piece: str) -> None:
    started = time.monotonic()
    found = drawn(piece * (2_000_000 // len(piece)))
    assert time.monotonic() - started < 15
    assert len(BADGE.findall(found.html)) <= click_map.MOST


pytestmark = pytest.mark.django_db


def test_the_map_its_table_and_its_frame(desk: PagesDesk) -> None:
    mailing = sent(desk, links=LINKS, body_html=BODY, body_available=True)
    page = desk.get(f"mailing/{mailing.pk}/clicks/")
    text = words(page)
    assert ("20 personnes · 30 clics" if "Carte des clics" in text else "20 people · 30 clicks") in words(
        desk.get(f"mailing/{mailing.pk}/clicks/body/")
    )
    assert [link.number for link, _bar in page.context["rows"]] == [1, 2, 3]
    assert page.context["uncounted"] == 1
    assert page.context["unplaced"] == 1
    html = page.content.decode()
    assert html.count("<iframe") == 1
    assert 'sandbox=""' in html
    assert "show=text" not in html
    assert f"mailing/{mailing.pk}/clicks/" in desk.text(f"mailing/{mailing.pk}/")


def test_the_frame_has_the_walls_of_a_preview(desk: PagesDesk) -> None:
    mailing = sent(desk, links=LINKS, body_html=BODY + "<script>1</script><iframe src=//x>", body_available=True)
    plain = desk.get(f"mailing/{mailing.pk}/body/")
    drawn_body = desk.get(f"mailing/{mailing.pk}/clicks/body/")
    for header in ("Content-Security-Policy", "X-Frame-Options", "Referrer-Policy", "Cache-Control"):
        assert drawn_body.headers[header] == plain.headers[header]
    assert "script-src" not in drawn_body.headers["Content-Security-Policy"]
    assert "<iframe" not in drawn_body.content.decode()
    assert "https:" in desk.get(f"mailing/{mailing.pk}/clicks/body/", pictures="1").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("values", "english", "french"),
    [
        ({"links": LINKS}, "Cyberimpact does not give its body", "Cyberimpact ne donne pas son corps"),
        ({"links": LINKS, "body_available": True, "body_text": "Bonjour"}, "only text", "n’a que du texte"),
        ({"links": [], "body_available": True, "body_html": BODY}, "No link was counted", "Aucun lien n’a été compté"),
        ({"links": LINKS, "stage": "scheduled"}, "nobody has clicked yet", "personne n’a encore cliqué"),
    ],
)
def test_a_mailing_without_a_map_says_why(desk: PagesDesk, values: dict[str, Any], english: str, french: str) -> None:
    mailing = sent(desk, **values)
    page = desk.get(f"mailing/{mailing.pk}/clicks/")
    text = words(page)
    assert (english in text) != (french in text)
    assert "<iframe" not in page.content.decode()
    assert ("nowhere.ca" in text) == bool(values["links"] and values.get("stage") != "scheduled")


def test_the_map_costs_few_queries(desk: PagesDesk) -> None:
    mailing = sent(desk, links=LINKS, body_html=BODY, body_available=True)
    desk.get(f"mailing/{mailing.pk}/clicks/")
    with CaptureQueriesContext(connection) as made:
        desk.get(f"mailing/{mailing.pk}/clicks/")
    assert len(made) <= 25
    assert Mailing.objects.count() == 1
