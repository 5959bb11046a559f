"""A first pull of many mailings: every run gets further, young ones do not hold the others back, and the pages say so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns import due
from campaigns.models import Mailing
from cyberadmin.sync import clock
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import PullRun
from tests.campaigns.pages_desk import PagesDesk, words
from tests.world import World

pytestmark = pytest.mark.django_db


def many(world: World, count: int, **values: object) -> None:
    """Listed mailings that left an hour ago and before."""
    first = Mailing.objects.count()
    with writing():
        Mailing.objects.bulk_create(
            Mailing(
                account=world.account,
                remote_id=first + number + 1,
                subject=f"Envoi {number}",
                language="fr_ca",
                stage="sent",
                send_at=clock.now() - timedelta(hours=1 + number),
                **values,
            )
            for number in range(count)
        )


def test_every_run_gets_further_however_many_young_ones_there_are(world: World) -> None:
    many(world, 400, details_at=clock.now() - timedelta(days=40))
    many(world, 450)
    left = []
    for _run in range(3):
        chosen = due.of_run(world.account.pk, [])
        assert len(chosen) == due.PER_RUN
        assert sum(one.details_at is not None for one in chosen) >= due.AGAIN_PER_RUN
        new = [one.pk for one in chosen if one.details_at is None]
        with writing():
            Mailing.objects.filter(pk__in=new).update(details_at=clock.now())
        left.append(due.never_read(world.account.pk).count())
    assert left == [250, 50, 0]


def test_the_newest_are_read_first_and_room_is_never_left_over(world: World) -> None:
    many(world, 350)
    chosen = due.of_run(world.account.pk, [])
    assert [one.subject for one in chosen] == [f"Envoi {number}" for number in range(300)]


def test_a_pull_counts_details_as_progress(world: World) -> None:
    world.remote_member("a@example.com")
    world.sandbox.control("POST", "generate/mailings", account=world.remote, mailings=4, recipients=1, seed=1)
    run = world.pull()
    assert run.state == PullRun.State.COMPLETE
    assert run.progress_done == run.progress_total == 1 + 4 + 4
    assert due.never_read(world.account.pk).count() == 0


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_list_and_the_mailing_say_what_is_still_to_be_read(world: World, language: str) -> None:
    desk = PagesDesk(world.account, world.editor, language)
    assert "300" not in words(desk.get("mailing/"))
    many(world, 2)
    text = words(desk.get("mailing/"))
    assert ("2 mailings are known so far" if language == "en" else "De 2 envois, seuls") in text
    assert "300" in text
    page = words(desk.get(f"mailing/{Mailing.objects.first().pk}/"))
    assert ("were never read" if language == "en" else "n’ont jamais été lus") in page
