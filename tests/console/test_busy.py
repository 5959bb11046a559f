"""A database that is locked for too long: a sentence, nothing half saved, and the next try works (fault 29)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client

from contacts.models import Contact
from cyberadmin.console.errors import server_error
from cyberadmin.sync.models import Change
from tests.world import give, make_account, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def transaction_of(other: BaseDatabaseWrapper) -> Iterator[None]:
    """An open transaction of that connection (on SQLite it locks the database), rolled back at the end."""
    other.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    try:
        yield
    finally:
        other.rollback()


@contextmanager
def locked() -> Iterator[None]:
    """Another program holds what we must write; ours waits a tenth of a second instead of twenty."""
    on_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 100" if on_sqlite else "SET lock_timeout = '100ms'")
    other = connection.copy()
    try:
        with transaction_of(other), other.cursor() as cursor:
            if not on_sqlite:
                cursor.execute("LOCK TABLE sync_submission IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        other.close()


@pytest.mark.parametrize(("language", "words"), [("en", "busy"), ("fr", "occupée")])
def test_a_locked_database_is_told_and_nothing_is_half_saved(language: str, words: str) -> None:
    account = make_account()
    user = give(make_user(), account, "edit")
    browser = Client(raise_request_exception=False, headers={"Accept-Language": language})
    browser.force_login(user)
    form = browser.get(f"/c/{account.slug}/contacts/contact/add/")
    token = form.content.decode().partition('name="form_token" value="')[2].partition('"')[0]
    values = {"email": "luc@example.com", "form_token": token}
    with locked():
        refused = browser.post(f"/c/{account.slug}/contacts/contact/add/", values)
    assert refused.status_code == 503
    assert words in refused.content.decode()
    assert Contact.objects.count() == Change.objects.count() == 0

    saved = browser.post(f"/c/{account.slug}/contacts/contact/add/", values)
    assert saved.status_code == 302
    assert Contact.objects.get().email == "luc@example.com"


def test_any_other_failure_is_ours(rf: object) -> None:
    try:
        raise ValueError("ours")
    except ValueError:
        answer = server_error(rf.get("/"))  # type: ignore[attr-defined]
    assert answer.status_code == 500
