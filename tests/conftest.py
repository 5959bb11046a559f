"""Fixtures that every part of the suite shares."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db.models.signals import post_migrate
from django.utils import translation

from cyberadmin.accounts import history_guard
from cyberadmin.sync import clock
from tests.sandbox_server import SandboxServer
from tests.world import World


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Tests with a database of their own empty all its tables afterwards, the history too."""
    with history_guard.opened():
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def no_permissions_of_django() -> None:
    """The product has roles of its own; Django would write its permissions anew after each test that ends with a flush."""
    assert post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Every test begins in English: a page that was asked for in French leaves its thread speaking French."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def no_uploads(settings: Any) -> Iterator[None]:
    """Files that a test kept are gone before the next one: their clients have the same numbers."""
    yield
    shutil.rmtree(Path(settings.DATA_DIR) / "uploads", ignore_errors=True)


@pytest.fixture(scope="session")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """One sandbox for the session; accounts in it are never shared between tests."""
    folder: Path = tmp_path_factory.mktemp("vendor")
    server = SandboxServer(folder / "sandbox.sqlite3")
    yield server
    server.stop()


@pytest.fixture
def sandbox(vendor: SandboxServer, settings: Any) -> Iterator[SandboxServer]:
    """The sandbox as this test's vendor, with settings, faults and clocks put back afterwards."""
    settings.CYBERIMPACT_SANDBOX_URL = vendor.base_url
    settings.SYNC_REQUESTS_PER_SECOND = 10_000.0
    yield vendor
    clock.reset()
    vendor.reset()


@pytest.fixture
def world(db: None, sandbox: SandboxServer) -> World:
    """A client with an empty vendor account."""
    return World.build(sandbox)
