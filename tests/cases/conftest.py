"""Two clients, and somebody who manages the first."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from cyberadmin.accounts.models import Account
from tests.accounts.isolation_world import Agency, build
from tests.world import give, make_account, make_user


@pytest.fixture(scope="session", autouse=True)
def _catalogues() -> None:
    """The compiled translations, which are not kept in git."""
    call_command("compile_catalogues", verbosity=0)


@pytest.fixture
def ours() -> Account:
    return make_account("Fleuriste Ours")


@pytest.fixture
def theirs() -> Account:
    return make_account("Garage Theirs")


@pytest.fixture
def editor(ours: Account) -> User:
    return give(make_user(), ours, "manage")


@pytest.fixture
def agency() -> Agency:
    return build()
