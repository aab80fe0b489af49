"""From books to quotes: is each market's price usable, what changed, and writing it down."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from monitoring.engine.look import Look, Watched
from monitoring.engine.sql import exact, insert_many, stamp, update_each, update_many
from positions.domain.book import Book
from positions.domain.quotes import CLOSED, OUT_OF_RANGE, Tick, tick_of

WHOLE = Decimal("Infinity")
SMALLEST, LARGEST = Decimal("1e-18"), Decimal("1e18")
NO_BOOK = "the venue has no book for this market"


class Priced(NamedTuple):
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
TOLD_AGAIN = [("told_at", "time"), ("bid_at", "time")]
POINT = [("market_id", "key"), ("since", "time"), ("until", "time"), ("bid", "numeric")]


def write_prices(priced: Collection[Priced]) -> None:
    """Stores what changed, and for the rest only that the source told us again; in the caller's
    transaction. A run of equal bids becomes one price point when it ends.
    """
    told = [row for row in priced if row.told]
    update_each("positions_quote", "market_id", QUOTE, [_quote(r) for r in told if r.changed])
    again = [_told_again(row) for row in told if not row.changed]
    update_many("positions_quote", "market_id", TOLD_AGAIN, again)
    ended = [_point(row.market) for row in told if row.changed and _ends_run(row)]
    insert_many("positions_pricepoint", POINT, ended)


def _times(row: Priced) -> tuple[Any, Any]:
    """When the source told, and when it last told a usable bid, as parameters."""
    told, before = stamp(row.tick.at), row.market.bid_at
    if row.tick.bid is None:
        return told, before
    # A source whose own clock steps back must not make a run that ends before it begins.
    return told, told if before is None else max(told, before)


def _quote(row: Priced) -> tuple[Any, ...]:
    """A changed quote; without a usable bid the last one stays."""
    market, tick = row.market, row.tick
    told_at, bid_at = _times(row)
    bid = market.bid if tick.bid is None else tick.bid
    same = bid == market.bid
    return (
        exact(bid),
        None if bid is None else float(bid),
        exact(tick.ask),
        tick.problem[:200],
        told_at,
        bid_at,
        market.bid_since if same else bid_at,
        market.instrument.id,
    )


def _told_again(row: Priced) -> tuple[Any, ...]:
    return (*_times(row), row.market.instrument.id)


def _ends_run(row: Priced) -> bool:
    """Whether the stored run of equal bids, if there is a whole one, is over."""
    market, bid = row.market, row.tick.bid
    return (
        bid is not None
        and bid != market.bid
        and None not in (market.bid, market.bid_since, market.bid_at)
    )


def _point(market: Watched) -> tuple[Any, ...]:
    return (market.instrument.id, market.bid_since, market.bid_at, exact(market.bid))


def newest(found: Look) -> datetime | None:
    """When a source last told a price in this look."""
    return max((book.told_at for book in found.books.values()), default=None)
