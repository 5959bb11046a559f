"""Nothing changes or deletes an entry: no page, no model, no bare statement; only erasure and age, by one door."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.db import DatabaseError, connection, transaction

from cyberadmin.accounts import audit
from cyberadmin.accounts.models import AuditEvent
from cyberadmin.history import tasks
from cyberadmin.sync import clock
from tests.accounts.test_isolation import doors
from tests.console.conftest import Visitor
from tests.world import make_account, make_user

pytestmark = pytest.mark.django_db


def test_no_admin_and_no_page_can_change_an_entry() -> None:
    assert AuditEvent not in admin.site._registry
    history = [door for door in doors() if door.name and door.name.startswith("history")]
    assert {door.name for door in history} == {"history", "history_clients"}
    boss = Visitor(make_user(superuser=True), "")
    event = audit.record("logout", actor=None)
    for door in history:
        page = door.page
        assert page is not None
        assert not any(hasattr(page, verb) for verb in ("post", "put", "patch", "delete"))
    for path in (f"/accounts/auditevent/{event.pk}/delete/", f"/accounts/auditevent/{event.pk}/change/"):
        assert boss.get(path).status_code == 404
    assert boss.post("/history/clients/", {"action": "delete_selected"}).status_code == 405


def test_the_model_refuses() -> None:
    event = audit.record("logout", actor=None)
    for attempt in (
        event.save,
        event.delete,
        AuditEvent.objects.all().delete,
        lambda: AuditEvent.objects.update(action="login"),
        lambda: AuditEvent.objects.bulk_update([event], ["action"]),
    ):
        with pytest.raises(TypeError):
            attempt()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditevent SET action = 'login'",
        "UPDATE accounts_auditevent SET detail = '{}'",
        "UPDATE accounts_auditevent SET actor_name = 'somebody else'",
        "UPDATE accounts_auditevent SET why = '', actor_id = NULL",
        "DELETE FROM accounts_auditevent",
    ],
)
def test_the_database_refuses(statement: str) -> None:
    audit.record("account.paused", actor=make_user(), why="because", object="x")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEvent.objects.filter(action="account.paused", why="because").exists()


def test_whom_an_entry_is_about_may_go_and_the_names_stay() -> None:
    user, account = make_user("leaver"), make_account("Left client")
    event = audit.record("account.paused", actor=user, account=account)
    user.delete()
    account.delete()
    event.refresh_from_db()
    assert (event.actor, event.account, event.actor_name, event.account_name) == (None, None, "leaver", "Left client")


def test_another_account_cannot_be_put_in_the_place_of_one() -> None:
    audit.record("account.paused", actor=None, account=make_account())
    other = make_account()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_auditevent SET account_id = %s", [other.pk])


def test_age_takes_entries_and_the_door_closes_again(settings: object) -> None:
    old = audit.record("logout", actor=None)
    clock.advance(timedelta(days=3_654).total_seconds())
    try:
        tasks.keep_house()
    finally:
        clock.reset()
    assert not AuditEvent.objects.filter(pk=old.pk).exists()
    audit.record("logout", actor=None)
    tasks.keep_house()
    assert AuditEvent.objects.count() == 1
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_auditevent")


def test_only_the_audit_module_opens_the_door() -> None:
    users = [
        path.relative_to(settings.BASE_DIR).as_posix()
        for package in ("cyberadmin", "contacts", "groups", "templates", "campaigns")
        for path in (Path(settings.BASE_DIR) / package).rglob("*.py")
        if "rewriting()" in path.read_text(encoding="utf-8")
    ]
    assert sorted(users) == [
        "cyberadmin/accounts/audit.py",
        "cyberadmin/accounts/history_guard.py",
    ]
