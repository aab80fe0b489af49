"""A book of positions as large as wanted, made with few statements."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from positions.domain.state import WatchState, dump
from positions.models import (
    ExitPolicy,
    Mark,
    Market,
    Position,
    PricePoint,
    Quote,
    Strategy,
    Thesis,
)
from tests.benchmarks.source import INTERVAL, price
from tests.benchmarks.walk import SCENES

STOP_AND_TARGET: dict[str, Any] = {
    "stop_loss_pct": "15",
    "take_profit": [{"after_minutes": "0", "pct": "25", "sell_pct": "100"}],
}
TRAILING: dict[str, Any] = {
    "trailing_stop": [
        {"distance_pct": "10", "activation_pct": "0"},
        {"distance_pct": "5", "activation_pct": "20"},
    ]
}
MOMENTUM: dict[str, Any] = {
    "momentum_exit": {
        "window_minutes": "60",
        "rise_pct": "15",
        "fade_pct": "4",
        "sell_pct": "50",
    }
}
HISTORY = timedelta(hours=1)
RISEN = 10  # one market in so many rose by 16 % within the last hour
OWN_RULES = 10  # one position in so many states a stop of its own


def fill(positions: int, bids: list[int], at: datetime) -> int:
    """`positions` holdings spread evenly over markets with these bids (ticks), watched for an hour.

    All have stop and target, half of them a trailing stop, a fifth a momentum exit, one in ten a
    rule of its own, every second a thesis. Markets carry that hour's price points. Returns the id of
    the first market; the others follow it.
    """
    random = Random(11)
    markets = Market.objects.bulk_create(
        Market(
            venue="sim",
            key=f"market-{number}",
            outcome="Yes",
            question=f"Will number {number} happen before the end of the month?",
            payout=Decimal(1),
            tick=Decimal("0.001"),
            min_size=Decimal(5),
            ends_at=at + timedelta(days=30),
        )
        for number in range(1, len(bids) + 1)
    )
    Quote.objects.bulk_create(Quote(market=market, payout=market.payout) for market in markets)
    PricePoint.objects.bulk_create(
        point
        for market, bid in zip(markets, bids, strict=True)
        for point in _history(market, bid, at, random)
    )
    strategies = _strategies()
    trailing = set(random.sample(range(positions), positions // 2))
    fast = set(random.sample(range(positions), positions // 5))
    rows = Position.objects.bulk_create(
        Position(
            market=markets[number % len(markets)],
            strategy=strategies[number in trailing, number in fast],
            entry_price=price(bids[number % len(bids)] - random.randint(-5, 5)),
            shares=Decimal(100),
            bought=Decimal(100),
            opened_at=at - HISTORY,
        )
        for number in range(positions)
    )
    watched = dump(WatchState(watched_since=at - HISTORY))
    Mark.objects.bulk_create(Mark(position=row, state=watched) for row in rows)
    Thesis.objects.bulk_create(
        Thesis(position=row, text="It will.", probability=Decimal("0.95")) for row in rows[::2]
    )
    ExitPolicy.objects.bulk_create(
        ExitPolicy(position=row, document=json.dumps({"stop_loss_price": f"{row.entry_price / 2}"}))
        for row in rows[::OWN_RULES]
    )
    return markets[0].pk


def _strategies() -> dict[tuple[bool, bool], Strategy]:
    """By (trailing, momentum)."""
    made = {}
    for trailing in (False, True):
        for fast in (False, True):
            name = "bench" + "-trailing" * trailing + "-momentum" * fast
            strategy = Strategy.objects.create(name=name)
            rules = STOP_AND_TARGET | (TRAILING if trailing else {}) | (MOMENTUM if fast else {})
            ExitPolicy.objects.create(strategy=strategy, document=json.dumps(rules))
            made[trailing, fast] = strategy
    return made


def _history(market: Market, bid: int, at: datetime, random: Random) -> Iterator[PricePoint]:
    """The hour before: a run of equal bids for each pass in which the price moved."""
    passes = int(HISTORY.total_seconds()) // INTERVAL
    risen = market.pk % RISEN == 0
    since, last = passes, None
    for left in range(passes, 0, -1):
        if last is not None and random.random() > SCENES["busy"].moves:
            continue
        if last is not None:
            yield _point(market, last, at, since, left + 1)
        start = bid / 1.16 if risen else bid
        since, last = left, round(bid + (start - bid) * left / passes) - random.randint(0, 8)
    if last is not None:
        yield _point(market, last, at, since, 1)


def _point(market: Market, ticks: int, at: datetime, since: int, until: int) -> PricePoint:
    return PricePoint(
        market=market,
        bid=price(ticks),
        since=at - timedelta(seconds=since * INTERVAL),
        until=at - timedelta(seconds=until * INTERVAL),
    )
