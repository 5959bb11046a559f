"""The two clients of the isolation test, for the tests of lines that no single part of the product owns."""

from __future__ import annotations

import pytest

from tests.accounts.isolation_world import Agency, build


@pytest.fixture
def agency(db: None) -> Agency:
    return build()
