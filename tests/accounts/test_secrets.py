"""Tokens at rest: sealed for their row, unreadable with the wrong key, and never shown."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from cyberadmin.accounts import secrets
from cyberadmin.accounts.models import Credential
from tests.world import give_token, make_account

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiJ4In0.c2lnbmF0dXJl"


def key(name: str, fill: bytes) -> str:
    return f"{name}:{base64.b64encode(fill * 32).decode()}"


def test_a_secret_opens_only_in_its_own_row() -> None:
    stored = secrets.encrypt(TOKEN, "account:1:credential:1")
    assert secrets.decrypt(stored, "account:1:credential:1") == TOKEN
    assert TOKEN not in stored
    with pytest.raises(secrets.SecretUnreadable):
        secrets.decrypt(stored, "account:2:credential:1")


def test_another_key_opens_nothing_and_says_so(settings: Any) -> None:
    stored = secrets.encrypt(TOKEN, "here")
    settings.CYBERADMIN_KEYS = [key("k1", b"x")]
    with pytest.raises(secrets.SecretUnreadable):
        secrets.decrypt(stored, "here")
    settings.CYBERADMIN_KEYS = [key("k9", b"y")]
    with pytest.raises(secrets.SecretUnreadable, match="k1"):
        secrets.decrypt(stored, "here")


@pytest.mark.parametrize("entry", ["", "k1", "k1:", "k1:short", ":" + base64.b64encode(b"x" * 32).decode()])
def test_a_malformed_key_refuses_to_start(settings: Any, entry: str) -> None:
    settings.CYBERADMIN_KEYS = [entry]
    with pytest.raises(ImproperlyConfigured):
        secrets.keys()


@pytest.mark.django_db
def test_keys_rotate_with_one_command(settings: Any) -> None:
    old, new = settings.CYBERADMIN_KEYS[0], key("k2", b"z")
    credential = give_token(make_account(), TOKEN)
    settings.CYBERADMIN_KEYS = [new, old]
    call_command("rotate_keys", verbosity=0)
    settings.CYBERADMIN_KEYS = [new]
    credential.refresh_from_db()
    assert credential.reveal() == TOKEN
    assert credential.fingerprint == secrets.fingerprints(TOKEN)[0]


@pytest.mark.django_db
def test_a_credential_never_shows_itself() -> None:
    credential = give_token(make_account(), TOKEN)
    shown = f"{credential} {credential!r} {Credential.objects.values_list('secret', flat=True)[0]}"
    assert TOKEN not in shown
    assert TOKEN.rpartition(".")[2] not in shown
