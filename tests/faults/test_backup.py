"""The restore drill: back up, go on, restore, and see that nothing is sent before somebody says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tests.infra.console import ROOT, environment

SWEEP = "from cyberadmin.sync import restored; restored.tick()"
TICKS = "from cyberadmin.sync.models import Installation; print(Installation.objects.get().ticks)"
HOLDS = "from cyberadmin.sync import holding; print(holding.holds())"
#: Its database is made on the server that the suite runs on.
POSTGRES = os.environ.get("DATABASE_URL", "")


def run(env: dict[str, str], *command: str) -> str:
    """The last line that a command printed; AssertionError with its complaints when it failed."""
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return (done.stdout.strip().splitlines() or [""])[-1]


def shell(env: dict[str, str], code: str) -> str:
    """What a step of the product printed."""
    return run(env, sys.executable, "manage.py", "shell", "--no-imports", "-c", code)


def back_up(env: dict[str, str], folder: Path) -> Path:
    return Path(run(env, "bin/backup", str(folder)))


@pytest.fixture
def console(tmp_path: Path) -> dict[str, str]:
    """The environment of a console with an empty database."""
    env = environment(tmp_path / "data")
    run(env, sys.executable, "manage.py", "migrate", "--verbosity", "0")
    return env


def drill(env: dict[str, str], backups: Path, restore: str) -> None:
    """Two sweeps, a backup, two sweeps; then the backup is put back by `restore`, a command given the copy's path."""
    for _ in range(2):
        shell(env, SWEEP)
    copy = back_up(env, backups)
    for _ in range(2):
        shell(env, SWEEP)
    assert (shell(env, TICKS), shell(env, HOLDS)) == ("4", "False")
    run(env, "sh", "-ec", restore.format(copy=copy))
    assert shell(env, TICKS) == "2"
    shell(env, SWEEP)
    assert shell(env, HOLDS) == "True"


@pytest.mark.any_database
def test_a_restored_sqlite_file_holds_everything_back(console: dict[str, str], tmp_path: Path) -> None:
    database = tmp_path / "data" / "cyberadmin.sqlite3"
    drill(console, tmp_path / "backups", f"rm -f '{database}-wal' '{database}-shm'; cp '{{copy}}' '{database}'")


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a console with a PostgreSQL database of its own."""
    if not POSTGRES.startswith("postgres"):
        pytest.skip("PostgreSQL is not configured: set DATABASE_URL")
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not installed: apt-get install postgresql-client")
    name = f"drill_{os.getpid()}"
    with psycopg.connect(POSTGRES, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        env = environment(tmp_path / "data", DATABASE_URL=urlunsplit(urlsplit(POSTGRES)._replace(path=f"/{name}")))
        run(env, sys.executable, "manage.py", "migrate", "--verbosity", "0")
        yield env
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.postgres
def test_a_restored_postgres_database_holds_everything_back(postgres: dict[str, str], tmp_path: Path) -> None:
    drill(postgres, tmp_path / "backups", "pg_restore --clean --if-exists --dbname=\"$DATABASE_URL\" '{copy}'")


@pytest.mark.any_database
def test_a_backup_of_nothing_says_so(tmp_path: Path) -> None:
    env = environment(tmp_path / "nowhere")
    done = subprocess.run(["bin/backup", str(tmp_path)], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "there is no database" in done.stderr
    assert list(tmp_path.glob("cyberadmin-*")) == []


@pytest.mark.any_database
def test_only_the_newest_backups_are_kept(console: dict[str, str], tmp_path: Path) -> None:
    old = [tmp_path / f"cyberadmin-202001{day:02}T000000Z.sqlite3" for day in range(1, 21)]
    for path in old:
        path.touch()
    newest = back_up(console, tmp_path)
    assert sorted(tmp_path.glob("cyberadmin-*")) == [*old[-13:], newest]
    assert newest.stat().st_mode & 0o077 == 0
