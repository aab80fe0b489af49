"""What the tests of the Polymarket adapter share."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal

from positions.venues.base import Instrument, PriceSource
from positions.venues.http import HttpClient
from positions.venues.polymarket import PolymarketClient, PolymarketSource
from tests.fakes.polymarket import FakeMarket, PolymarketServer

ONE = Decimal(1)


class Clock:
    """Wall clock and stopwatch that only the test moves; sleeping moves it, too."""

    def __init__(self) -> None:
        self.at = 1_795_000_000.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def unix(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


def http_of(clock: Clock, tries: int = 3) -> HttpClient:
    return HttpClient(
        clock=clock.unix, sleep=clock.sleep, now=clock.now, rng=random.Random(1), tries=tries
    )


def client_of(server: PolymarketServer, http: HttpClient) -> PolymarketClient:
    return PolymarketClient(
        http, gamma=f"{server.url}/gamma", clob=f"{server.url}/clob", data=f"{server.url}/data"
    )


def source_of(server: PolymarketServer, clock: Clock) -> PolymarketSource:
    source = PolymarketSource(client_of(server, http_of(clock)))
    port: PriceSource = source
    assert port.venue == "polymarket"
    return source


def instrument(number: int, market: FakeMarket, index: int = 0) -> Instrument:
    return Instrument(
        id=number,
        venue="polymarket",
        key=market.condition_id,
        outcome=market.outcomes[index],
        token=market.tokens[index],
        payout=ONE,
        data={"index": index},
    )
