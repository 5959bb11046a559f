"""Numbers for charts: heights and places in the view box, round numbers beside curves, breaks where nothing is known."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from cyberadmin.charts import ABOVE, HEIGHT, LEFT, WIDTH, columns, curves

DAY = timedelta(days=1)
START = date(2026, 1, 1)


def test_columns_are_as_high_as_their_share_of_the_highest() -> None:
    made = columns({"a": 10, "b": 5, "c": 0})

    assert [(column.key, column.height) for column in made.columns] == [("a", "160.0"), ("b", "80.0"), ("c", "0.0")]
    assert [column.middle for column in made.columns] == ["120.0", "360.0", "600.0"]
    assert (made.total, made.highest) == (15, 10)


def test_columns_of_nothing_are_flat() -> None:
    assert columns({"a": 0}).columns[0].height == "0.0"
    assert columns({}).columns == []


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0, 0], [0, 1]),
        ([0, 3], [0, 1, 2, 3]),
        ([12_000, 12_310], [12_000, 12_100, 12_200, 12_300, 12_400]),
        ([10, 1_000_000], [0, 500_000, 1_000_000]),
        ([7, 7], [7, 8]),
    ],
)
def test_a_curve_stands_between_round_numbers(values: list[int], ticks: list[int]) -> None:
    made = curves([START, START + DAY], values)

    assert made is not None
    assert [tick.value for tick in made.ticks] == ticks
    assert (made.ticks[0].at, made.ticks[-1].at) == (f"{ABOVE + HEIGHT}.0", f"{ABOVE}.0")


def test_a_curve_runs_over_its_days_and_breaks_where_nothing_is_known() -> None:
    days = [START + number * DAY for number in range(5)]

    made = curves(days, [0, 4, None, 2, 2], [None, None, None, None, 1])

    assert made is not None
    first, second = made.curves
    assert first.pieces == [
        f"{LEFT}.0,{ABOVE + HEIGHT}.0 {LEFT + WIDTH / 4},{ABOVE}.0",
        f"{LEFT + WIDTH * 3 / 4},{ABOVE + HEIGHT / 2} {LEFT + WIDTH}.0,{ABOVE + HEIGHT / 2}",
    ]
    assert second.pieces == []
    assert second.last == (f"{LEFT + WIDTH}.0", f"{ABOVE + HEIGHT * 3 / 4}")


def test_a_year_is_marked_by_months_and_a_month_by_weeks() -> None:
    year = [START + number * DAY for number in range(365)]
    month = year[:31]

    marked = curves(year, [1] * 365)
    short = curves(month, [1] * 31)

    assert marked is not None
    assert [mark.value for mark in marked.days] == [date(2026, number, 1) for number in range(1, 13)]
    assert short is not None
    assert [mark.value for mark in short.days] == [date(2026, 1, day) for day in (5, 12, 19, 26)]


def test_nothing_known_is_no_curve() -> None:
    assert curves([], []) is None
    assert curves([START], [None]) is None


def test_many_columns_stay_apart_and_are_seen() -> None:
    made = columns(dict.fromkeys(range(72), 3))
    step = WIDTH / 72
    assert {column.width for column in made.columns} == {f"{step * 0.75:.1f}"}
    assert float(made.columns[-1].x) + float(made.columns[-1].width) < WIDTH
