"""Which links of a mailing were clicked, drawn into its body: a badge beside each link, and the same as rows of a table.

The vendor counts by address (api/README.md 4.7, `links`), so every link of the body that leads to one address shows the
same numbers. A badge is written by us and holds nothing but numbers and our own words; the body around it stays as hostile
as it was, so the result goes through a `PreviewPage` like any body.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from django.utils.html import escape

from templates.plain_text import parseable

#: Badges drawn at most: a body with more links than this is no mail that somebody reads.
MOST = 500
#: (background, text) of a badge, from "nobody" to "as many as the most clicked link". Darker is more.
HEAT = (
    ("#f1f5f9", "#334155"),
    ("#fef3c7", "#713f12"),
    ("#fdba74", "#5f2306"),
    ("#c2410c", "#ffffff"),
    ("#7f1d1d", "#ffffff"),
)
#: The widest bar of a badge, in pixels: its length says the same as the colour.
BAR = 44
_BADGE = (
    "all:initial!important;display:inline-block!important;margin:2px 4px!important;padding:2px 7px!important;"
    "border:1px solid {ink}!important;border-radius:9px!important;background:{ground}!important;color:{ink}!important;"
    "font:600 12px/1.4 Arial,sans-serif!important;text-align:left!important;vertical-align:middle!important;"
    "white-space:normal!important"
)
_METER = (
    "all:initial!important;display:inline-block!important;width:{width}px!important;height:8px!important;"
    "margin:0 5px!important;background:{ink}!important;border-radius:2px!important"
)


@dataclass(frozen=True)
class Link:
    """One link as the vendor counted it. `share`: of all clicks of the mailing, a fraction of 1; None without clicks.

    `number` is its place among the most clicked, from 1; `places`: how often it stands in the body; `heat`: 0 to 4.
    """

    number: int
    url: str
    unique: int
    total: int
    share: float | None
    heat: int
    #: Length beside that of the most clicked link, 0 to 1.
    length: float
    places: int = 0


#: What a badge says of a link, as text; of None, that the vendor counts no clicks of it.
Words = Callable[[Link | None], str]


@dataclass(frozen=True)
class ClickMap:
    """The body with its badges, the links by clicks, and how many links of the body the vendor does not count."""

    html: str
    links: list[Link]
    uncounted: int


def ranked(links: Sequence[Mapping[str, Any]]) -> list[Link]:
    """The links of a mailing, the most clicked first. `links` as `Mailing.links` holds them."""
    rows = sorted(links, key=lambda one: (-one["clicks_total"], -one["clicks_unique"], one["id"]))
    total = sum(one["clicks_total"] for one in rows)
    highest = max((one["clicks_total"] for one in rows), default=0)
    return [
        Link(
            number=number,
            url=one["url"],
            unique=one["clicks_unique"],
            total=one["clicks_total"],
            share=one["clicks_total"] / total if total else None,
            heat=_heat(one["clicks_total"], highest),
            length=one["clicks_total"] / highest if highest else 0.0,
        )
        for number, one in enumerate(rows, start=1)
    ]


def draw(html: str, links: Sequence[Mapping[str, Any]], words: Words) -> ClickMap:
    """The body with a badge at the start of each link that leads to the web. Never raises, whatever the HTML."""
    found = ranked(links)
    by_address = {address_key(one.url): one for one in reversed(found)}
    body = parseable(html)
    places: Counter[int] = Counter()
    uncounted, done = 0, 0
    parts: list[str] = []
    for place, url in _anchors(body):
        link = by_address.get(address_key(url))
        if link is not None:
            places[link.number] += 1
        else:
            uncounted += 1
        # The parser may lose count in broken markup; nothing of the body is left out or shown twice for that.
        if len(parts) < 2 * MOST and place >= done:
            parts += [body[done:place], _badge(link, words)]
            done = place
    parts.append(body[done:])
    return ClickMap("".join(parts), [replace(one, places=places[one.number]) for one in found], uncounted)


def address_key(url: str) -> str:
    """An address as it is compared: what mail services add to follow visits (`utm_…`) and letter case of the host aside."""
    url = url.strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    query = "&".join(one for one in parts.query.split("&") if not one.startswith("utm_"))
    return f"{parts.scheme}://{parts.netloc.casefold()}{parts.path or '/'}?{query}#{parts.fragment}"


def _heat(clicks: int, highest: int) -> int:
    return 0 if not clicks else 1 + min(int(clicks / highest * 4), 3)


def _badge(link: Link | None, words: Words) -> str:
    ground, ink = HEAT[link.heat if link else 0]
    said = escape(words(link))
    if link is None:
        return f'<ca-clicks style="{_BADGE.format(ground="#ffffff", ink="#475569")}">{said}</ca-clicks>'
    bar = _METER.format(ink=ink, width=max(round(link.length * BAR), 2))
    meter = f'<ca-bar style="{bar}"></ca-bar>' if link.total else " · "
    return f'<ca-clicks style="{_BADGE.format(ground=ground, ink=ink)}">{link.number}{meter}{said}</ca-clicks>'


class _Reader(HTMLParser):
    """Collects where the start tags of links end, as (line, column of the tag, its text's length, address)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, int, int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("href") or "" if tag == "a" else ""
        if address.strip().casefold().startswith(("http:", "https:")):
            line, column = self.getpos()
            self.found.append((line, column, len(self.get_starttag_text() or ""), address))


def _anchors(body: str) -> list[tuple[int, str]]:
    """(where the start tag ends, address) of each link to the web, in their order."""
    reader = _Reader()
    reader.feed(body)
    reader.close()
    starts = [0]
    for text in body.split("\n")[:-1]:
        starts.append(starts[-1] + len(text) + 1)
    return [(starts[line - 1] + column + length, url) for line, column, length, url in reader.found]
