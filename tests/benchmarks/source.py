"""What a measured pass is given: a clock that ticks a whole interval, and books without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from monitoring.engine.ports import Ports
from positions.domain.book import Book, Level
from positions.venues.base import Instrument, MarketInfo, MarketStatus, Readings
from positions.venues.paper import PaperExecutor
from tests.benchmarks.walk import TICKS, Scene, Walk

INTERVAL = 30
BEGINNING = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEPTH = 3  # levels on each side of a book
SIZE = Decimal(500)


class Prices:
    """A PriceSource whose books are made between the passes, so that reading them costs nothing.

    Market ids are `first` and so on, in the order of the walk's prices.
    """

    venue = "sim"

    def __init__(self, markets: int, first: int = 1) -> None:
        self.first = first
        self.walk = Walk(markets)
        self.at = BEGINNING
        self.readings = Readings({})
        self._quote()

    def advance(self, scene: Scene) -> None:
        """One interval later, with the walk's next prices."""
        self.walk.step(scene)
        self.at += timedelta(seconds=INTERVAL)
        self._quote()

    def now(self) -> datetime:
        return self.at

    def read(self, instruments: Sequence[Instrument], *, deadline: float) -> Readings:
        return self.readings

    def status(
        self, instruments: Sequence[Instrument], *, deadline: float
    ) -> Mapping[int, MarketStatus]:
        return {instrument.id: MarketStatus("open") for instrument in instruments}

    def find(self, reference: str, outcome: str = "") -> Sequence[MarketInfo]:
        raise NotImplementedError

    def _quote(self) -> None:
        books = {pk: book(bid, self.at) for pk, bid in enumerate(self.walk.bids, self.first)}
        self.readings = Readings(books)

    def ports(self) -> Ports:
        return Ports(
            source=lambda _venue: self,
            executor=PaperExecutor(),
            now=self.now,
            sleep=lambda _seconds: None,
            interval=Decimal(INTERVAL),
        )


def price(ticks: int) -> Decimal:
    return Decimal(ticks) / TICKS


def book(bid: int, at: datetime) -> Book:
    """A narrow book of three levels a side around the bid, in ticks."""
    bids = tuple(Level(price(bid - step), SIZE) for step in range(DEPTH))
    asks = tuple(Level(price(bid + 1 + step), SIZE) for step in range(DEPTH))
    return Book(at, bids, asks)
