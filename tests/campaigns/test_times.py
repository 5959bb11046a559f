"""Wall times and the nights of the clock change: what is absent is refused, what is doubled is asked (faults 69 and 70)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from campaigns import services, times
from campaigns.times import Which
from cyberadmin.sync import clock
from tests.world import give, make_account, make_user

EASTERN, PACIFIC, NEWFOUNDLAND = map(ZoneInfo, ("America/Toronto", "America/Vancouver", "America/St_Johns"))


def refusal(local: datetime, zone: ZoneInfo, which: Which | None = None) -> str:
    with pytest.raises(ValidationError) as refused:
        times.instant(local, zone, which)
    for language in ("en", "fr"):
        with translation.override(language):
            assert refused.value.messages[0].endswith(".")
    return refused.value.code


def test_an_ordinary_time_is_the_same_wall_time_summer_and_winter() -> None:
    for month, hour in ((1, 14), (7, 13)):
        moment = times.instant(datetime(2026, month, 5, 9, 0), EASTERN)
        assert moment == datetime(2026, month, 5, hour, 0, tzinfo=UTC)
        assert times.local(moment, EASTERN).hour == 9


@pytest.mark.parametrize("minute", [0, 1, 30, 59])
def test_the_absent_hour_of_spring_is_refused(minute: int) -> None:
    assert refusal(datetime(2026, 3, 8, 2, minute), EASTERN) == "skipped"


def test_the_minutes_around_the_absent_hour_are_taken() -> None:
    before = times.instant(datetime(2026, 3, 8, 1, 59), EASTERN)
    after = times.instant(datetime(2026, 3, 8, 3, 0), EASTERN)
    assert after - before == timedelta(minutes=1)


@pytest.mark.parametrize("minute", [0, 30, 59])
def test_the_doubled_hour_of_autumn_is_asked_and_then_refused_since_the_wire_cannot_say_it(minute: int) -> None:
    local = datetime(2026, 11, 1, 1, minute)
    assert refusal(local, EASTERN) == "doubled"
    assert refusal(local, EASTERN, "first") == refusal(local, EASTERN, "second") == "unsayable"


def test_a_doubled_hour_elsewhere_is_asked_and_taken_where_the_wire_can_say_it() -> None:
    local = datetime(2026, 11, 1, 1, 30)
    assert refusal(local, PACIFIC) == "doubled"
    first, second = (times.instant(local, PACIFIC, which) for which in ("first", "second"))
    assert second - first == timedelta(hours=1)
    assert times.is_sayable(first)


def test_a_clear_time_elsewhere_that_falls_into_the_wires_doubled_hour_is_refused() -> None:
    # Half past three in St. John's is two o'clock Eastern; an hour earlier it is in the doubled hour.
    assert refusal(datetime(2026, 11, 1, 2, 30), NEWFOUNDLAND) == "unsayable"


@pytest.mark.parametrize(
    "local", [datetime(2026, 5, 5, 9, 0, 30), datetime(2026, 5, 5, 9, 0, tzinfo=UTC), datetime(1, 1, 1, 0, 0, 0, 5)]
)
def test_only_whole_minutes_without_zone_are_taken(local: datetime) -> None:
    assert refusal(local, EASTERN) == "seconds"


@pytest.mark.parametrize("local", [datetime.max.replace(second=0, microsecond=0), datetime(9999, 12, 31, 23, 0)])
def test_the_end_of_the_calendar_breaks_nothing(local: datetime) -> None:
    assert refusal(local, PACIFIC) in ("skipped", "unsayable")


@pytest.mark.django_db
def test_a_refused_time_leaves_the_campaign_as_it_is() -> None:
    account = make_account()
    editor = give(make_user(), account, "edit")
    campaign = services.create_campaign(editor, account, "Nouvelles", ["fr_ca", "en_ca"])
    year = clock.now().year + 1
    night = datetime(year, 3, 8) + timedelta(days=(6 - datetime(year, 3, 8).weekday()) % 7)
    for local, code in ((night.replace(hour=2, minute=30), "skipped"), (datetime(2020, 1, 6, 10, 0), "past")):
        with pytest.raises(ValidationError) as refused:
            services.set_time(editor, campaign, local)
        assert refused.value.error_dict["send_at"][0].code == code
    assert {edition.send_at for edition in campaign.editions.all()} == {None}
    moment = services.set_time(editor, campaign, night.replace(hour=10))
    assert {edition.send_at for edition in campaign.editions.all()} == {moment}
