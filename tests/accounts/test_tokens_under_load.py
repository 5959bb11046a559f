"""Tokens and encryption keys change under a full queue and real workers: nothing lost, nothing failed, all in order."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from cyberadmin.accounts import secrets
from cyberadmin.accounts.models import Credential
from cyberadmin.sync import custody
from cyberadmin.sync.models import Change
from tests.faults.desk import Desk
from tests.faults.oracle import judge
from tests.faults.workers import Nursery, poll
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
COUNTS = [150, pytest.param(2_000, marks=pytest.mark.long)]


def key(name: str, fill: bytes) -> str:
    return f"{name}:{base64.b64encode(fill * 32).decode()}"


FIRST, SECOND, THIRD = key("k1", b"1"), key("k2", b"2"), key("k3", b"3")


@pytest.fixture(scope="module")
def _workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    nursery = Nursery(tmp_path_factory.mktemp("workers"))
    yield nursery
    nursery.stop()


@pytest.fixture
def workers(_workers: Nursery) -> Iterator[Nursery]:
    yield _workers
    _workers.clear()


@pytest.fixture
def keys(settings: Any, tmp_path: Path) -> None:
    """One key, and no upload left by another test that it could not open."""
    settings.CYBERADMIN_KEYS = [FIRST]
    settings.DATA_DIR = tmp_path


@pytest.fixture
def desk(keys: None, world: World) -> Desk:
    """Staff of a client whose token is sealed with the first key."""
    return Desk(world)


def queue(desk: Desk, count: int) -> None:
    """So many changes in the queue, a tenth of them an edit and then a change of groups of the same people."""
    group = desk.world.mirrored_group("Joined later")
    known = [desk.world.mirrored(f"known{number:05}@example.com") for number in range(count // 20)]
    for contact in known:
        desk.edit(contact, note="first")
    for number in range(count - 2 * len(known)):
        desk.create_contact(f"person{number:05}@example.com", note=str(number))
    for contact in known:
        desk.regroup(contact, [group], [])
    assert Change.objects.filter(account=desk.world.account, state=Change.State.QUEUED).count() == count


def arrived(desk: Desk) -> int:
    return Change.objects.filter(account=desk.world.account, state=Change.State.DONE).count()


def finish(desk: Desk, workers: Nursery) -> None:
    """Everything has arrived, nothing failed on the way, and in order."""
    for worker in workers.workers:
        worker.wait(600)
    judge(desk)
    desk.world.account.refresh_from_db()
    assert desk.world.account.paused_reason == ""
    assert desk.open() == []
    troubled = desk.world.changes()
    assert {change.state for change in troubled} <= {Change.State.DONE, Change.State.SUPERSEDED}
    assert sum(change.attempts for change in troubled) == 0


def start(desk: Desk, workers: Nursery, *keys: str, count: int = 2) -> None:
    for _ in range(count):
        workers.start("work", {"CYBERADMIN_KEYS": ",".join(keys)}, accounts=[desk.world.account.pk])


@pytest.mark.parametrize("count", COUNTS)
def test_a_token_is_replaced_in_the_middle_of_a_queue(desk: Desk, workers: Nursery, count: int) -> None:
    queue(desk, count)
    start(desk, workers, FIRST)
    poll(lambda: arrived(desk) > count // 20, 300)
    row = custody.ask_for_token(desk.world.editor, desk.world.account, "in the middle")
    custody.make(row.pk)
    assert Credential.objects.get(pk=row.pk).state == Credential.State.ACTIVE
    # Deleted at the vendor while workers still hold it: the worst moment.
    desk.world.sandbox.control("DELETE", "tokens", account=desk.world.remote, token=desk.world.token)
    assert arrived(desk) < count
    finish(desk, workers)
    custody.watch()
    assert Credential.objects.get(replaced_by=row).dead_at is not None


@pytest.mark.parametrize("count", COUNTS)
def test_the_encryption_key_is_replaced_in_the_middle_of_a_queue(
    desk: Desk, workers: Nursery, settings: Any, count: int
) -> None:
    queue(desk, count)
    start(desk, workers, SECOND, FIRST)
    settings.CYBERADMIN_KEYS = [SECOND, FIRST]
    poll(lambda: arrived(desk) > count // 20, 300)
    call_command("rotate_keys", verbosity=0)
    stored = desk.world.account.credentials.get()
    assert secrets.is_current(stored.secret)
    # The first key is gone: a worker that starts now knows only the new one.
    start(desk, workers, SECOND, count=1)
    finish(desk, workers)
    settings.CYBERADMIN_KEYS = [SECOND]
    assert stored.reveal() == desk.world.token


def test_a_missing_key_is_told_and_nothing_is_overwritten(desk: Desk, settings: Any) -> None:
    settings.CYBERADMIN_KEYS = [SECOND]
    other = World.build(desk.world.sandbox)
    before = list(Credential.objects.order_by("pk").values_list("secret", "fingerprint"))
    settings.CYBERADMIN_KEYS = [THIRD, SECOND]
    with pytest.raises(CommandError, match="1 stored token.*k1.*Clients: Client") as refused:
        call_command("rotate_keys")
    assert other.account.name not in str(refused.value)
    assert list(Credential.objects.order_by("pk").values_list("secret", "fingerprint")) == before


def test_the_key_of_the_same_name_but_other_bytes_opens_nothing(desk: Desk, settings: Any) -> None:
    before = desk.world.account.credentials.get().secret
    settings.CYBERADMIN_KEYS = [SECOND, key("k1", b"9")]
    with pytest.raises(CommandError, match="none of CYBERADMIN_KEYS"):
        call_command("rotate_keys")
    assert desk.world.account.credentials.get().secret == before
