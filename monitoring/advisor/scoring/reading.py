"""Prices and ends of markets in which nothing is held any more, for the scores that are due there.

The watch reads what is held. A sale that was decided is gone from it within seconds, and whether it
was right shows a day later: so these few markets are asked once for each score that falls due, and
for their end a few times a day. Nothing is decided on what is read here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from positions.domain.quotes import tick_of
from positions.markets import market_instrument
from positions.models import Market, Position
from positions.venues.base import Instrument, MarketStatus, PriceSource, VenueError
from positions.venues.registry import source_for

logger = logging.getLogger(__name__)

Source = Callable[[str], PriceSource]
PATIENCE = 20.0  # seconds for all venues
WHOLE = Decimal("Infinity")  # the price of the smallest order, as in the price history
END_EVERY = timedelta(hours=6)
END_EVERY_OVERDUE = timedelta(hours=1)  # its announced end is past


def unwatched(ids: Iterable[int]) -> list[Market]:
    """Of these markets those that no pass reads: nothing is held there."""
    held = Position.objects.filter(state=Position.State.OPEN).values("market_id")
    return list(Market.objects.filter(pk__in=set(ids)).exclude(pk__in=held))


def bids(markets: Iterable[Market], *, source: Source = source_for) -> dict[int, Decimal]:
    """The bids of now by market id; a market without a usable one is left out."""
    found: dict[int, Decimal] = {}
    deadline = time.monotonic() + PATIENCE
    for venue, group in _by_venue(markets).items():
        try:
            readings = source(venue).read(
                [market_instrument(one) for one in group], deadline=deadline
            )
        except VenueError as error:
            logger.warning("%s tells no prices for scores: %s", venue, error)
            continue
        for market in group:
            book = readings.books.get(market.pk)
            tick = book and tick_of(book, WHOLE, market.min_size, market.payout)
            if tick and tick.bid is not None:
                found[market.pk] = tick.bid
    return found


def learn_ends(markets: Iterable[Market], now: datetime, *, source: Source = source_for) -> int:
    """Asks whether these markets have ended, those whose turn it is; how many are resolved now."""
    turn = [market for market in markets if _asked_again(market, now)]
    deadline, resolved = time.monotonic() + PATIENCE, 0
    for venue, group in _by_venue(turn).items():
        instruments = [market_instrument(one) for one in group]
        try:
            statuses = source(venue).status(instruments, deadline=deadline)
        except VenueError as error:
            logger.warning("%s tells no ends for scores: %s", venue, error)
            continue
        resolved += _store(instruments, statuses, now)
    return resolved


def _store(
    instruments: list[Instrument], statuses: Mapping[int, MarketStatus], now: datetime
) -> int:
    """Only of markets that are still unwatched: the others' state is the pass's."""
    resolved = 0
    for instrument in instruments:
        status = statuses.get(instrument.id)
        row = Market.objects.filter(pk=instrument.id).exclude(
            Q(position__state=Position.State.OPEN) | Q(state=Market.State.RESOLVED)
        )
        settled = status is not None and status.state == "resolved"
        fields: dict[str, object] = {"status_at": now}
        if status is not None and settled and status.settle_price is not None:
            fields |= {"state": status.state, "settle_price": status.settle_price}
            resolved += 1
        row.update(**fields)
    return resolved


def _asked_again(market: Market, now: datetime) -> bool:
    overdue = market.ends_at is not None and market.ends_at <= now
    every = END_EVERY_OVERDUE if overdue else END_EVERY
    return market.status_at is None or now - market.status_at >= every


def _by_venue(markets: Iterable[Market]) -> dict[str, list[Market]]:
    found: dict[str, list[Market]] = {}
    for market in markets:
        found.setdefault(market.venue, []).append(market)
    return found
