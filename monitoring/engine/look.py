"""Looking: which markets matter, what their venues say now. Network only, nothing is written."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connections

from monitoring.engine.ports import Ports
from monitoring.engine.sql import bare, decimal_of, fetch, json_of, time_of
from positions.domain.book import Book
from positions.text import storable
from positions.venues.base import Instrument, MarketStatus, PriceSource, Readings, VenueError

logger = logging.getLogger(__name__)

TOGETHER = 1.5  # seconds in which venues that answer are judged together
STATUS_EVERY = timedelta(seconds=60)
# Prices this near 0 or the payout may be the print of a market that has just resolved.
NEAR_NOTHING, NEAR_PAYOUT = Decimal("0.02"), Decimal("0.98")


class Watched(NamedTuple):
    """A market with open positions, and its quote as stored; `positions`: how many are open.

    `bid_since` and `bid_at` are as the database holds them: they only go back there.
    """

    instrument: Instrument
    min_size: Decimal | None
    state: str
    status_at: datetime | None
    bid: Decimal | None
    ask: Decimal | None
    problem: str
    bid_since: Any
    bid_at: Any
    positions: int


@dataclass
class Look:
    """What one look brought, by market id. `errors` says why a market has no reading, `failed` why
    a venue told nothing about any of its own.
    """

    at: datetime
    books: dict[int, Book] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)
    statuses: dict[int, MarketStatus] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    answered: int = 0

    def take(self, other: Look) -> None:
        """Adds what another venue told."""
        self.books |= other.books
        self.errors |= other.errors
        self.missing |= other.missing
        self.statuses |= other.statuses
        self.failed |= other.failed
        self.answered += other.answered


MARKETS = f"""
SELECT m.id, m.venue, m.key, m.outcome, m.token, m.payout, m.data,
       m.min_size, m.state, m.status_at, q.bid, q.ask, q.problem,
       {bare("q.bid_since")}, {bare("q.bid_at")}, p.n
FROM (SELECT market_id, count(*) AS n FROM positions_position WHERE state = 'open'
      GROUP BY market_id) p
