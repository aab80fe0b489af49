"""One reading of one outcome, and what a holding of a given size could get from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from positions.domain.pnl import FillPart, fee


@dataclass(frozen=True, slots=True)
class Level:
    """`size` shares wanted or offered at `price`."""

    price: Decimal
    size: Decimal


@dataclass(frozen=True, slots=True)
class Book:
    """A reading. `bids` and `asks` are best first; `told_at` is when the source last told us.

    `kind` "last": the source gives one price only, which counts as bid, ask and price of any size.
    """

    told_at: datetime
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()
    kind: Literal["book", "last"] = "book"

    @property
    def ask(self) -> Decimal | None:
        """Best ask, or None where nobody sells."""
        return self.asks[0].price if self.asks else None

    @property
    def top(self) -> Decimal | None:
        """Best bid of any size, however small."""
        return self.bids[0].price if self.bids else None


def best_first(bids: Iterable[Level], asks: Iterable[Level]) -> tuple[tuple[Level, ...], ...]:
    """Both sides sorted best first without empty levels: venues order theirs as they like."""
    keep = [level for level in bids if level.size > 0 and level.price > 0]
    offers = [level for level in asks if level.size > 0 and level.price > 0]
    return (
        tuple(sorted(keep, key=lambda level: level.price, reverse=True)),
        tuple(sorted(offers, key=lambda level: level.price)),
    )


def last_price(price: Decimal, told_at: datetime) -> Book:
    """A source that gives one price only: bid = ask = price, marked "last", any size."""
    level = Level(price, Decimal("Infinity"))
    return Book(told_at, (level,), (level,), "last")


def bid_for(book: Book, size: Decimal) -> Decimal | None:
    """The lowest price needed to sell `size` shares now; None when the bids do not hold them."""
    left = size
    for level in book.bids:
        left -= level.size
        if left <= 0:
            return level.price
    return None


def usable_bid(book: Book, shares: Decimal, min_size: Decimal | None) -> Decimal | None:
    """CONTRACT "usable bid": the price at which min(held, the market's minimum order) can be sold.

    A dust bid above the real market is passed over; a market without a minimum takes its top.
    """
    return bid_for(book, min(shares, min_size or Decimal(0)))


def walk(
    book: Book,
    shares: Decimal,
    floor: Decimal,
    *,
    fee_rate: Decimal = Decimal(0),
    fee_exponent: int = 1,
    payout: Decimal | None = None,
) -> tuple[FillPart, ...]:
    """Fills of a sale of `shares` into the bids, best first, none below `floor`; fees per level."""
    fills: list[FillPart] = []
    left = shares
    for level in book.bids:
        if left <= 0 or level.price < floor:
            break
        size = min(level.size, left)
        cost = fee(size, level.price, fee_rate, fee_exponent, payout)
        fills.append(FillPart(level.price, size, cost))
        left -= size
    return tuple(fills)
