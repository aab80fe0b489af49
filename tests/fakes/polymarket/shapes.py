"""What can be wrong with a book itself, as pure functions of the book."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Side = tuple[tuple[str, str], ...]
Offers = Iterable[Iterable[str | int | Decimal]]
ONE = Decimal(1)


@dataclass(frozen=True)
class FakeBook:
    """Levels as (price, size) texts in the venue's own order: best level last on both sides."""

    bids: Side = ()
    asks: Side = ()
    changed_at: float = 0.0

    @property
    def bid(self) -> Decimal:
        return Decimal(self.bids[-1][0]) if self.bids else Decimal("0.50")

    @property
    def ask(self) -> Decimal:
        return Decimal(self.asks[-1][0]) if self.asks else self.bid + Decimal("0.01")


@dataclass
class Shape:
    """A book knob: `token` "*" is every token; `times` counts reads of such a token."""

    kind: str
    token: str = "*"
    times: int | None = None
    seen: dict[str, Any] = field(default_factory=dict)


def levels(offers: Offers, *, best_high: bool) -> Side:
    """Any order in, the venue's order out: bids ascend, asks descend."""
    pairs = [tuple(str(part) for part in level) for level in offers]
    ordered = sorted(pairs, key=lambda pair: Decimal(pair[0]), reverse=not best_high)
    return tuple((price, size) for price, size in ordered)


def mirrored(book: FakeBook) -> FakeBook:
    """The complement outcome's book: its bids are one minus these asks."""
    bids = [(ONE - Decimal(price), size) for price, size in book.asks]
    asks = [(ONE - Decimal(price), size) for price, size in book.bids]
    return FakeBook(levels(bids, best_high=True), levels(asks, best_high=False), book.changed_at)


def _empty_bids(book: FakeBook) -> FakeBook:
    return FakeBook((), book.asks, book.changed_at)


def _no_ask(book: FakeBook) -> FakeBook:
    return FakeBook(book.bids, (), book.changed_at)


def _empty(book: FakeBook) -> FakeBook:
    return FakeBook((), (), book.changed_at)


def _ghost(book: FakeBook) -> FakeBook:
    return FakeBook((("0.01", "1000"),), (("0.99", "1000"),), book.changed_at)


def _crossed(book: FakeBook) -> FakeBook:
    over = str(min(book.ask + Decimal("0.02"), Decimal("0.99")))
    return FakeBook((*book.bids, (over, "50")), book.asks or (("0.50", "50"),), book.changed_at)


def _wide(book: FakeBook) -> FakeBook:
    far = str(min(book.bid + Decimal("0.30"), Decimal("0.99")))
    return FakeBook(book.bids, ((far, "100"),), book.changed_at)


def _dust_bid(book: FakeBook) -> FakeBook:
    """One share at the old best bid, everything else at a cent."""
    return FakeBook((("0.01", "5000"), (str(book.bid), "1")), book.asks, book.changed_at)


def _malformed(book: FakeBook) -> FakeBook:
    return FakeBook((*book.bids, ("not-a-price", "10")), book.asks, book.changed_at)


SHAPERS: dict[str, Callable[[FakeBook], FakeBook]] = {
    "empty_bids": _empty_bids,
    "no_ask": _no_ask,
    "empty": _empty,
    "ghost": _ghost,
    "crossed": _crossed,
    "wide": _wide,
    "dust_bid": _dust_bid,
    "malformed": _malformed,
}
# frozen: the served book and its timestamp stop. backwards: each timestamp lies a minute before the
# one before it. quiet: the timestamp is that of the last change, not of the answer. missing: left
# out of the answer although the market is open.
TIMES = ("frozen", "backwards", "quiet", "missing")
BOOK_KNOBS = (*SHAPERS, *TIMES)
