"""Fees, proceeds and profit, exact until the one rounding at the end."""

from __future__ import annotations

from decimal import Decimal

import pytest

from positions.domain.pnl import (
    FillPart,
    fee,
    floor_shares,
    money,
    money_json,
    plain,
    proceeds,
    realised,
)

ONE = Decimal(1)


@pytest.mark.parametrize(
    ("shares", "price", "rate", "exponent", "payout", "expected"),
    [
        ("100", "0.5", "0.05", 1, "1", "1.25"),
        ("100", "0.6", "0.05", 1, "1", "1.2"),
        ("100", "0.5", "0.05", 2, "1", "0.3125"),
        ("100", "50", "0.05", 1, "100", "125"),
        ("100", "0.5", "0", 1, "1", "0"),
        ("0", "0.5", "0.05", 1, "1", "0"),
        ("100", "1", "0.05", 1, "1", "0"),
        ("0.01", "0.001", "0.001", 1, "1", "0.00001"),
        ("1", "0.3333", "0.07", 1, "1", "0.01555"),
        ("10", "80000", "0.001", 1, None, "800"),
    ],
)
def test_fee_follows_the_venues_curve(
    shares: str, price: str, rate: str, exponent: int, payout: str | None, expected: str
) -> None:
    paid = fee(
        Decimal(shares),
        Decimal(price),
        Decimal(rate),
        exponent,
        None if payout is None else Decimal(payout),
    )
    assert paid == Decimal(expected)


FILLS = (
    FillPart(Decimal("0.46"), Decimal(10), Decimal("0.1")),
    FillPart(Decimal("0.45"), Decimal(20), Decimal("0.2")),
)


def test_proceeds_are_net_of_fees() -> None:
    assert proceeds(FILLS) == Decimal("13.3")
    assert proceeds(()) == 0


def test_realised_is_net_of_both_fees_and_not_rounded() -> None:
    assert realised(FILLS, Decimal("0.50"), Decimal(0)) == Decimal("-1.7")
    assert realised(FILLS, Decimal("0.50"), Decimal("0.0025")) == Decimal("-1.775")


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("0.125", "USDC", "0.12"),
        ("0.135", "USDC", "0.14"),
        ("-0.125", "USDC", "-0.12"),
        ("-0.001", "USDC", "0.00"),
        ("2.5", "JPY", "2"),
        ("11", "USDC", "11.00"),
        ("1E+3", "XYZ", "1000.00"),
    ],
)
def test_money_is_rounded_half_even_to_its_currency(amount: str, currency: str, text: str) -> None:
    assert money_json(Decimal(amount), currency) == text
    assert money(Decimal(amount), currency) == Decimal(text)


@pytest.mark.parametrize(
    ("shares", "floor"), [("16.669", "16.66"), ("0.009", "0"), ("100", "100"), ("0.01", "0.01")]
)
def test_sizes_are_rounded_down(shares: str, floor: str) -> None:
    assert floor_shares(Decimal(shares)) == Decimal(floor)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1E+2", "100"),
        ("0.50", "0.5"),
        ("100.00", "100"),
        ("-0.0", "0"),
        ("0", "0"),
        ("-1.10", "-1.1"),
    ],
)
def test_plain_says_no_more_than_it_must(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text
