"""A pull against the sandbox: what is read, what is written, what is left alone."""

from __future__ import annotations

from contacts.models import Contact
from cyberadmin.sync.models import PullRun
from tests.world import World


def test_first_pull_mirrors_everything(world: World) -> None:
    world.remote_member("ann@example.com", firstname="Ann", lastname="Bélanger")
    run = world.pull()
    assert run.state == PullRun.State.COMPLETE, (run.reason, run.problems)
    assert Contact.objects.get(account=world.account).first_name == "Ann"
