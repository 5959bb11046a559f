"""A database that is locked for too long: a sentence, nothing half saved, and the next try works (fault 29)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import Client

from contacts.models import Contact
from cyberadmin.console.errors import server_error
from cyberadmin.sync.models import Change
from tests.world import give, make_account, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def locked() -> Iterator[None]:
    """Another program holds the database's write lock; ours waits a tenth of a second instead of twenty."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 100")
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.mark.parametrize(("language", "words"), [("en", "busy"), ("fr", "occupée")])
def test_a_locked_database_is_told_and_nothing_is_half_saved(language: str, words: str) -> None:
    if connection.vendor != "sqlite":
        # PostgreSQL locks rows, not the database; the page itself is the same.
        pytest.skip("SQLite locks the whole database")
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
