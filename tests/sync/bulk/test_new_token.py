"""A token that dies in the middle of applying: with a new one the set goes on, and every row is done once."""

from __future__ import annotations

from collections import Counter

import pytest
from django.conf import LazySettings

from cyberadmin.accounts import services as accounts
from cyberadmin.accounts.models import Account
from cyberadmin.sync import proving
from cyberadmin.sync.bulk import reasons
from cyberadmin.sync.models import Batch, Change, ChangeSet
from tests.sync.bulk.desk import BulkDesk, people
from tests.world import from_sweep

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 30


@pytest.fixture(autouse=True)
def _small_batches(settings: LazySettings) -> None:
    settings.BULK_BATCH_ROWS = 5


def revoke(desk: BulkDesk) -> None:
    """Somebody deletes the token at the vendor; the workers find out and the client is paused."""
    desk.world.sandbox.control("DELETE", "tokens", account=desk.world.remote)
    for _ in range(20):
        desk.step()
        from_sweep(desk.world.account.pk)
        desk.pass_time(5)
    desk.world.account.refresh_from_db()
    assert desk.world.account.paused_reason == Account.Paused.TOKEN


def paste(desk: BulkDesk) -> None:
    """A person makes a token at the vendor and pastes it."""
    fresh = desk.world.sandbox.control("POST", "tokens", account=desk.world.remote)["token"]
    proving.prove(accounts.propose_token(desk.world.editor, desk.world.account, fresh).pk)


def all_done_once(desk: BulkDesk, change_set: ChangeSet) -> None:
    """Every row arrived, none was written twice at the vendor."""
    assert (change_set.state, change_set.reason) == (ChangeSet.State.DONE, "")
    assert set(desk.results(change_set).values()) == {("done", "")}
    assert desk.held() == dict(people(ROWS))
    journal = desk.world.sandbox.journal(account=desk.world.remote)
    written = Counter(
        str(entry["email"]) for entry in journal if entry["email"] and entry["source"] in ("api", "batch")
    )
    assert written == Counter(dict.fromkeys(dict(people(ROWS)), 1))
    desk.check(change_set)


@pytest.mark.parametrize(("batches", "there"), [(0, 0), (1, 1), (3, 1)])
def test_an_import_goes_on_with_a_new_token(desk: BulkDesk, batches: int, there: int) -> None:
    change_set = desk.approve(desk.plan("add", people(ROWS)))
    while Batch.objects.count() < batches:
        desk.pass_time(desk.step() or 0.1)
    assert len(desk.open_batches()) >= there
    revoke(desk)

    change_set.refresh_from_db()
    assert change_set.state == ChangeSet.State.APPLYING
    assert reasons.explain(change_set).next_step == "This client is paused: it goes on once the client works again."
    states = Counter(state for state, _ in desk.results(change_set).values())
    assert set(states) <= {"done", "waiting", "sending"}
    assert states["waiting"] >= ROWS - 5 * batches

    paste(desk)
    all_done_once(desk, desk.follow(change_set))


def test_edits_of_many_go_on_with_a_new_token(desk: BulkDesk) -> None:
    for number in range(ROWS):
        desk.world.mirrored(f"person{number}@example.com", firstname="Old")
    change_set = desk.approve(desk.plan("update", people(ROWS)))
    desk.step()
    from_sweep(desk.world.account.pk)
    revoke(desk)
    states = Counter(Change.objects.values_list("state", flat=True))
    assert set(states) == {Change.State.DONE, Change.State.QUEUED}
    paste(desk)
    all_done_once(desk, desk.follow(change_set))
