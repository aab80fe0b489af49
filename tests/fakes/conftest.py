from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.polymarket import FakeMarket, PolymarketServer
from tests.fakes.polymarket_calls import ASKS, BIDS


@pytest.fixture
def server() -> Iterator[PolymarketServer]:
    with PolymarketServer() as running:
        yield running


@pytest.fixture
def market(server: PolymarketServer) -> FakeMarket:
    """Fed cuts in Dec?, Yes 0.45 / 0.46, both outcomes quoted."""
    made = server.add_market("Fed cuts in Dec?", slug="fed-dec", event_slug="fed")
    server.set_book(made.tokens[0], BIDS, ASKS, mirror=True)
    return made
