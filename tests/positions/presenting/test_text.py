"""Numbers and times in short."""

from __future__ import annotations

from decimal import Decimal

import pytest

from positions.presenting.text import arrow, brief_money, percent, price_move, span, tone


@pytest.mark.parametrize(
    ("value", "text"),
    [("14.49", "+14.5%"), ("-3.94", "−3.9%"), ("0.04", "0.0%"), ("1250", "+1,250.0%")],
)
def test_percent_is_signed_with_one_digit(value: str, text: str) -> None:
    assert percent(Decimal(value)) == text


@pytest.mark.parametrize(
    ("change", "payout", "currency", "text"),
    [
        ("-0.068", 1, "USDC", "−6.8¢"),
        ("0.003", 1, "USDC", "+0.3¢"),
        ("5.1", 100, "PKR", "+Rs 5.10"),
        ("0", 1, "USDC", "0.0¢"),
    ],
)
def test_price_move_is_signed(change: str, payout: int, currency: str, text: str) -> None:
    assert price_move(Decimal(change), Decimal(payout), currency) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1075.2", "USDC", "$1,075"),
        ("93.2", "USDC", "$93.20"),
        ("-547.4", "USDC", "−$547"),
        ("6000", "PKR", "Rs 6,000"),
    ],
)
def test_brief_money_drops_cents_from_a_hundred_on(amount: str, currency: str, text: str) -> None:
    assert brief_money(Decimal(amount), currency) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (99.4, "99 s"), (100, "2 min"), (5399, "90 min"), (5400, "2 h"), (129600, "2 d")],
)
def test_span_uses_one_unit(seconds: float, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("amount", "expected"), [("1", ("gain", "▲")), ("-1", ("loss", "▼")), ("0", ("", ""))]
)
def test_profit_has_a_tone_and_an_arrow(amount: str, expected: tuple[str, str]) -> None:
    assert (tone(Decimal(amount)), arrow(Decimal(amount))) == expected
