"""The steps of docs/production.md, on SQLite: the checks are clean, static files collect, and the web server answers."""

import re
import subprocess
import sys

import pytest
import requests

from cyberadmin.console.management.commands.serve import free_port
from tests.infra.console import ROOT, environment, until

HOST = "console.example.org"
OVER_TLS = {"Host": HOST, "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    """The environment of a production machine after a release: migrated, static files collected."""
    settings = environment(
        tmp_path_factory.mktemp("production"),
        CYBERADMIN_DEVELOPMENT="0",
        CYBERADMIN_PROXIES="127.0.0.1",
        ALLOWED_HOSTS=HOST,
        DJANGO_SECRET_KEY="A long one of many different characters: 0123456789 abcdefghijklm %&/()=",
    )
    for command in (["check", "--deploy", "--fail-level", "WARNING"], ["migrate"], ["collectstatic", "--noinput"]):
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=settings, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return settings


@pytest.fixture(scope="module")
def address(production):
    port = free_port(0, "", "")
    options = ["--worker-class", "gthread", "--workers", "1", "--threads", "2", "--no-control-socket"]
    command = [sys.executable, "-m", "gunicorn", *options, "--bind", f"127.0.0.1:{port}", "cyberadmin.wsgi"]
    process = subprocess.Popen(command, cwd=ROOT, env=production, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    until(lambda: answers(url), 30, "the web server")
    yield url
    process.terminate()
    process.wait(timeout=30)


def answers(url: str) -> bool:
    try:
        return bool(requests.get(url, headers=OVER_TLS, allow_redirects=False, timeout=5).status_code)
    except requests.ConnectionError:
        return False


def test_plain_http_is_sent_to_https(address):
    answer = requests.get(f"{address}/login/", headers={"Host": HOST}, allow_redirects=False, timeout=30)
    assert (answer.status_code, answer.headers["Location"]) == (301, f"https://{HOST}/login/")


def test_the_log_in_page_is_served_with_its_files(address):
    page = requests.get(f"{address}/login/", headers=OVER_TLS, timeout=30)
    assert page.status_code == 200
    assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    files = sorted(set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)))
    assert files
    for file in files:
        answer = requests.get(f"{address}{file}", headers=OVER_TLS, timeout=30)
        assert answer.status_code == 200, file
        assert "immutable" in answer.headers["Cache-Control"], file


def test_another_host_name_is_refused(address):
    answer = requests.get(f"{address}/login/", headers=OVER_TLS | {"Host": "evil.example.net"}, timeout=30)
    assert answer.status_code == 400
