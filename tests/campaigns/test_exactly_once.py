"""Real people get a mailing once: schedules, cancellations and moves while requests, answers and workers are lost."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from campaigns import sending
from campaigns.models import Mailing
from cyberadmin.sync.health import differences
from cyberadmin.sync.models import Change
from tests.campaigns.desk import CampaignDesk
from tests.campaigns.trouble import Trouble

pytestmark = pytest.mark.django_db(transaction=True)

FEW, MANY = 60, 2_000


def sizes(few: int, many: int) -> list[Any]:
    """A short run always, the long one by bin/test --long."""
    return [pytest.param(few, id=str(few)), pytest.param(many, id=str(many), marks=pytest.mark.long)]


def live(desk: CampaignDesk) -> Counter[str]:
    """How many mailings of each subject the vendor would send."""
    return Counter(one["subject"] for one in desk.there() if one["state"] != "cancelled")


def report(capsys: pytest.CaptureFixture[str], **figures: Any) -> None:
    """One line of figures, seen whatever pytest captures."""
    with capsys.disabled():
        print(f"\n{json.dumps(figures)}")


@pytest.mark.parametrize("wanted", sizes(FEW, MANY))
def test_every_mailing_is_made_once_or_is_left_for_a_person(
    desk: CampaignDesk, wanted: int, capsys: pytest.CaptureFixture[str]
) -> None:
    trouble = Trouble(desk.world, seed=wanted)
    mailings = []
    for _attempt in range(wanted):
        mailings += desk.scheduled(ahead=timedelta(days=90))
        trouble.turn()
        trouble.rest()

    made, left = live(desk), Counter[str]()
    creations = {one.object_id: one for one in desk.world.changes(kind="mailing", verb="create")}
    missing = 0
    for mailing in mailings:
        change = creations[mailing.pk]
        if change.is_open:
            left[change.reason] += 1
        elif made[mailing.subject] == 0:
            missing += 1
    doubled = sum(count - 1 for count in made.values() if count > 1)
    report(
        capsys,
        wanted=wanted,
        made=len(made),
        doubled=doubled,
        missing=missing,
        left_for_a_person=left,
        **trouble.counts,
    )
    assert (doubled, missing) == (0, 0)
    assert len(made) >= wanted - sum(left.values())
    assert sum(left.values()) <= 0.05 * wanted
    assert set(left) <= {"twice_in_doubt", "same_mark_there"}
    assert len(trouble.counts) >= 3
    assert differences(desk.world.account.pk) == []


@pytest.mark.parametrize("wanted", sizes(20, 400))
def test_a_moved_mailing_is_never_there_twice_and_never_lost(
    desk: CampaignDesk, wanted: int, capsys: pytest.CaptureFixture[str]
) -> None:
    mailings = [mailing for _number in range(wanted) for mailing in desk.scheduled(ahead=timedelta(days=90))]
    while any(one.state == Change.State.QUEUED for one in desk.world.changes(kind="mailing")):
        desk.world.push()
    trouble = Trouble(desk.world, seed=wanted, share=0.08)
    most_at_once, left, none = 0, Counter[str](), 0
    for mailing in mailings:
        moved = sending.move(desk.sender, Mailing.objects.get(pk=mailing.pk), desk.wall(timedelta(days=120)))
        for _turn in range(3):
            trouble.turn()
            most_at_once = max(most_at_once, *live(desk).values())
        trouble.rest()
        count = live(desk)[mailing.subject]
        most_at_once = max(most_at_once, count)
        change = Change.objects.get(kind="mailing", verb="create", object_id=moved.pk)
        left.update([change.reason] if change.is_open else [])
        none += count == 0 and not change.is_open
    report(capsys, moved=wanted, most_at_once=most_at_once, none=none, left_for_a_person=left, **trouble.counts)
    assert (most_at_once, none) == (1, 0)
    assert sum(left.values()) <= 0.1 * wanted
    assert differences(desk.world.account.pk) == []


@pytest.mark.parametrize("wanted", sizes(20, 400))
def test_a_cancelled_mailing_is_gone_whatever_is_lost(
    desk: CampaignDesk, wanted: int, capsys: pytest.CaptureFixture[str]
) -> None:
    trouble = Trouble(desk.world, seed=wanted + 1, share=0.1)
    left = Counter[str]()
    for number in range(wanted):
        (mailing,) = desk.scheduled(ahead=timedelta(days=90))
        if number % 2:
            # Half of them are cancelled while they may just be on their way.
            trouble.turn()
        else:
            trouble.rest()
        if Change.objects.filter(object_id=mailing.pk, kind="mailing", state__in=("parked", "conflict")).exists():
            continue
        sending.cancel(desk.writer, mailing)
        trouble.rest()
        opened = Change.objects.filter(object_id=mailing.pk, kind="mailing", state__in=Change.OPEN)
        left.update(change.reason for change in opened)
        assert opened.exists() or live(desk)[mailing.subject] == 0
    report(capsys, cancelled=wanted, left_for_a_person=left, **trouble.counts)
    assert sum(left.values()) <= 0.1 * wanted
    assert differences(desk.world.account.pk) == []
