from __future__ import annotations

from collections.abc import Iterator

import pytest

from positions.venues.polymarket import PolymarketClient, PolymarketSource
from tests.fakes.polymarket import FakeMarket, PolymarketServer
from tests.positions.venues.polymarket_kit import Clock, client_of, http_of, source_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[PolymarketServer]:
    with PolymarketServer(clock=clock.unix) as running:
        yield running


@pytest.fixture
def market(server: PolymarketServer) -> FakeMarket:
    """Fed cuts in Dec?, Yes 0.45 / 0.46, both outcomes quoted."""
    made = server.add_market("Fed cuts in Dec?", slug="fed-dec", event_slug="fed")
    bids = [("0.45", "20"), ("0.44", "100"), ("0.40", "500")]
    server.set_book(made.tokens[0], bids, [("0.46", "10"), ("0.47", "30")], mirror=True)
    return made


@pytest.fixture
def client(server: PolymarketServer, clock: Clock) -> PolymarketClient:
    return client_of(server, http_of(clock))


@pytest.fixture
def source(server: PolymarketServer, clock: Clock) -> PolymarketSource:
    return source_of(server, clock)
