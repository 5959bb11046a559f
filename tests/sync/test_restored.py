"""A restored backup: noticed, held back, pulled, and let go on by an administrator (docs/engine.md, fault 32)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from contacts import services as contacts
from cyberadmin.accounts.models import AuditEvent
from cyberadmin.sync import connection, holding, pace, pull, restored
from cyberadmin.sync.models import Change, Installation, PullRun
from groups import services as groups
from tests.faults.threads import run_together
from tests.world import World, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def memory(settings: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A data folder of this test alone."""
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    return tmp_path / "ticks"


def restore_a_backup(behind: int = 1) -> None:
    """As if the database of some sweeps ago had been put back."""
    row = Installation.objects.get()
    Installation.objects.filter(pk=row.pk).update(ticks=row.ticks - behind)


def test_a_database_that_goes_forward_is_never_held(memory: Path) -> None:
    for _ in range(5):
        restored.tick()
        assert not holding.holds()
    assert Installation.objects.get().ticks == 5


def test_a_new_machine_and_a_new_database_are_not_a_restore(memory: Path) -> None:
    restored.tick()
    memory.unlink()
    restored.tick()
    assert not holding.holds()
    for _ in range(3):
        restored.tick()
    Installation.objects.all().delete()
    restored.tick()
    assert not holding.holds()


def test_beats_in_one_process_do_not_take_each_others_file_away(memory: Path) -> None:
    def beat() -> None:
        for _ in range(20):
            restored.tick()

    run_together([beat] * 4)
    assert Installation.objects.get().ticks == 80
    assert [one.name for one in memory.parent.iterdir()] == ["ticks"]
    assert not holding.holds()


@pytest.mark.parametrize("said", ["", "rubbish", "1 2 3"])
def test_a_damaged_memory_holds_nothing_back(memory: Path, said: str) -> None:
    restored.tick()
    memory.write_text(said)
    restored.tick()
    assert not holding.holds()


def test_a_restored_backup_writes_nothing_until_an_administrator_says_so(memory: Path, world: World) -> None:
    marie = world.mirrored("marie@example.com", firstname="Marie")
    for _ in range(3):
        restored.tick()
    contacts.edit_contact(world.editor, marie, {"first_name": "Marie-Ève"}, marie.edit_version)
    group = groups.create_group(world.editor, world.account, "Vernissage", is_public=False)
    restore_a_backup()
    restored.tick()

    assert holding.holds()
    assert AuditEvent.objects.filter(action="installation.restored").count() == 1
    world.push()
    assert world.effects() == []
    assert set(Change.objects.values_list("state", flat=True)) == {Change.State.QUEUED}

    administrator = make_user(superuser=True)
    with pytest.raises(PermissionDenied):
        restored.confirm(world.editor, "")
    with pytest.raises(ValidationError, match="Wait until every client"):
        restored.confirm(administrator, "")
    run = PullRun.objects.get(account=world.account)
    assert (run.scope, run.state) == (PullRun.Scope.FULL, PullRun.State.QUEUED)
    pull.run_due(world.account.pk)
    assert restored.still_to_pull() == []
    restored.confirm(administrator, "the disk failed on Monday")

    assert not holding.holds()
    made = Change.objects.get(kind="group", object_id=group.pk)
    assert (made.state, made.reason) == (Change.State.PARKED, "restored")
    world.push()
    assert [effect["operation"] for effect in world.effects()] == ["editMember"]
    event = AuditEvent.objects.get(action="installation.goes_on")
    assert (event.actor, event.why, event.detail["changes_stopped"]) == (administrator, "the disk failed on Monday", 1)
    restored.tick()
    assert not holding.holds()


def test_even_a_worker_in_the_middle_of_its_turn_writes_nothing(memory: Path, world: World) -> None:
    restored.tick()
    restored.tick()
    restore_a_backup()
    restored.tick()
    with (
        connection.client_for(world.account, connection.CallLog(world.account.pk)) as client,
        pytest.raises(pace.HoldOff),
    ):
        client.groups.create(title="Vernissage", is_public=False)
    assert world.effects() == []


def test_every_page_says_so_and_the_administrator_has_the_button(memory: Path, world: World) -> None:
    administrator = make_user(superuser=True)
    restored.tick()
    restored.tick()
    restore_a_backup()
    restored.tick()
    for user, may in ((world.editor, False), (administrator, True)):
        client = Client()
        client.force_login(user)
        page = client.get(f"/c/{world.account.slug}/contacts/contact/").content.decode()
        assert "restored-banner" in page
        assert ("/restored/" in page) == may
        assert client.get("/restored/").status_code == (200 if may else 403)
    pull.run_due(world.account.pk)
    client = Client()
    client.force_login(administrator)
    form = client.get("/restored/")
    token = form.context["form"]["form_token"].value()
    done = client.post("/restored/", {"form_token": token, "why": "a new disk"})
    assert (done.status_code, done.headers["Location"]) == (302, "/")
    assert not holding.holds()
