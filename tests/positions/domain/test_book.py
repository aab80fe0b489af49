"""What a holding of a given size can get from a book."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from positions.domain.book import Book, Level, best_first, bid_for, usable_bid, walk
from positions.domain.pnl import FillPart

NOON = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)


def level(price: str, size: str) -> Level:
    return Level(Decimal(price), Decimal(size))


BOOK = Book(NOON, (level("0.46", "10"), level("0.45", "20"), level("0.30", "100")))


def part(price: str, shares: str, fee: str = "0") -> FillPart:
    return FillPart(Decimal(price), Decimal(shares), Decimal(fee))


def test_best_first_sorts_and_drops_empty_levels() -> None:
    bids, asks = best_first(
        [level("0.40", "1"), level("0.45", "2"), level("0.50", "0"), level("0", "5")],
        [level("0.60", "1"), level("0.55", "2"), level("0.51", "0")],
    )
    assert bids == (level("0.45", "2"), level("0.40", "1"))
    assert asks == (level("0.55", "2"), level("0.60", "1"))


def test_empty_sides_have_no_best() -> None:
    assert Book(NOON).top is None
    assert Book(NOON).ask is None
    assert BOOK.top == Decimal("0.46")


@pytest.mark.parametrize(
    ("size", "price"),
    [
        ("0", "0.46"),
        ("10", "0.46"),
        ("10.01", "0.45"),
        ("30", "0.45"),
        ("130", "0.30"),
        ("131", None),
    ],
)
def test_bid_for_is_the_lowest_price_needed(size: str, price: str | None) -> None:
    assert bid_for(BOOK, Decimal(size)) == (None if price is None else Decimal(price))


def test_usable_bid_is_for_the_smaller_of_holding_and_minimum() -> None:
    assert usable_bid(BOOK, Decimal(500), Decimal(15)) == Decimal("0.45")
    assert usable_bid(BOOK, Decimal(7), Decimal(15)) == Decimal("0.46")
    assert usable_bid(BOOK, Decimal(500), None) == Decimal("0.46")


@pytest.mark.parametrize(
    ("shares", "floor", "fills"),
    [
        ("5", "0.40", [("0.46", "5")]),
        ("25", "0.40", [("0.46", "10"), ("0.45", "15")]),
        ("50", "0.45", [("0.46", "10"), ("0.45", "20")]),
        ("50", "0.47", []),
        ("0", "0.01", []),
    ],
)
def test_walk_sells_best_first_and_nothing_below_the_floor(
    shares: str, floor: str, fills: list[tuple[str, str]]
) -> None:
    found = walk(BOOK, Decimal(shares), Decimal(floor))
    assert found == tuple(part(*fill) for fill in fills)


def test_walk_takes_the_fee_level_by_level() -> None:
    found = walk(BOOK, Decimal(30), Decimal("0.40"), fee_rate=Decimal("0.05"), payout=Decimal(1))
    assert found == (part("0.46", "10", "0.1242"), part("0.45", "20", "0.2475"))
