"""From books to quotes: is each market's price usable, what changed, and writing it down."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from monitoring.engine.look import Look, Watched
from monitoring.engine.sql import exact, insert_many, stamp, update_many
from positions.domain.book import Book
from positions.domain.quotes import CLOSED, OUT_OF_RANGE, Tick, tick_of

WHOLE = Decimal("Infinity")
SMALLEST, LARGEST = Decimal("1e-18"), Decimal("1e18")
NO_BOOK = "the venue has no book for this market"


@dataclass(frozen=True, slots=True)
class Priced:
    """A market with this look's reading as every holder of at least the minimum order sees it."""

    market: Watched
    tick: Tick
    told: bool
    changed: bool


def price(market: Watched, found: Look) -> Priced:
    """This look's tick of one market; unpriced ticks say why."""
    instrument = market.instrument
    book = found.books.get(instrument.id)
    status = found.statuses.get(instrument.id)
    state = status.state if status else market.state
    if state in {"closed", "resolved"}:
        tick = Tick(found.at, None, None, CLOSED)
        return Priced(market, tick, told=True, changed=market.problem != CLOSED)
    if book is None:
        problem = found.errors.get(instrument.id, NO_BOOK)
        told = instrument.id in found.missing
        return Priced(market, Tick(found.at, None, None, problem), told, changed=told)
    tick = _tick(market, book)
    changed = tick.bid != market.bid or tick.ask != market.ask or tick.problem != market.problem
    return Priced(market, tick, told=True, changed=changed)


def _tick(market: Watched, book: Book) -> Tick:
    """The book as a price; one that no column could hold is a problem of this market alone."""
    try:
        tick = tick_of(book, WHOLE, market.min_size, market.instrument.payout)
        if tick.bid is None or SMALLEST < tick.bid < LARGEST:
            return tick
    except ArithmeticError:  # not a number
        pass
    return Tick(book.told_at, None, None, OUT_OF_RANGE)


QUOTE = [
    ("bid", "numeric"),
    ("bid_f", "float"),
    ("ask", "numeric"),
    ("problem", "text"),
    ("told_at", "time"),
    ("bid_at", "time"),
    ("bid_since", "time"),
]


def write_prices(priced: Collection[Priced]) -> None:
    """Stores what changed, and for the rest only that the source told us again; in the caller's
    transaction. A run of equal bids becomes one price point when it ends.
    """
    changed, same, points = [], [], []
    for row in priced:
        if not row.told:
            continue
        market, tick, pk = row.market, row.tick, row.market.instrument.id
        # A source whose own clock steps back must not make a run that ends before it begins.
        at = max(tick.at, market.bid_at or tick.at)
        if not row.changed:
            bid_at = market.bid_at if tick.bid is None else at
            same.append((stamp(tick.at), stamp(bid_at), pk))
            continue
        bid, bid_at, since = market.bid, market.bid_at, market.bid_since
        if tick.bid is not None:
            if tick.bid != bid:
                if bid is not None and since is not None and bid_at is not None:
                    points.append((pk, stamp(since), stamp(bid_at), exact(bid)))
                since = at
            bid, bid_at = tick.bid, at
        values = (
            exact(bid),
            None if bid is None else float(bid),
            exact(tick.ask),
            tick.problem[:200],
            stamp(tick.at),
            stamp(bid_at),
            stamp(since),
        )
        changed.append((*values, pk))
    update_many("positions_quote", "market_id", QUOTE, changed)
    update_many("positions_quote", "market_id", [("told_at", "time"), ("bid_at", "time")], same)
    insert_many(
        "positions_pricepoint",
        [("market_id", "key"), ("since", "time"), ("until", "time"), ("bid", "numeric")],
        points,
    )


def newest(found: Look) -> datetime | None:
    """When a source last told a price in this look."""
    return max((book.told_at for book in found.books.values()), default=None)