JOIN positions_market m ON m.id = p.market_id
JOIN positions_quote q ON q.market_id = p.market_id
"""


def watched_markets() -> list[Watched]:
    """Every market that holds an open position, one query."""
    return [
        Watched(
            _instrument(*row[:7]),
            decimal_of(row[7]),
            row[8],
            time_of(row[9]),
            decimal_of(row[10]),
            decimal_of(row[11]),
            row[12],
            row[13],
            row[14],
            row[15],
        )
        for row in fetch(MARKETS)
    ]


@lru_cache(maxsize=8192)  # by every column it is made of: a changed row is another instrument
def _instrument(
    pk: int, venue: str, key: str, outcome: str, token: str, payout: str | None, data: str
) -> Instrument:
    return Instrument(pk, venue, key, outcome, token, decimal_of(payout), json_of(data))


def looks(markets: Collection[Watched], ports: Ports) -> Iterator[tuple[list[Watched], Look]]:
    """Asks every venue at once, each within the same patience, and yields markets with what was
    found as it comes in: the venues that answer soon together, a slow one when it has. One that
    fails or hangs keeps no other's stops waiting.
    """
    at, deadline = ports.now(), time.monotonic() + ports.patience
    by_venue: dict[str, list[Watched]] = {}
    for market in markets:
        by_venue.setdefault(market.instrument.venue, []).append(market)
    if len(by_venue) < 2:
        found = Look(at)
        for venue, group in by_venue.items():
            _merge(found, group, *_ask(ports, venue, group, at, deadline))
        yield list(markets), found
        return
    with ThreadPoolExecutor(max_workers=len(by_venue)) as pool:
        waiting = {
            pool.submit(_ask_apart, ports, venue, group, at, deadline): group
            for venue, group in by_venue.items()
        }
        wait(waiting, timeout=TOGETHER)
        while waiting:
            done, _rest = wait(waiting, return_when=FIRST_COMPLETED)
            found, answered = Look(at), [(waiting.pop(future), future) for future in done]
            for group, future in answered:
                _merge(found, group, *future.result())
            yield [market for group, _future in answered for market in group], found


def look(markets: Collection[Watched], ports: Ports) -> Look:
    """As `looks`, all in one: for the few markets that are read again."""
    found = Look(ports.now())
    for _group, part in looks(markets, ports):
        found.take(part)
    return found


Answer = tuple[Readings | None, dict[int, MarketStatus], str]


def _ask_apart(
    ports: Ports, venue: str, group: Sequence[Watched], at: datetime, deadline: float
) -> Answer:
    """As `_ask`, in a thread of its own, which must not leave a database connection behind."""
    try:
        return _ask(ports, venue, group, at, deadline)
    finally:
        connections.close_all()


def _ask(
    ports: Ports, venue: str, group: Sequence[Watched], at: datetime, deadline: float
) -> Answer:
    """Prices, and the state of markets whose price alone cannot be believed."""
    try:
        source = ports.source(venue)
        readings = source.read([market.instrument for market in group], deadline=deadline)
        doubtful = [market.instrument for market in group if _doubtful(market, readings, at)]
    except VenueError as error:
        return None, {}, str(error)
    except Exception as error:  # an adapter's defect must not leave the other venues unguarded
        logger.exception("price source %s failed", venue)
        return None, {}, f"{type(error).__name__} in the {venue} price source"
    return readings, _states(source, doubtful, deadline) if doubtful else {}, ""


def _states(
    source: PriceSource, doubtful: Sequence[Instrument], deadline: float
) -> dict[int, MarketStatus]:
    """States of the doubtful markets as far as they can be read and can be true."""
    try:
        told = source.status(doubtful, deadline=deadline)
        known = {i.id: (told[i.id], i.payout) for i in doubtful if i.id in told}
        return {pk: status for pk, (status, payout) in known.items() if _credible(status, payout)}
    except VenueError as error:
        logger.warning("market states could not be read: %s", error)
    except Exception:
        logger.exception("market states of %s could not be read", source.venue)
    return {}


def _credible(status: MarketStatus, payout: Decimal | None) -> bool:
    """Whether a settlement lies between nothing and the payout."""
    price = status.settle_price
    credible = price is None or (price >= 0 and (payout is None or price <= payout))
    if not credible:
        logger.error("a settlement at %s of a payout of %s is not believed", price, payout)
    return credible


def _doubtful(market: Watched, readings: Readings, at: datetime) -> bool:
    """No book, closed already, no bid, or a price near 0 or the payout: it may have resolved.

    The first two are asked in every pass; an outsider may trade at one cent for months.
    """
    instrument = market.instrument
    if instrument.id in readings.missing or market.state == "closed":
        return True
    if market.status_at is not None and at - market.status_at < STATUS_EVERY:
        return False
    book = readings.books.get(instrument.id)
    if book is None:
        return False
    if book.top is None or not book.top.is_finite():
        return True
    payout = instrument.payout
    return payout is not None and not NEAR_NOTHING < book.top / payout < NEAR_PAYOUT


def _merge(
    found: Look,
    group: Sequence[Watched],
    readings: Readings | None,
    statuses: dict[int, MarketStatus],
    failure: str,
) -> None:
    if readings is None:
        why = storable(failure)
        found.errors.update({market.instrument.id: why for market in group})
        found.failed[group[0].instrument.venue] = why
        return
    found.statuses.update(statuses)
    for market in group:
        pk = market.instrument.id
        if readings.books.get(pk) is not None:
            found.books[pk] = readings.books[pk]
        elif pk in readings.missing:
            found.missing.add(pk)
        else:
            why = readings.errors.get(pk, "the venue's answer left this market out")
            found.errors[pk] = storable(why)
    own = [found.errors.get(market.instrument.id) for market in group]
    if all(own):
        found.failed[group[0].instrument.venue] = own[0] or ""
    else:
        found.answered += 1
