"""A wallet with one holding."""

from __future__ import annotations

from datetime import timedelta

import pytest

from positions.models import Position
from tests.fakes.polymarket import FakeMarket, PolymarketServer
from tests.positions.conftest import NOW
from tests.positions.wallets.kit import (
    ADDRESS,
    deed,
    row,
    sync,
)


@pytest.fixture
def held(polymarket: PolymarketServer, fed: FakeMarket) -> Position:
    """100 Yes at 40 cents, bought two days ago, taken over just now."""
    polymarket.set_wallet(ADDRESS, [row(fed.tokens[0], "100")])
    bought = deed(fed.tokens[0], "100", NOW - timedelta(days=2), side="BUY")
    polymarket.set_activity(ADDRESS, [bought])
    [opened] = sync().opened
    return Position.objects.select_related("market").get(pk=opened)
