"""Consents that end, month by month, as numbers for an SVG that the server writes: no script, a table behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

#: Size in units of the SVG: the columns' field, and the room above for the numbers and below for the months.
WIDTH, HEIGHT, ABOVE, BELOW = 720, 160, 26, 50
GAP = 10


@dataclass(frozen=True)
class Column:
    """One month: place and height in the SVG, and what it says."""

    month: date
    count: int
    x: str
    y: str
    width: str
    height: str
    middle: str
    above: str

    @property
    def value(self) -> str:
        """The month as the filter of the list of contacts names it."""
        return self.month.strftime("%Y-%m")


@dataclass(frozen=True)
class Chart:
    """The columns of all months; `total` of them, `highest` of one."""

    columns: list[Column]
    total: int
    highest: int
    view_box: str = f"0 0 {WIDTH} {ABOVE + HEIGHT + BELOW}"
    floor: int = ABOVE + HEIGHT
    words_at: int = ABOVE + HEIGHT + 20
    years_at: int = ABOVE + HEIGHT + 44
    width: int = WIDTH


def chart(months: Mapping[date, int]) -> Chart:
    """The chart of {first of the month: contacts}."""
    highest = max(months.values(), default=0)
    step = WIDTH / max(len(months), 1)
    columns = []
    for place, (month, count) in enumerate(months.items()):
        height = count / highest * HEIGHT if highest else 0.0
        top = ABOVE + HEIGHT - height
        columns.append(
            Column(
                month,
                count,
                x=f"{place * step + GAP / 2:.1f}",
                y=f"{top:.1f}",
                width=f"{step - GAP:.1f}",
                height=f"{height:.1f}",
                middle=f"{(place + 0.5) * step:.1f}",
                above=f"{top - 6:.1f}",
            )
        )
    return Chart(columns, sum(months.values()), highest)
