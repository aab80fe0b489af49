"""Money and prices come back from the database to the digit, and sums are made in Decimal."""

from __future__ import annotations

from decimal import Decimal, getcontext
from typing import Any

import pytest

from positions.domain.pnl import fee
from positions.models import Exit, Fill, JournalEntry, Mark, PricePoint, Quote
from tests.monitoring.engine.house import House, Offers, last

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
STOP: dict[str, Any] = {"stop_loss_price": "0.45", "confirm_seconds": 0}
ODD = "0.1234567890123456789012345678"  # 28 digits: floats keep 15 to 17


def test_fills_fees_and_profit_are_exact(house: House) -> None:
    position = house.position(
        policy={**STOP, "max_slippage_pct": "100"},
        entry="0.333333333333333333",
        shares="12345.67",
        entry_fees="7.7777777",
        fee_rate="0.0625",
    )
    levels = (("0.1", "0.1"), ("0.09", "0.2"), ("0.07", "5000.05"), ("0.03", "99999"))
    house.says("A", Offers(levels))
    (told,) = house.run().exits
    rate = Decimal("0.0625")
    expected = []
    left = Decimal("12345.67")
    for text, size in levels:
        price, part = Decimal(text), min(left, Decimal(size))
        expected.append((price, part, fee(part, price, rate, 1, Decimal(1))))
        left -= part
    fills = Fill.objects.order_by("number").values_list("price", "shares", "fee")
    assert [tuple(map(str, row)) for row in fills] == [tuple(map(str, r)) for r in expected]
    net = sum((price * part - cost for price, part, cost in expected), Decimal(0))
    profit = net - Decimal("12345.67") * (
        Decimal("0.333333333333333333") + Decimal("7.7777777") / Decimal("12345.67")
    )
    position.refresh_from_db()
    exit_ = Exit.objects.get()
    assert (position.realised_pnl, exit_.pnl, exit_.filled) == (profit, profit, Decimal("12345.67"))
    assert (position.shares, told["pnl"]) == (0, format(round(profit, 2), "f"))
    entry = JournalEntry.objects.get(kind="fill")
    assert entry.data["fees"] == format(sum((row[2] for row in expected), Decimal(0)), "f").rstrip(
        "0"
    )


def test_prices_keep_every_digit(house: House) -> None:
    position = house.position(policy={"trailing_stop": [{"distance_pct": "33.3"}]}, tick=None)
    house.says("A", Offers(((ODD, "100"),)), Offers((("0.2", "100"),)))
    house.run()
    quote, mark = Quote.objects.get(), Mark.objects.get(position=position)
    assert (str(quote.bid), str(mark.best)) == (ODD, ODD)
    house.clock.later(30)
    house.run()
    assert str(PricePoint.objects.get().bid) == ODD


def test_level_is_not_missed_by_the_last_digit(house: House) -> None:
    """0.7 less 15 % is 0.595; as floats 0.7 * 0.85 is 0.5949999999999999."""
    house.position("A", policy={"stop_loss_pct": "15", "confirm_seconds": 0}, entry="0.7")
    house.position("B", policy={"stop_loss_pct": "15", "confirm_seconds": 0}, entry="0.7")
    house.says("A", "0.595")
    house.says("B", "0.5950000000000000001")
    house.run()
    assert [order.instrument.key for order in house.exchange.sent] == ["A"]


@pytest.mark.parametrize(
    ("bid", "pnl"),
    [("0.44125", "-5.88"), ("0.44135", "-5.86"), ("0.44115", "-5.88"), ("0.441251", "-5.87")],
)
def test_profit_is_rounded_once_and_half_to_even(house: House, bid: str, pnl: str) -> None:
    house.position(policy=STOP)
    house.says("A", bid)
    assert [exit_["pnl"] for exit_ in house.run().exits] == [pnl]


def test_parts_are_rounded_in_sum_only(house: House) -> None:
    """Three parts of 0.005 each are 0.015, not three times 0.00 or 0.01."""
    house.position(policy={**STOP, "max_slippage_pct": "0"}, shares="30", entry="0.4405")
    for _ in range(3):
        house.says("A", Offers((("0.441", "10"),)))
        house.run()
    parts = [entry.data["pnl"] for entry in JournalEntry.objects.filter(kind="fill")]
    assert parts == ["0.00", "0.00", "0.00"]
    assert (Exit.objects.get().pnl, last("exit_done").data["pnl"]) == (Decimal("0.0150"), "0.02")


def test_numbers_in_json_are_plain(house: House) -> None:
    house.position(
        policy={"stop_loss_price": "100000", "confirm_seconds": 0, "max_spread_pct": "1000"},
        entry="1E+5",
        shares="1E+3",
        payout=None,
        currency="JPY",
        venue="url",
    )
    house.says("A", Offers((("9E+4", "1E+9"),)), venue="url")
    result = house.run()
    (trigger,), (exit_,) = result.triggers, result.exits
    assert (trigger["level"], trigger["price"]) == ("100000", "90000")
    assert (exit_["shares"], exit_["price"], exit_["pnl"]) == ("1000", "90000", "-10000000")
    assert getcontext().prec == 28
