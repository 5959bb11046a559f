"""The worker that purges a client is killed with SIGKILL between two pieces; the next one counts nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from cyberadmin.accounts import wall
from cyberadmin.accounts.models import AuditEvent
from cyberadmin.offboarding import leases, purging, services
from cyberadmin.offboarding.models import OffBoarding, Work
from cyberadmin.sync import clock
from tests.faults.desk import Desk
from tests.faults.workers import Nursery
from tests.world import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_purge_that_is_killed_goes_on_where_it_was(desk: Desk, workers: Nursery, tmp_path: Path) -> None:
    world = desk.world
    for number in range(3):
        world.mirrored(f"personne{number}@example.com")
    found = services.begin(world.editor, world.account, "in house", None, "Luce Roy")
    services.skip_file(world.editor, found, "has it")
    services.revoke(world.editor, found, "they leave")
    world.account.credentials.update(secret="")
    work = services.purge(make_user(superuser=True), found, world.account.name, "over")
    planted = {
        model._meta.label: model._base_manager.filter(**{path: world.account.pk}).count()
        for model, path in wall.scoped_models().items()
    }
    marker = tmp_path / "killed"
    crash = {"CYBERADMIN_CRASH_AT": "client_purged_piece", "CYBERADMIN_CRASH_ONCE": str(marker)}
    workers.start("purge", crash, work=work.pk).wait()
    assert marker.exists(), "it was not killed"
    left = Work.objects.get(pk=work.pk)
    assert (left.state, sum(left.counts.values()) > 0) == (Work.State.DOING, True)
    clock.advance(leases.LEASE.total_seconds() + 1)
    purging.run(work.pk)
    done = Work.objects.get(pk=work.pk)
    assert (done.state, done.tries) == (Work.State.DONE, 2)
    assert OffBoarding.objects.get(pk=found.pk).state == OffBoarding.State.ENDED
    assert purging.left_over(world.account.pk) == {}
    gone = {name: number for name, number in planted.items() if number and name not in purging.KEPT}
    assert {name: number for name, number in done.counts.items() if name != "files"} == gone
    assert gone["contacts.Contact"] == 3
    assert AuditEvent.objects.filter(action="offboarding.ended").count() == 1
