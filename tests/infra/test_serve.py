"""bin/start's supervisor with the real parts: sandbox, web server, worker and beat."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.infra.console import ROOT, Console, command_line, descendants, environment, is_alive, until

READY = "Ctrl-C stops everything."
pytestmark = pytest.mark.xdist_group("serve")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """One folder for the module: the first start fills it, later ones find it."""
    return tmp_path_factory.mktemp("console")


def rows(data: Path, statement: str) -> list[tuple]:
    connection = sqlite3.connect(data / "cyberadmin.sqlite3")
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def test_everything_starts_survives_a_killed_worker_and_stops(data):
    with Console(data) as console:
        console.wait_for(READY)
        answer = requests.get(console.address, timeout=30)
        assert answer.status_code == 200
        assert "demo.admin" in console.output
        assert "demo-password-of-tests" in console.output
        assert rows(data, "SELECT state FROM accounts_account") == [("connected",)] * 3

        killed = console.worker()
        os.kill(killed, signal.SIGKILL)
        console.wait_for("The worker stopped (signal 9); it starts again in 0.5 s.", 10)
        until(lambda: console.worker() not in (None, killed), 10, "another worker")
        until(lambda: descendants(console.worker()), 10, "its beat")

        everything = descendants(console.process.pid)
        assert len(everything) == 5, [command_line(pid) for pid in everything]
        assert console.stop() == 0
        until(lambda: not any(map(is_alive, everything)), 10, "every process gone")


def test_a_later_start_keeps_the_data_and_a_killed_supervisor_takes_its_children_along(data):
    before = rows(data, "SELECT id, name, connected_at FROM accounts_account ORDER BY id")
    people = rows(data, "SELECT id, username, password FROM auth_user ORDER BY id")
    with Console(data) as console:
        console.wait_for(READY)
        assert rows(data, "SELECT id, name, connected_at FROM accounts_account ORDER BY id") == before
        assert rows(data, "SELECT id, username, password FROM auth_user ORDER BY id") == people
        everything = descendants(console.process.pid)
        console.process.kill()
        console.process.wait()
        until(lambda: not any(map(is_alive, everything)), 30, "every process gone")


def test_an_empty_console_has_no_sandbox_and_one_administrator(tmp_path):
    with Console(tmp_path, "--empty") as console:
        console.wait_for(READY)
        assert "First administrator: admin, password: " in console.output
        assert not (tmp_path / "sandbox.sqlite3").exists()
        assert rows(tmp_path, "SELECT username, is_superuser FROM auth_user") == [("admin", 1)]
        assert console.stop(signal.SIGINT) == 0


@pytest.mark.parametrize(
    ("option", "variable"), [("--port", "CYBERADMIN_PORT"), ("--sandbox-port", "CYBERADMIN_SANDBOX_PORT")]
)
def test_a_busy_port_is_told_in_one_sentence(tmp_path, option, variable):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = {"--port": "0", "--sandbox-port": "0", option: str(port)}
        command = [sys.executable, "manage.py", "serve", *(word for pair in options.items() for word in pair)]
        done = subprocess.run(command, cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    sentence = f"Port {port} is in use by another program; choose another with {option} or {variable}."
    assert done.stderr.strip() == sentence
    assert not (tmp_path / "cyberadmin.sqlite3").exists()


def test_production_does_not_serve(tmp_path):
    settings = environment(tmp_path, CYBERADMIN_DEVELOPMENT="0", ALLOWED_HOSTS="console.example.org")
    command = [sys.executable, "manage.py", "serve", "--port", "0"]
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "docs/production.md" in done.stderr
