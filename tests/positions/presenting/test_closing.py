"""What the close dialog promises: the walk through the bids that a paper exit makes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from positions.domain.book import Book, Level, last_price
from positions.presenting.closing import Closing, closing
from tests.positions.presenting.rows import NOW, row


def book(*bids: tuple[str, str]) -> Book:
    return Book(NOW, tuple(Level(Decimal(price), Decimal(size)) for price, size in bids))


def lines(found: Closing) -> list[str]:
    return [line["value"] for line in found["lines"]]


def close(found: Book | None, shares: str = "950", problem: str = "", **values: Any) -> Closing:
    return closing(row("0.441", **values), Decimal(shares), found, problem)


def test_whole_size_at_one_bid() -> None:
    found = close(book(("0.44", "2000")))
    assert lines(found) == ["950 shares", "44.0¢", "44.0¢", "$0.00", "$418.00", "−$133.00"]
    assert (found["button"], found["warning"]) == ("Sell 950 Yes", "")
    assert (found["lines"][-1]["tone"], found["lines"][-1]["arrow"]) == ("loss", "▼")


def test_average_goes_down_the_book() -> None:
    found = close(book(("0.44", "500"), ("0.43", "450")))
    assert lines(found)[1:3] == ["44.0¢", "43.53¢"]
    assert lines(found)[4] == "$413.50"


def test_fees_are_part_of_proceeds_and_profit() -> None:
    found = close(book(("0.50", "950")), fee_rate=Decimal("0.04"))
    # 950 x 0.04 x 0.25 = 9.50
    assert lines(found)[3:] == ["$9.50", "$465.50", "−$85.50"]


def test_nothing_is_sold_below_the_slippage_limit() -> None:
    found = close(book(("0.44", "300"), ("0.20", "5000")))
    assert lines(found)[4] == "$132.00"
    assert found["warning"].startswith("Only 300 can be sold now at 39.6¢ or better (10.0 %")


def test_part_of_the_holding() -> None:
    found = close(book(("0.44", "2000")), shares="100.5")
    assert (found["button"], lines(found)[0]) == ("Sell 100.5 Yes", "100.5 shares")


def test_empty_book_promises_nothing() -> None:
    found = close(book())
    assert lines(found)[1:] == ["–", "–", "$0.00", "–", "–"]
    assert found["warning"] == "There is no usable bid now; the sale waits until there is one."


def test_unread_book_falls_back_to_the_last_bid_and_says_so() -> None:
    found = close(None, problem="timeout")
    assert lines(found)[4] == "$418.95"
    assert found["warning"] == (
        "The order book could not be read (timeout). Shown at the last usable bid."
    )


def test_source_of_one_price_takes_any_size() -> None:
    found = close(last_price(Decimal("0.44"), NOW))
    assert lines(found)[4] == "$418.00"


def test_rest_below_the_minimum_order_is_warned_of() -> None:
    bids = book(("0.44", "2000"))
    assert close(bids, shares="947")["warning"] == (
        "The 3 shares that stay are below the market's minimum order of 5: they could not be sold"
        " by themselves."
    )
    assert (close(bids, shares="945")["warning"], close(bids)["warning"]) == ("", "")
