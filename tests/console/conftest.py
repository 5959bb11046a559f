"""The console in a test client: two clients with one of everything, people of every kind, both languages."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import translation

from tests.accounts.isolation_world import Agency, build

LANGUAGES = ("fr", "en")


@pytest.fixture(scope="session", autouse=True)
def _catalogues() -> None:
    """The compiled translations, which are not kept in git."""
    call_command("compile_catalogues", verbosity=0)


@pytest.fixture
def agency(db: None) -> Agency:
    return build()


class Visitor(Client):
    """A test client of one person in one language, inside one client."""

    def __init__(self, user: Any, base: str, language: str = "en") -> None:
        super().__init__(headers={"accept-language": language})
        self.base = base
        if user is not None:
            self.force_login(user)

    def at(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> Any:
        """GET a page inside the client."""
        return self.get(f"{self.base}{path}", data, **more)

    def send(self, path: str, data: dict[str, Any], **more: Any) -> Any:
        """POST to a page inside the client."""
        return self.post(f"{self.base}{path}", data, **more)


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Any:
    """Each language in turn, for pages and for messages read in the test itself."""
    with translation.override(request.param):
        yield request.param


@pytest.fixture
def manager(agency: Agency) -> Visitor:
    """Somebody who manages our client, in English."""
    return Visitor(agency.insiders["manage"], f"/c/{agency.ours.account.slug}")
