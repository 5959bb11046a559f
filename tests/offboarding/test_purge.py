"""After the purge nothing of the client is left but what the keep list names, whatever table joins later (product.md W20)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models.signals import post_delete
from django.utils import timezone

from cyberadmin.accounts import audit, policy, wall
from cyberadmin.accounts.models import Account, AuditEvent
from cyberadmin.cases import details
from cyberadmin.cases.models import Case
from cyberadmin.celery import app
from cyberadmin.offboarding import leases, purging, services, tasks
from cyberadmin.offboarding.models import OffBoarding, Work
from cyberadmin.sync import clock, housekeeping, sweeper, uploads
from cyberadmin.sync.models import ApiCall, Change
from tests.accounts.isolation_world import Agency
from tests.cases.desk import WHO, open_case
from tests.offboarding.desk import purge_work, purged, ready_to_purge, tables_that_hold
from tests.world import make_user

pytestmark = pytest.mark.django_db

#: Tables in which words of the client may still stand: the shell, the certificate with fingerprints of tokens, the agency's
#: own history.
SHELL = {"accounts_account", "accounts_auditevent", "offboarding_offboarding", "offboarding_step"}


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Path) -> Any:
    settings.DATA_DIR = tmp_path
    yield
    clock.reset()


def rows(account: Account) -> dict[str, int]:
    """How many rows of every table lead to a client."""
    counted = {
        model._meta.label: model._base_manager.filter(**{path: account.pk}).count()
        for model, path in wall.scoped_models().items()
    }
    return {name: number for name, number in counted.items() if number}


def test_nothing_is_left_but_what_the_keep_list_names(agency: Agency) -> None:
    account, before = agency.ours.account, rows(agency.theirs.account)
    planted = rows(account)
    assert len(planted) >= 30
    found = purged(agency.administrator, account)
    left = rows(account)
    assert set(left) <= set(purging.KEPT)
    assert purging.left_over(account.pk) == {}
    assert left["accounts.AuditEvent"] > 5
    counts = purge_work(found).counts
    gone = {name: number for name, number in planted.items() if name not in purging.KEPT}
    assert {name: counts[name] for name in gone} == gone
    assert counts["files"] == 3
    assert not list((uploads.root()).glob(f"*/{account.pk}/*"))
    assert rows(agency.theirs.account) == before
    assert list((uploads.root()).glob(f"*/{agency.theirs.account.pk}/*"))


def test_every_table_of_a_client_is_purged_or_kept_with_a_reason() -> None:
    purged_ones = {model._meta.label for model, _path in purging.tables()}
    scoped = {model._meta.label for model in wall.scoped_models()}
    assert purged_ones | set(purging.KEPT) == scoped
    assert all(str(why) for why in purging.KEPT.values())


def test_every_table_has_a_name_for_people() -> None:
    for model in wall.scoped_models():
        assert model._meta.label in purging.LABELS or "verbose_name" in model._meta.original_attrs, model


def test_whatever_refers_to_a_row_goes_before_it() -> None:
    order = [model for model, _path in purging.tables()]
    for place, model in enumerate(order):
        for field in model._meta.concrete_fields:
            if field.related_model in order and field.related_model is not model:
                assert place < order.index(field.related_model), f"{model.__name__}.{field.name}"


def test_no_planted_marker_is_left_outside_the_shell(agency: Agency) -> None:
    assert len(tables_that_hold("MARKOURS")) > 20
    audit.record(
        "change.discard",
        actor=agency.administrator,
        account=agency.ours.account,
        object="MARKOURS@x.ca",
        why="MARKOURS",
    )
    purged(agency.administrator, agency.ours.account)
    assert tables_that_hold("MARKOURS") <= SHELL
    entry = AuditEvent.objects.get(action="change.discard")
    assert (entry.detail, entry.why) == ({"object": ""}, "")
    assert len(tables_that_hold("MARKTHEIRS")) > 20


def test_who_asked_goes_with_the_last_client_of_a_case(agency: Agency) -> None:
    """Sealed, so that no search for plain text finds it; what was decided stays (product.md 3b, L14)."""
    chief, ours, theirs = agency.administrator, agency.ours.account, agency.theirs.account
    alone = open_case(chief, ours, kind="access")
    shared = open_case(chief, ours, theirs, kind="access")
    purged(chief, ours)
    alone.refresh_from_db()
    assert (alone.sealed, alone.forgotten_at is None, alone.parts.get().decision) == ("", False, "refuse")
    shared.refresh_from_db()
    assert details.read(shared).who == WHO
    purged(chief, theirs)
    assert not Case.objects.exclude(sealed="").exists()


def test_a_worker_that_dies_is_followed_by_one_that_goes_on(agency: Agency) -> None:
    """The pieces that were committed are counted once; the one in which it died is not."""
    planted = rows(agency.ours.account)
    found = ready_to_purge(agency.administrator, agency.ours.account)
    work = services.purge(agency.administrator, found, agency.ours.account.name, "over")
    for deaths in range(1, 4):
        seen = 0

        def die(deaths: int = deaths, **given: Any) -> None:
            nonlocal seen
            seen += 1
            if seen == deaths * 4:
                raise SystemExit

        post_delete.connect(die)
        try:
            with pytest.raises(SystemExit):
                purging.run(work.pk)
        finally:
            post_delete.disconnect(die)
        # While its lease lasts nobody takes over.
        purging.run(work.pk)
        assert purge_work(found).state == Work.State.DOING
        clock.advance(leases.LEASE.total_seconds() + 1)
    assert (work.pk, "purge") in leases.open_works()
    tasks.purge(work.pk)
    done = purge_work(found)
    assert (done.state, done.tries) == (Work.State.DONE, 4)
    assert {name: done.counts[name] for name in planted if name not in purging.KEPT} == {
        name: number for name, number in planted.items() if name not in purging.KEPT
    }
    assert AuditEvent.objects.filter(action="offboarding.ended").count() == 1
    tasks.purge(work.pk)
    assert AuditEvent.objects.filter(action="offboarding.ended").count() == 1


def test_what_a_replaced_worker_writes_late_goes_too(agency: Agency) -> None:
    account = agency.ours.account
    purged(agency.administrator, account)
    ApiCall.objects.create(account=account, method="GET", path="/ping", duration_ms=1, at=timezone.now())
    tasks.keep_house()
    assert purging.left_over(account.pk) == {}


def test_nobody_sees_or_reaches_who_has_left(agency: Agency) -> None:
    account = agency.ours.account
    purged(agency.administrator, account)
    account.refresh_from_db()
    assert (account.state, account.is_working) == (Account.State.ENDED, False)
    for user in (agency.administrator, *agency.insiders.values()):
        assert not policy.can(user, "view", account)
        assert account not in policy.accounts_for(user)
    assert account.pk not in sweeper.accounts_with_work()
    housekeeping.run()
    Account.objects.create(
        name="MARKOURS name", slug="again", language="fr", time_zone="America/Toronto", host="sandbox"
    )


@pytest.mark.parametrize("task", ["wake", "pull_due", "sweep", "keep_house", "watch_tokens"])
def test_tasks_with_its_number_do_nothing(agency: Agency, task: str) -> None:
    from cyberadmin.sync import tasks as engine  # noqa: PLC0415

    account = agency.ours.account
    purged(agency.administrator, account)
    getattr(engine, task)(*([account.pk] if task == "wake" else []))
    assert purging.left_over(account.pk) == {}


def test_the_purge_is_an_administrators_with_the_name_typed(agency: Agency) -> None:
    account = agency.ours.account
    found = ready_to_purge(agency.administrator, account)
    with pytest.raises(PermissionDenied):
        services.purge(agency.insiders["manage"], found, account.name, "over")
    with pytest.raises(PermissionDenied):
        services.purge(agency.outsiders["other"], found, account.name, "over")
    with pytest.raises(ValidationError):
        services.purge(agency.administrator, found, agency.theirs.account.name, "over")
    with pytest.raises(ValidationError):
        services.purge(make_user(superuser=True), found, account.name.lower(), "over")
    assert Account.objects.get(pk=account.pk).state == Account.State.CONNECTED
    services.purge(agency.administrator, found, f" {account.name} ", "over")
    found.refresh_from_db()
    assert found.state == OffBoarding.State.PURGING


def test_no_purge_while_anything_is_open(agency: Agency) -> None:
    """Each obstacle alone is enough, and says what to do."""
    account = agency.ours.account
    found = ready_to_purge(agency.administrator, account)
    change = Change.objects.filter(account=account).first()
    assert change is not None
    for state in ("queued", "unknown", "conflict", "parked", "failed"):
        Change.objects.filter(pk=change.pk).update(state=state)
        with pytest.raises(ValidationError):
            services.purge(agency.administrator, found, account.name, "over")
    Change.objects.filter(pk=change.pk).update(state="cancelled")
    account.credentials.update(state="retired", secret="sealed")
    with pytest.raises(ValidationError):
        services.purge(agency.administrator, found, account.name, "over")
    account.credentials.update(dead_at=timezone.now())
    services.purge(agency.administrator, found, account.name, "over")


def test_the_file_that_lies_too_long_goes(agency: Agency) -> None:
    manager = agency.insiders["manage"]
    found = services.begin(manager, agency.ours.account, "x", None, "y")
    work = services.ask_file(manager, found, "csv")
    tasks.make(work.pk)
    work.refresh_from_db()
    assert work.state == Work.State.DONE
    clock.advance(timedelta(days=31).total_seconds())
    tasks.keep_house()
    work.refresh_from_db()
    assert (work.state, work.stored_name) == (Work.State.GONE, "")


def test_workers_know_every_task_that_the_beat_sends() -> None:
    app.loader.import_default_modules()
    wanted = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert wanted | {services.MAKE, services.PURGE} <= set(app.tasks)
