"""Moments to wall time: what is written reads back as the same moment, or is refused."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberadmin.api.types import TORONTO, DoubledTime, SkippedTime, wall_time

PARIS = ZoneInfo("Europe/Paris")
ZONES = [TORONTO, PARIS, ZoneInfo("America/Vancouver"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")]


@pytest.mark.parametrize(
    ("moment", "zone", "text"),
    [
        (datetime(2026, 7, 1, 8, 30, tzinfo=TORONTO), TORONTO, "2026-07-01 08:30:00"),
        (datetime(2026, 7, 1, 12, 30, tzinfo=UTC), TORONTO, "2026-07-01 08:30:00"),
        (datetime(2026, 1, 1, 2, 0, 5, tzinfo=UTC), TORONTO, "2025-12-31 21:00:05"),
        (datetime(2026, 7, 1, 8, 30, tzinfo=TORONTO), PARIS, "2026-07-01 14:30:00"),
        (datetime(2026, 7, 1, 8, 30, tzinfo=timezone(-timedelta(hours=4))), TORONTO, "2026-07-01 08:30:00"),
        # Around the clock changes.
        (datetime(2026, 3, 8, 6, 59, 59, tzinfo=UTC), TORONTO, "2026-03-08 01:59:59"),
        (datetime(2026, 3, 8, 7, 0, tzinfo=UTC), TORONTO, "2026-03-08 03:00:00"),
        (datetime(2026, 11, 1, 4, 59, 59, tzinfo=UTC), TORONTO, "2026-11-01 00:59:59"),
        (datetime(2026, 11, 1, 7, 0, tzinfo=UTC), TORONTO, "2026-11-01 02:00:00"),
        # Doubled where it was said, but said which, and single where it goes.
        (datetime(2026, 11, 1, 1, 30, fold=1, tzinfo=TORONTO), PARIS, "2026-11-01 07:30:00"),
    ],
)
def test_a_moment_is_written_in_the_zone(moment, zone, text):
    assert wall_time(moment, zone) == text


@pytest.mark.parametrize("fold", [0, 1])
@pytest.mark.parametrize("zone", [TORONTO, PARIS])
def test_a_skipped_time_is_refused_wherever_it_goes(fold, zone):
    with pytest.raises(SkippedTime, match=r"^2026-03-08 02:30:00 does not exist in America/Toronto$"):
        wall_time(datetime(2026, 3, 8, 2, 30, fold=fold, tzinfo=TORONTO), zone)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 1, 1, 30, tzinfo=TORONTO),
        datetime(2026, 11, 1, 1, 30, fold=1, tzinfo=TORONTO),
        datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
        datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
    ],
)
def test_a_doubled_time_is_refused_however_it_was_said(moment):
    with pytest.raises(DoubledTime, match=r"^2026-11-01 01:30:00 exists twice in America/Toronto$"):
        wall_time(moment, TORONTO)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 7, 1, 8, 30), "needs a time zone"),
        (datetime(2026, 7, 1, 8, 30, 0, 1, tzinfo=UTC), "whole seconds"),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=1))), "no calendar"),
        (datetime.min.replace(tzinfo=UTC), "no calendar"),
        (datetime.max.replace(microsecond=0, tzinfo=timezone(-timedelta(hours=1))), "no calendar"),
    ],
)
def test_what_the_wire_cannot_carry_is_refused(moment, words):
    with pytest.raises(ValueError, match=words):
        wall_time(moment, TORONTO)


MOMENTS = st.datetimes(datetime(2007, 4, 1), datetime(2060, 1, 1)).map(
    lambda naive: naive.replace(microsecond=0, tzinfo=UTC)
)


@given(MOMENTS, st.sampled_from(ZONES))
def test_what_is_written_reads_back_as_the_same_moment(moment, zone):
    try:
        text = wall_time(moment, zone)
    except DoubledTime:
        # Honest refusal: the same clock face shows at another moment too.
        face = moment.astimezone(zone)
        assert face.replace(fold=0).astimezone(UTC) != face.replace(fold=1).astimezone(UTC)
        return
    assert datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone).astimezone(UTC) == moment


@given(st.datetimes(datetime(2007, 4, 1), datetime(2060, 1, 1)), st.sampled_from(ZONES))
def test_what_a_person_types_goes_out_as_typed_or_not_at_all(typed, zone):
    typed = typed.replace(microsecond=0)
    try:
        text = wall_time(typed.replace(tzinfo=zone), zone)
    except (SkippedTime, DoubledTime):
        return
    assert text == str(typed)


@pytest.mark.parametrize("day", [datetime(2026, 3, 8), datetime(2026, 11, 1)])
def test_of_each_clock_change_exactly_one_hour_is_refused(day):
    refused = []
    for minute in range(24 * 60):
        face = day + timedelta(minutes=minute)
        try:
            assert wall_time(face.replace(tzinfo=TORONTO), TORONTO) == str(face)
        except (SkippedTime, DoubledTime) as error:
            refused.append((face, type(error)))
    kind, first = (SkippedTime, 2) if day.month == 3 else (DoubledTime, 1)
    assert refused == [(day + timedelta(hours=first, minutes=minute), kind) for minute in range(60)]
