"""Files of imports go by age; what became of their rows stays."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contacts.imports import purging
from contacts.imports.planning import STORE
from contacts.models import ImportFile
from cyberadmin.sync import clock
from cyberadmin.sync.models import ChangeSet, PlannedRow
from cyberadmin.sync.uploads import UploadError
from tests.world import make_account

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Path) -> Iterator[None]:
    """A store without the files of other tests, and a clock that goes back afterwards."""
    settings.DATA_DIR = tmp_path
    yield
    clock.reset()


def imported(state: str, *, ended: bool) -> ImportFile:
    """An import with its file in the store and one row."""
    account = make_account()
    change_set = ChangeSet.objects.create(
        account=account, kind="import", object_kind="contact", state=state, finished_at=clock.now() if ended else None
    )
    PlannedRow.objects.create(change_set=change_set, account=account, number=2, label="a@example.com", verdict="create")
    stored = STORE.keep(account.pk, io.BytesIO(b"courriel\na@example.com\n"))
    return ImportFile.objects.create(
        change_set=change_set,
        account=account,
        stored_name=stored.name,
        original_name="liste.csv",
        size=stored.size,
        sha256=stored.sha256,
    )


def is_kept(file: ImportFile, name: str) -> bool:
    try:
        STORE.open_plain(file.account_id, name).close()
    except UploadError:
        return False
    return True


@pytest.mark.parametrize(("state", "ended"), [("done", True), ("cancelled", True), ("draft", False)])
def test_a_file_goes_a_month_after_its_import(state: str, ended: bool) -> None:
    file = imported(state, ended=ended)
    name = file.stored_name
    clock.advance(timedelta(days=29).total_seconds())
    assert purging.run() == 0
    assert is_kept(file, name)

    clock.advance(timedelta(days=2).total_seconds())
    assert purging.run() == 1
    file.refresh_from_db()
    assert (file.stored_name, file.original_name, file.purged_at is None) == ("", "", False)
    assert not is_kept(file, name)
    assert PlannedRow.objects.filter(change_set=file.change_set).count() == 1


def test_the_file_of_an_import_that_is_still_going_stays() -> None:
    file = imported("applying", ended=False)
    clock.advance(timedelta(days=45).total_seconds())
    assert purging.run() == 0
    assert is_kept(file, file.stored_name)


def test_a_file_of_no_import_goes_too() -> None:
    account = make_account()
    name = STORE.keep(account.pk, io.BytesIO(b"courriel\n")).name
    clock.advance(timedelta(days=61).total_seconds())
    assert purging.run() == 1
    with pytest.raises(UploadError):
        STORE.open_plain(account.pk, name)
