"""Fixtures of the tests of bulk changes."""

from __future__ import annotations

import pytest

from tests.sync.bulk.desk import BulkDesk
from tests.world import World


@pytest.fixture
def desk(world: World) -> BulkDesk:
    """The staff of a fresh client."""
    return BulkDesk(world)
