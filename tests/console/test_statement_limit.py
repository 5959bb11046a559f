"""A statement of a page may not keep PostgreSQL busy for long; workers and commands take the time they need."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.infra.console import ROOT, environment
from tests.world import give, make_account, make_user

URL = "postgres://user@db.example.org:5432/name"
READ = "from django.conf import settings; print(settings.DATABASES['default'].get('OPTIONS', {}).get('options', ''))"


def run(tmp_path: Path, code: str, **more: str) -> str:
    """What this code prints in a process of its own."""
    env = environment(tmp_path, DJANGO_SETTINGS_MODULE="cyberadmin.settings", **more)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_processes_that_serve_pages_have_a_limit_and_no_others(tmp_path: Path) -> None:
    assert run(tmp_path, f"import cyberadmin.wsgi; {READ}", DATABASE_URL=URL) == "-c statement_timeout=30s"
    assert run(tmp_path, READ, DATABASE_URL=URL) == ""


def test_it_can_be_set_and_taken_off(tmp_path: Path) -> None:
    serves = {"DATABASE_URL": URL, "CYBERADMIN_SERVES_PAGES": "1"}
    assert run(tmp_path, READ, PAGE_STATEMENT_SECONDS="5", **serves) == "-c statement_timeout=5s"
    assert run(tmp_path, READ, PAGE_STATEMENT_SECONDS="0", **serves) == ""
    # SQLite knows no such option, and refuses a connection with one.
    assert run(tmp_path, READ, CYBERADMIN_SERVES_PAGES="1") == ""


@pytest.fixture
def _on_postgres(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL (DATABASE_URL)")


@pytest.mark.postgres
@pytest.mark.usefixtures("_on_postgres")
def test_the_database_itself_keeps_the_limit(tmp_path: Path) -> None:
    ask = "from django.db import connection as c; k = c.cursor(); k.execute('SHOW statement_timeout'); print(k.fetchone()[0])"
    url = os.environ["DATABASE_URL"]
    assert run(tmp_path, f"import cyberadmin.wsgi; {ask}", DATABASE_URL=url, PAGE_STATEMENT_SECONDS="7") == "7s"
    assert run(tmp_path, f"import django; django.setup(); {ask}", DATABASE_URL=url) == "0"


class Slow:
    """Lets the database sleep for a minute before the first look at contacts."""

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if "contacts_contact" in sql:
            execute("SELECT pg_sleep(60)", (), False, context)
        return execute(sql, params, many, context)


@pytest.mark.postgres
@pytest.mark.usefixtures("_on_postgres")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("language", "words"), [("en", "This took too long"), ("fr", "pris trop de temps")])
def test_a_page_that_takes_too_long_says_what_to_do(language: str, words: str) -> None:
    account = make_account()
    browser = Client(raise_request_exception=False, headers={"Accept-Language": language})
    browser.force_login(give(make_user(), account, "read"))
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '100ms'")
    try:
        with connection.execute_wrapper(Slow()):
            answer = browser.get(f"/c/{account.slug}/contacts/contact/")
    finally:
        # It goes with the connection.
        connection.close()
    assert answer.status_code == 503
    assert words in answer.content.decode()
    assert answer.headers["X-Request-ID"] in answer.content.decode()
    assert browser.get(f"/c/{account.slug}/contacts/contact/").status_code == 200
