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

#: Why a person may have to decide: after a second doubt nothing is sent by itself.
IN_DOUBT = {"twice_in_doubt", "same_mark_there"}
STOPPED = ("failed", "parked", "conflict")


def sizes(few: int, many: int) -> list[Any]:
    """A short run always, the long one by bin/test --long."""
    return [pytest.param(few, id=str(few)), pytest.param(many, id=str(many), marks=pytest.mark.long)]


def live(desk: CampaignDesk) -> Counter[str]:
    """How many mailings of each subject the vendor would send."""
    return Counter(one["subject"] for one in desk.there() if one["state"] != "cancelled")


def most_at_once(desk: CampaignDesk) -> Counter[str]:
    """The most mailings of each subject that the vendor ever held at one moment, told by its journal."""
    subjects: dict[int, str] = {}
    held, most = Counter[str](), Counter[str]()
    for one in desk.world.effects():
        (number,) = one["ids"]
        if one["operation"] == "createMailing":
            subjects[number] = one["body"]["subject"]
            held[subjects[number]] += 1
        elif one["operation"] == "deleteMailing":
            held[subjects[number]] -= 1
        most |= held
    return most


def report(capsys: pytest.CaptureFixture[str], trouble: Trouble, **figures: Any) -> None:
    """One line of figures, seen whatever pytest captures."""
    with capsys.disabled():
        print(f"\n{json.dumps({**figures, **dict(sorted(trouble.counts.items()))})}")


def check_troubled(trouble: Trouble) -> None:
    """Every kind of trouble struck at least once, and workers were woken by the broker and by the sweep."""
    assert {"drop_before", "drop_after", "rung", "swept"} <= trouble.counts.keys()
    assert any(name.startswith("killed") for name in trouble.counts)


@pytest.mark.parametrize("wanted", sizes(60, 2_000))
def test_every_mailing_is_made_once_or_is_left_for_a_person(
    desk: CampaignDesk, wanted: int, capsys: pytest.CaptureFixture[str]
) -> None:
    trouble = Trouble(desk.world, seed=wanted)
    mailings = []
    for _attempt in range(wanted):
        mailings += desk.scheduled(ahead=timedelta(days=90))
        trouble.turn()
        trouble.rest()

    made, left, missing = live(desk), Counter[str](), 0
    creations = {one.object_id: one for one in desk.world.changes(kind="mailing", verb="create")}
    for mailing in mailings:
        change = creations[mailing.pk]
        left.update([change.reason] if change.is_open else [])
        missing += made[mailing.subject] == 0 and not change.is_open
    doubled = sum(count - 1 for count in most_at_once(desk).values() if count > 1)
    report(capsys, trouble, wanted=wanted, made=len(made), doubled=doubled, missing=missing, left_for_a_person=left)
    assert (doubled, missing) == (0, 0)
    assert len(made) >= wanted - left.total()
    assert left.total() <= 0.05 * wanted
    assert left.keys() <= IN_DOUBT
    check_troubled(trouble)
    assert differences(desk.world.account.pk) == []


@pytest.mark.parametrize("wanted", sizes(30, 400))
def test_a_moved_mailing_is_never_there_twice_and_never_lost(
    desk: CampaignDesk, wanted: int, capsys: pytest.CaptureFixture[str]
) -> None:
    mailings = [mailing for _number in range(wanted) for mailing in desk.scheduled(ahead=timedelta(days=90))]
    while any(one.state == Change.State.QUEUED for one in desk.world.changes(kind="mailing")):
        desk.world.push()
    trouble = Trouble(desk.world, seed=wanted)
    moves = []
    for mailing in mailings:
        moves.append(sending.move(desk.sender, Mailing.objects.get(pk=mailing.pk), desk.wall(timedelta(days=120))))
        trouble.turn()
        trouble.rest()

    there = {one["id"]: one["subject"] for one in desk.there() if one["state"] != "cancelled"}
    moved, left, none = 0, Counter[str](), 0
    for old, new in zip(mailings, moves, strict=True):
        stopped = Change.objects.filter(kind="mailing", object_id__in=(old.pk, new.pk), state__in=STOPPED).first()
        moved += there.get(Mailing.objects.get(pk=new.pk).remote_id) == old.subject
        none += old.subject not in there.values() and stopped is None
        left.update([stopped.reason] if stopped else [])
    most = max(most_at_once(desk).values())
    report(capsys, trouble, wanted=wanted, moved=moved, most_at_once=most, none=none, left_for_a_person=left)
    assert (most, none) == (1, 0)
    assert moved >= wanted - left.total()
    assert left.total() <= 0.05 * wanted
    assert left.keys() <= IN_DOUBT
    check_troubled(trouble)
    assert differences(desk.world.account.pk) == []


@pytest.mark.parametrize("wanted", sizes(30, 400))
def test_a_cancelled_mailing_is_gone_whatever_is_lost(
    desk: CampaignDesk, wanted: int, capsys: pytest.CaptureFixture[str]
) -> None:
    trouble = Trouble(desk.world, seed=wanted + 1)
    cancelled, left, still_there = 0, Counter[str](), 0
    for number in range(wanted):
        (mailing,) = desk.scheduled(ahead=timedelta(days=90))
        # Half of them are cancelled while they may just be on their way.
        trouble.turn()
        if number % 2:
            trouble.rest()
        stopped = Change.objects.filter(object_id=mailing.pk, kind="mailing", state__in=STOPPED).first()
        if stopped is None:
            sending.cancel(desk.writer, mailing)
            trouble.turn()
            trouble.rest()
            stopped = Change.objects.filter(object_id=mailing.pk, kind="mailing", state__in=STOPPED).first()
        there = live(desk)[mailing.subject]
        cancelled += there == 0
        still_there += there > 0 and stopped is None
        left.update([stopped.reason] if stopped else [])
    most = max(most_at_once(desk).values())
    report(
        capsys,
        trouble,
        wanted=wanted,
        cancelled=cancelled,
        most_at_once=most,
        still_there=still_there,
        left_for_a_person=left,
    )
    assert (most, still_there) == (1, 0)
    assert cancelled >= wanted - left.total()
    assert left.total() <= 0.05 * wanted
    assert left.keys() <= IN_DOUBT
    check_troubled(trouble)
    assert differences(desk.world.account.pk) == []
