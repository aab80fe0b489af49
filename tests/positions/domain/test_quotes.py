"""Is this price usable, and is its spread to be believed?"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from positions.domain.book import Book, Level, last_price
from positions.domain.policy import Policy, parse
from positions.domain.quotes import (
    CROSSED,
    GHOST,
    NO_BID,
    OUT_OF_RANGE,
    THIN,
    Tick,
    is_wide,
    max_age_seconds,
    tick_of,
)
from tests.positions.domain.casebook import number

NOON = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)
ONE = Decimal(1)


def side(*levels: tuple[str, str]) -> tuple[Level, ...]:
    return tuple(Level(Decimal(price), Decimal(size)) for price, size in levels)


def told(
    bids: tuple[Level, ...],
    asks: tuple[Level, ...] = (),
    *,
    shares: str = "100",
    minimum: str | None = "5",
    payout: Decimal | None = ONE,
) -> Tick:
    least = None if minimum is None else Decimal(minimum)
    return tick_of(Book(NOON, bids, asks), Decimal(shares), least, payout)


@pytest.mark.parametrize(
    ("bids", "asks", "bid", "problem"),
    [
        (side(), side(("0.5", "10")), None, NO_BID),
        (side(("0", "10")), side(), None, NO_BID),
        (side(("0.44", "4.99")), side(), None, THIN),
        (side(("0.44", "5")), side(), "0.44", ""),
        (side(("0.44", "2"), ("0.43", "3")), side(), "0.43", ""),
        (side(("0.44", "10")), side(("0.43", "1")), None, CROSSED),
        (side(("0.44", "10")), side(("0.44", "1")), "0.44", ""),
        (side(("0.46", "1"), ("0.44", "10")), side(("0.45", "1")), None, CROSSED),
        (side(("1.01", "10")), side(), None, OUT_OF_RANGE),
        (side(("1", "10")), side(), "1", ""),
        (side(("0.50", "10")), side(("1.01", "1")), None, OUT_OF_RANGE),
        (side(("0.50", "10")), side(("1", "1")), "0.50", ""),
        (side(("0.02", "10")), side(("0.98", "1")), None, GHOST),
        (side(("0.0201", "10")), side(("0.98", "1")), "0.0201", ""),
        (side(("0.02", "10")), side(("0.9799", "1")), "0.02", ""),
        (side(("0.01", "10")), side(), "0.01", ""),
    ],
)
def test_tick_is_the_usable_bid_or_the_problem(
    bids: tuple[Level, ...], asks: tuple[Level, ...], bid: str | None, problem: str
) -> None:
    tick = told(bids, asks)
    assert (tick.at, tick.bid, tick.problem) == (
        NOON,
        None if bid is None else Decimal(bid),
        problem,
    )
    assert tick.ask == (asks[0].price if asks else None)


def test_market_without_a_minimum_takes_its_top() -> None:
    assert told(side(("0.46", "0.01"), ("0.44", "10")), minimum=None).bid == Decimal("0.46")


def test_small_holder_needs_a_bid_for_what_he_holds() -> None:
    assert told(side(("0.46", "3"), ("0.44", "10")), shares="3").bid == Decimal("0.46")
    assert told(side(("0.46", "3"), ("0.44", "10")), shares="3.01").bid == Decimal("0.44")


def test_instrument_knows_no_range_and_no_ghost() -> None:
    assert told(side(("0.01", "10")), side(("0.99", "1")), payout=None).bid == Decimal("0.01")
    assert told(side(("80000", "10")), payout=None).bid == 80000


def test_single_price_counts_for_any_size() -> None:
    tick = tick_of(last_price(Decimal("81234.5"), NOON), Decimal(10**9), Decimal(5), None)
    assert (tick.bid, tick.ask, tick.problem) == (Decimal("81234.5"), Decimal("81234.5"), "")


STATED = parse({"max_spread_pct": "5"})


@pytest.mark.parametrize(
    ("bid", "ask", "policy", "payout", "wide"),
    [
        ("0.40", "0.50", Policy(), ONE, False),
        ("0.40", "0.5001", Policy(), ONE, True),
        ("0.10", "0.11", Policy(), ONE, False),
        ("0.10", "0.11", STATED, ONE, True),
        ("0.10", "0.105", STATED, ONE, False),
        ("40", "50.01", Policy(), Decimal(100), True),
        ("100", "105", Policy(), None, False),
        ("100", "105.01", Policy(), None, True),
        ("0.40", "0.46", parse({"max_spread": "0.05"}), ONE, True),
        ("0.40", None, Policy(), ONE, False),
        (None, "0.90", Policy(), ONE, False),
    ],
)
def test_wide_is_measured_in_parts_of_the_payout_or_percent_of_the_bid(
    bid: str | None, ask: str | None, policy: Policy, payout: Decimal | None, wide: bool
) -> None:
    reading = Tick(NOON, number(bid), number(ask))
    assert is_wide(reading, policy, payout) is wide


def test_patience_is_the_larger_of_guard_and_two_intervals() -> None:
    assert max_age_seconds(Policy(), Decimal(30)) == 120
    assert max_age_seconds(Policy(), Decimal(1800)) == 3600
