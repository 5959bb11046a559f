"""Charts as numbers for SVG that the server writes: no script, readable in both themes, a table behind each."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise

from campaigns.click_map import Link
from campaigns.results import Step
from cyberadmin.accounts.numbers import grouped
from cyberadmin.charts import Columns, columns

#: The steps that narrow from one to the next; the others are counted beside them.
NARROWING = ("sent", "delivered", "opened", "clicked")
#: Hours that a curve tells one by one, at least and at most; later ones are added up.
LEAST, HOURS = 12, 72


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
class Curve:
    """First opens or clicks, by hours in UTC; `total` of them, `later` after the hours that are drawn."""

    chart: Columns[datetime]
    rows: list[tuple[datetime, int]]
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


def curve(hours: list[tuple[datetime, int]]) -> Curve | None:
    """The columns of one curve; None when nothing was read."""
    if not hours:
        return None
    first, counts = hours[0][0], dict(hours)
    last = max(moment for moment in counts if moment - first < timedelta(hours=HOURS))
    span = max(int((last - first).total_seconds() // 3600) + 1, LEAST)
    drawn = [first + timedelta(hours=number) for number in range(span)]
    # In UTC: where clocks are put back, two hours have one name.
    chart = columns({moment: counts.get(moment, 0) for moment in drawn}, grouped)
    total = sum(counts.values())
    return Curve(chart, hours, total, total - int(chart.total))
