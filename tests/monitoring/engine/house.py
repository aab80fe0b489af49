"""A small world around one pass: a clock, scripted venues, a venue for orders; all handed in.

Nothing here patches the product: these are its ports (`monitoring.engine.ports`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from monitoring.engine import PassResult, Ports, run_pass
from positions.domain.book import Book, Level, last_price
from positions.models import JournalEntry, Position
from positions.venues.base import (
    Instrument,
    MarketInfo,
    MarketStatus,
    Order,
    Readings,
    Report,
    UncertainError,
)
from positions.venues.paper import PaperExecutor
from tests.positions.holdings import NOON, holding

DEEP = "100000"


class Clock:
    """Time that stands still until somebody sleeps or `later` moves it."""

    def __init__(self) -> None:
        self.at = NOON
        self.naps: list[float] = []

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.later(seconds)

    def later(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Offers:
    """Bids and asks as (price, size) texts, best first; `age`: seconds since the venue told it."""

    bids: tuple[tuple[str, str], ...] = ()
    asks: tuple[tuple[str, str], ...] = ()
    age: float = 0
    last: bool = False

    def book(self, at: datetime) -> Book:
        told_at = at - timedelta(seconds=self.age)
        if self.last:
            return last_price(Decimal(self.bids[0][0]), told_at)
        sides = (self.bids, self.asks)
        bids, asks = (tuple(Level(Decimal(p), Decimal(s)) for p, s in side) for side in sides)
        return Book(told_at, bids, asks)


def at(bid: str, ask: str | None = None, *, size: str = DEEP, age: float = 0) -> Offers:
    """One deep bid and an ask a cent above it, or where told."""
    above = ask or format(Decimal(bid) + Decimal("0.01"), "f")
    return Offers(((bid, size),), ((above, DEEP),), age)


Told = Offers | Exception | None


@dataclass
class Source:
    """A PriceSource that says what it is told to: by market name, one entry a read, the last stays.

    An exception is that market's own error, None: no book. `failure` fails whole reads,
    `garbage` is returned instead of Readings.
    """

    venue: str
    clock: Clock
    says: dict[str, deque[Told]] = field(default_factory=dict)
    states: dict[str, MarketStatus] = field(default_factory=dict)
    reads: list[list[str]] = field(default_factory=list)
    asked: list[list[str]] = field(default_factory=list)
    failure: Exception | None = None
    status_failure: Exception | None = None
    garbage: Any = ...
    on_read: Callable[[], None] = lambda: None

    def read(self, instruments: Sequence[Instrument], *, deadline: float) -> Readings:
        self.reads.append(sorted(instrument.key for instrument in instruments))
        self.on_read()
        if self.failure is not None:
            raise self.failure
        if self.garbage is not ...:
            return self.garbage  # type: ignore[no-any-return]
        found = {instrument.id: self._next(instrument.key) for instrument in instruments}
        return Readings(
            {
                pk: told.book(self.clock.at)
                for pk, told in found.items()
                if isinstance(told, Offers)
            },
            frozenset(pk for pk, told in found.items() if told is None),
            {pk: str(told) for pk, told in found.items() if isinstance(told, Exception)},
        )

    def _next(self, key: str) -> Told:
        told = self.says[key]
        return told.popleft() if len(told) > 1 else told[0]

    def status(
        self, instruments: Sequence[Instrument], *, deadline: float
    ) -> Mapping[int, MarketStatus]:
        self.asked.append(sorted(instrument.key for instrument in instruments))
        if self.status_failure is not None:
            raise self.status_failure
        return {i.id: self.states.get(i.key, MarketStatus("open")) for i in instruments}

    def find(self, reference: str, outcome: str = "") -> Sequence[MarketInfo]:
        raise NotImplementedError


Deed = Callable[[Order, Book], Report]


class Exchange:
    """An Executor that remembers each key for ever and executes it once, as a venue does.

    `plan` holds what the coming sales do instead of filling against the book.
    """

    def __init__(self) -> None:
        self.done: dict[str, Report] = {}
        self.sent: list[Order] = []
        self.looked: list[str] = []
        self.plan: deque[Deed] = deque()
        self.before: Callable[[Order], None] = lambda order: None
        self.lookup_failure: Exception | None = None

    def sell(self, order: Order, book: Book) -> Report:
        self.before(order)
        self.sent.append(order)
        return self.plan.popleft()(order, book) if self.plan else self.execute(order, book)

    def execute(self, order: Order, book: Book) -> Report:
        if order.key not in self.done:
            self.done[order.key] = PaperExecutor().sell(order, book)
        return self.done[order.key]

    def lose_answer(self, order: Order, book: Book) -> Report:
        self.execute(order, book)
        raise UncertainError("connection broken")

    def lose_order(self, order: Order, book: Book) -> Report:
        raise UncertainError("connection broken")

    def lookup(self, order: Order) -> Report | None:
        self.looked.append(order.key)
        if self.lookup_failure is not None:
            raise self.lookup_failure
        return self.done.get(order.key)

    @property
    def sold(self) -> Decimal:
        """Every share that was ever sold here."""
        fills = [fill for report in self.done.values() for fill in report.fills]
        return sum((fill.shares for fill in fills), Decimal(0))


class House:
    """The book, its venues and its exchange; `run` makes one pass."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.sources = {venue: Source(venue, self.clock) for venue in ("polymarket", "sim", "url")}
        self.exchange = Exchange()
        self.interval = Decimal(30)

    def position(self, name: str = "A", **fields: Any) -> Position:
        """As `holding`, now by this house's clock."""
        return holding(name, now=self.clock.at, **fields)

    def says(self, name: str, *told: str | Told, venue: str = "polymarket") -> None:
        """What the venue answers about a market from now on, one entry a read."""
        entries = [at(entry) if isinstance(entry, str) else entry for entry in told]
        self.sources[venue].says[name] = deque(entries)

    def ports(self) -> Ports:
        return Ports(
            source=self.sources.__getitem__,
            executor=self.exchange,
            now=self.clock.now,
            sleep=self.clock.sleep,
            interval=self.interval,
        )

    def run(self) -> PassResult:
        return run_pass(self.ports())

    def runs(self, *bids: str, name: str = "A", every: float = 30) -> list[PassResult]:
        """A pass for each bid, `every` seconds apart."""
        results = []
        for bid in bids:
            self.says(name, bid)
            results.append(self.run())
            self.clock.later(every)
        return results


def kinds(position: Position | None = None, *, told: str = "") -> list[str]:
    """Kinds of the journal's entries in order, of one position or all; `told`: of that kind only."""
    rows = JournalEntry.objects.order_by("pk")
    rows = rows.filter(position=position) if position else rows
    found = list(rows.exclude(kind="position_opened").values_list("kind", flat=True))
    return [kind for kind in found if told in {"", kind}]


def last(kind: str) -> JournalEntry:
    """The newest entry of a kind."""
    return JournalEntry.objects.filter(kind=kind).latest("pk")


def demo(position: Position) -> None:
    """Makes it one of the samples."""
    Position.objects.filter(pk=position.pk).update(is_demo=True)
