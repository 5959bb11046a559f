"""Charts as numbers for SVG that the server writes: no script, readable in both themes, a table behind each."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.functional import Promise

from campaigns.click_map import Link
from campaigns.results import Step
from cyberadmin.accounts.numbers import grouped

#: The steps that narrow from one to the next; the others are counted beside them.
NARROWING = ("sent", "delivered", "opened", "clicked")
#: A curve's size in units of its SVG, and the hours it tells one by one; later ones are added up.
WIDTH, HEIGHT, HOURS = 720, 180, 72


@dataclass(frozen=True)
class Bar:
    """One bar: `size` of 100, and its value in words."""

    label: Promise | str
    value: str
    share: float | None
    size: str


@dataclass(frozen=True)
class Funnel:
    """Bars that narrow, and what happened beside them."""

    bars: list[Bar]
    others: list[Bar]


@dataclass(frozen=True)
class Column:
    """One hour of a curve: place and height in the SVG, and what it says."""

    x: str
    y: str
    width: str
    height: str
    when: datetime
    count: int


@dataclass(frozen=True)
class Curve:
    """First opens or clicks, hour by hour. `later`: those after the hours that are drawn."""

    columns: list[Column]
    rows: list[tuple[datetime, int]]
    highest: int
    total: int
    later: int


def bar(label: Promise | str, count: int | None, share: float | None) -> Bar:
    """One bar of a share of the whole."""
    return Bar(label, grouped(count), share, f"{min(max(share or 0.0, 0.0), 1.0) * 100:.2f}")


def link_rows(links: list[Link]) -> list[tuple[Link, Bar]]:
    """The links of a mailing with their share of all clicks."""
    return [(link, bar(link.url, link.total, link.share)) for link in links]


def funnel(steps: list[Step]) -> Funnel:
    """The bars of one mailing."""
    made = {step.name: bar(step.label, step.count, step.share) for step in steps}
    return Funnel(
        [made[name] for name in NARROWING if name in made],
        [one for name, one in made.items() if name not in NARROWING],
    )


def curve(hours: list[tuple[datetime, int]], zone: ZoneInfo) -> Curve | None:
    """The columns of one curve in the client's time; None when nothing was read."""
    if not hours:
        return None
    first = hours[0][0]
    drawn = [(moment, count) for moment, count in hours if moment - first < timedelta(hours=HOURS)]
    span = max(int((drawn[-1][0] - first).total_seconds() // 3600) + 1, 12)
    highest = max(count for _moment, count in drawn)
    step = WIDTH / span
    columns = [
        Column(
            x=f"{(moment - first).total_seconds() / 3600 * step:.1f}",
            y=f"{HEIGHT - count / highest * HEIGHT:.1f}",
            width=f"{max(step - 2, 1):.1f}",
            height=f"{count / highest * HEIGHT:.1f}",
            when=moment.astimezone(zone),
            count=count,
        )
        for moment, count in drawn
    ]
    total = sum(count for _moment, count in hours)
    return Curve(columns, hours, highest, total, total - sum(count for _moment, count in drawn))
