"""Fixtures of the campaign tests."""

from __future__ import annotations

import pytest

from tests.campaigns.desk import CampaignDesk
from tests.world import World


@pytest.fixture
def desk(world: World) -> CampaignDesk:
    """A client with groups, and the people who work for it."""
    return CampaignDesk.build(world)
