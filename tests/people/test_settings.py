"""What the settings about logging in refuse, and what they default to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.console import ROOT, environment

PRODUCTION = {"CYBERADMIN_DEVELOPMENT": "0", "ALLOWED_HOSTS": "console.example.org"}
MAIL = {"EMAIL_FROM": "cyberadmin@example.org"}


def load(folder: Path, expression: str = "1", **more: str) -> subprocess.CompletedProcess[str]:
    """Import the settings in a process of its own and print an expression of them."""
    code = f"from cyberadmin import settings; print({expression})"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"CYBERADMIN_SECOND_FACTOR": "some"}, "is nobody, administrators or everybody"),
        ({"CYBERADMIN_PROXIES": "proxy.example.org"}, "lists addresses or networks"),
        ({"EMAIL_URL": "consolemail://", **MAIL}, "must be smtp+tls:// or smtp+ssl://"),
        ({"EMAIL_URL": "filemail:///tmp/x", **MAIL}, "must be smtp+tls:// or smtp+ssl://"),
        ({"EMAIL_URL": "smtp://mail.example.org:25", **MAIL}, "must be smtp+tls:// or smtp+ssl://"),
        ({"EMAIL_URL": "smtp+tls://u:p@mail.example.org:587"}, "EMAIL_FROM must be"),
    ],
)
def test_unsafe_values_are_refused(tmp_path: Path, change: dict[str, str], sentence: str) -> None:
    done = load(tmp_path, **PRODUCTION | change)
    assert done.returncode != 0
    assert sentence in done.stderr


@pytest.mark.parametrize(
    ("expression", "given", "expected"),
    [
        ("settings.CYBERADMIN_SECOND_FACTOR", PRODUCTION, "administrators"),
        ("settings.CYBERADMIN_SECOND_FACTOR", {}, "nobody"),
        ("settings.EMAIL_CONFIGURED, settings.EMAIL_BACKEND.split('.')[-2]", PRODUCTION, "False dummy"),
        (
            "settings.EMAIL_CONFIGURED, settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS",
            {**PRODUCTION, **MAIL, "EMAIL_URL": "smtp+tls://u:p@mail.example.org:587"},
            "True mail.example.org 587 True",
        ),
        ("hasattr(settings, 'SECURE_PROXY_SSL_HEADER')", PRODUCTION, "False"),
        (
            "settings.CYBERADMIN_PROXIES",
            {**PRODUCTION, "CYBERADMIN_PROXIES": "10.0.0.0/8,unix"},
            "['10.0.0.0/8', 'unix']",
        ),
        (
            "settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY,"
            " settings.SESSION_COOKIE_SAMESITE, settings.SECURE_HSTS_SECONDS > 31_000_000",
            PRODUCTION,
            "True True True Lax True",
        ),
    ],
)
def test_defaults(tmp_path: Path, expression: str, given: dict[str, str], expected: str) -> None:
    done = load(tmp_path, expression, **given)
    assert done.stdout.strip() == expected, done.stderr
