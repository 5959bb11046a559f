"""Fixtures of the tests about people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from cyberadmin.accounts.models import Account
from cyberadmin.sync import clock
from tests.people.desk import Visitor
from tests.world import give, make_account, make_user


@pytest.fixture(scope="session", autouse=True)
def _catalogues() -> None:
    """The compiled translations, which are not kept in git."""
    call_command("compile_catalogues", verbosity=0)


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """Time passes in these tests, and comes back."""
    yield
    clock.reset()


@pytest.fixture
def admin(db: None) -> User:
    """An agency administrator."""
    return make_user("ariane", superuser=True)


@pytest.fixture
def account(db: None) -> Account:
    """A client."""
    return make_account()


@pytest.fixture
def editor(account: Account) -> User:
    """Somebody who may edit the client."""
    return give(make_user("etienne"), account, "edit")


@pytest.fixture
def manager(account: Account) -> User:
    """Somebody who manages the client."""
    return give(make_user("marie"), account, "manage")


@pytest.fixture
def visitor() -> Visitor:
    """A browser that nobody has used yet."""
    return Visitor()


@pytest.fixture
def everybody(settings: Any) -> None:
    """The installation asks everybody for a second factor."""
    settings.CYBERADMIN_SECOND_FACTOR = "everybody"
