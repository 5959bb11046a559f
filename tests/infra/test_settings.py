"""Settings refuse what would be unsafe, in a sentence that says what to do."""

import subprocess
import sys

import pytest

from cyberadmin.celery import app
from tests.infra.console import ROOT, environment

PRODUCTION = {"CYBERADMIN_DEVELOPMENT": "0", "ALLOWED_HOSTS": "console.example.org"}


def load(tmp_path, expression="1", **more):
    """Import the settings in a process of its own and print an expression of them."""
    code = f"from cyberadmin import settings; print({expression})"
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=ROOT, env=environment(tmp_path, **more), capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"DJANGO_SECRET_KEY": ""}, "DJANGO_SECRET_KEY must be set"),
        ({"DJANGO_SECRET_KEY": "short"}, "at least 40 characters"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS must name the hosts"),
        ({"ALLOWED_HOSTS": "*"}, "'*' is refused"),
        ({"CYBERADMIN_KEYS": ""}, "CYBERADMIN_KEYS must hold at least one key"),
        ({"CYBERIMPACT_SANDBOX_URL": "http://127.0.0.1:8010"}, "is for development only"),
    ],
)
def test_unsafe_production_values_are_refused(tmp_path, change, sentence):
    done = load(tmp_path, **PRODUCTION | change)
    assert done.returncode != 0
    assert sentence in done.stderr


@pytest.mark.parametrize("key", ["k1", "k1:", "k1:not base64", "k1:c2hvcnQ="])
def test_malformed_token_keys_are_refused_without_being_shown(tmp_path, key):
    code = "import django; django.setup(); from cyberadmin.accounts import secrets; secrets.keys()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(tmp_path, CYBERADMIN_KEYS=key),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert "base64 of 32 random bytes" in done.stderr
    assert "c2hvcnQ" not in done.stderr


def test_production_is_secure_without_being_asked(tmp_path):
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SECURE_HSTS_PRELOAD")
    done = load(tmp_path, f"[getattr(settings, name) for name in {names}], settings.DEBUG", **PRODUCTION)
    assert done.stdout.strip() == "[True, True, True, True] False", done.stderr


def test_a_machine_of_its_own_reads_its_secrets_from_its_folder(tmp_path):
    (tmp_path / "local.env").write_text("CYBERADMIN_TIME_ZONE=America/Moncton\nDJANGO_SECRET_KEY=ignored\n")
    done = load(tmp_path, "settings.TIME_ZONE, settings.SECRET_KEY[:10]")
    assert done.stdout.strip() == "America/Moncton tests-only", done.stderr


def test_every_scheduled_task_exists():
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)
