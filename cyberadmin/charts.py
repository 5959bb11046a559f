"""Charts as numbers for an SVG that the server writes: no script, both themes, a table behind each. Pure: no Django.

The units are those of the SVG's view box; a stylesheet makes it as wide as its place.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

#: Size of the field that is drawn in, the room around it for words, and what is left free between two columns at most.
WIDTH, HEIGHT, ABOVE, BELOW, LEFT, RIGHT = 720, 160, 26, 50, 96, 40
GAP = 10
#: About so many lines across a field of curves.
TICKS = 4
#: A curve whose lowest value is above this share of its highest does not begin at nought: it would look flat.
FLAT = 0.5

Key = TypeVar("Key")
Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Column(Generic[Key]):
    """One column: place and height in the SVG, and what it says."""

    key: Key
    count: float
    words: str
    x: str
    y: str
    width: str
    height: str
    middle: str
    above: str


@dataclass(frozen=True)
class Columns(Generic[Key]):
    """Columns side by side; `total` of them, `highest` of one."""

    columns: list[Column[Key]]
    total: float
    highest: float
    view_box: str = f"0 0 {WIDTH} {ABOVE + HEIGHT + BELOW}"
    floor: int = ABOVE + HEIGHT
    words_at: int = ABOVE + HEIGHT + 20
    years_at: int = ABOVE + HEIGHT + 44
    width: int = WIDTH


def columns(values: Mapping[Key, Number], words: Callable[[Number], str] = str) -> Columns[Key]:
    """The columns of {what stands below: how much}; `words` says how much in words."""
    highest = max(values.values(), default=0)
    step = WIDTH / max(len(values), 1)
    gap = min(GAP, step / 4)
    made = []
    for place, (key, count) in enumerate(values.items()):
        height = count / highest * HEIGHT if highest else 0.0
        top = ABOVE + HEIGHT - height
        made.append(
            Column(
                key,
                count,
                words(count),
                x=f"{place * step + gap / 2:.1f}",
                y=f"{top:.1f}",
                width=f"{step - gap:.1f}",
                height=f"{height:.1f}",
                middle=f"{(place + 0.5) * step:.1f}",
                above=f"{top - 6:.1f}",
            )
        )
    return Columns(made, sum(values.values()), highest)


@dataclass(frozen=True)
class Mark:
    """A line across the field at `y` for a value, or a day below it at `x`."""

    at: str
    value: int | date
    words_at: str = ""


@dataclass(frozen=True)
class Curve:
    """One curve: its pieces, as points of polylines (days without a value break it), and its last point."""

    pieces: list[str]
    last: tuple[str, str] | None


@dataclass(frozen=True)
class Curves:
    """Curves over days in one field."""

    curves: list[Curve]
    ticks: list[Mark]
    days: list[Mark]
    left: int = LEFT
    right: int = LEFT + WIDTH
    floor: int = ABOVE + HEIGHT
    words_at: int = ABOVE + HEIGHT + 22
    years_at: int = ABOVE + HEIGHT + 44
    view_box: str = f"0 0 {LEFT + WIDTH + RIGHT} {ABOVE + HEIGHT + BELOW}"


def curves(days: Sequence[date], *series: Sequence[int | None]) -> Curves | None:
    """One curve for each of `series`, whose values stand for `days` in order; None when there is nothing to draw."""
    values = [value for one in series for value in one if value is not None]
    if not days or not values:
        return None
    ticks = _ticks(min(values), max(values))
    low, high = ticks[0], ticks[-1]
    span = max((days[-1] - days[0]).days, 1)

    def across(day: date) -> str:
        return f"{LEFT + (day - days[0]).days / span * WIDTH:.1f}"

    def up(value: float) -> str:
        return f"{ABOVE + HEIGHT - (value - low) / (high - low) * HEIGHT:.1f}"

    made = []
    for one in series:
        points = [(across(day), up(value)) if value is not None else None for day, value in zip(days, one, strict=True)]
        drawn = [point for point in points if point is not None]
        made.append(Curve(_pieces(points), drawn[-1] if drawn else None))
    return Curves(
        made,
        [Mark(up(tick), tick, f"{float(up(tick)) + 4:.1f}") for tick in ticks],
        [Mark(across(day), day) for day in _marked(days)],
    )


def _pieces(points: Sequence[tuple[str, str] | None]) -> list[str]:
    pieces: list[list[str]] = [[]]
    for point in points:
        if point is None:
            pieces.append([])
        else:
            pieces[-1].append(",".join(point))
    return [" ".join(piece) for piece in pieces if len(piece) > 1]


def _ticks(lowest: int, highest: int) -> list[int]:
    """Round numbers from at or below the lowest value to at or above the highest."""
    if lowest <= highest * FLAT:
        lowest = 0
    step, rough = 1, max(highest - lowest, 1) / TICKS
    while step < rough:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    first = lowest // step * step
    ticks = [first]
    while ticks[-1] < highest or len(ticks) == 1:
        ticks.append(ticks[-1] + step)
    return ticks


def _marked(days: Sequence[date]) -> list[date]:
    """The first day of every month, or of every week in a short time; the very first when there is none."""
    short = (days[-1] - days[0]).days < 70
    chosen = [day for day in days if (day.weekday() == 0 if short else day.day == 1)]
    return chosen or [days[0]]
