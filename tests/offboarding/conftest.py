"""Two clients with one of everything, and an administrator."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from cyberadmin.offboarding.models import OffBoarding
from cyberadmin.offboarding.store import STORE
from tests.accounts.isolation_world import Agency, build


@pytest.fixture(scope="session", autouse=True)
def _catalogues() -> None:
    """The compiled translations, which are not kept in git."""
    call_command("compile_catalogues", verbosity=0)


@pytest.fixture
def agency(db: None) -> Agency:
    made = build()
    # The clients of these tests have not begun to leave.
    OffBoarding.objects.all().delete()
    for planted in (made.ours, made.theirs):
        STORE.purge_account(planted.account.pk)
    return made
