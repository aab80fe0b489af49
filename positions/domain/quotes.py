"""Is this price usable? Unpriced is never zero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from positions.domain.book import Book, usable_bid
from positions.domain.policy import HUNDRED, Policy

GHOST_BID, GHOST_ASK = Decimal("0.02"), Decimal("0.98")

NO_BID = "no bid"
THIN = "bids too thin for the minimum order"
CROSSED = "crossed book"
GHOST = "ghost book"
OUT_OF_RANGE = "price outside the market's range"
CLOSED = "market closed, awaiting resolution"
STALE = "no news from the price source"


@dataclass(slots=True, unsafe_hash=True)
class Tick:
    """One reading as the rules see it: a usable `bid`, or None and the `problem` in words.

    `at` is when the source told it, UTC; `ask` may be missing on a priced tick.
    """

    at: Final[datetime]
    bid: Final[Decimal | None]
    ask: Final[Decimal | None] = None
    problem: Final[str] = ""


def tick_of(book: Book, shares: Decimal, min_size: Decimal | None, payout: Decimal | None) -> Tick:
    """The book as a holder of `shares` sees it. Ghost: bid <= 2 % and ask >= 98 % of the payout."""
    bid, ask = usable_bid(book, shares, min_size), book.ask
    problem = ""
    if not book.bids or book.bids[0].price <= 0:  # a source may tell zero where it knows nothing
        problem = NO_BID
    elif bid is None:
        problem = THIN
    elif ask is not None and (bid > ask or (book.top is not None and book.top > ask)):
        problem = CROSSED
    elif payout is not None:
        if bid > payout or (ask is not None and ask > payout):
            problem = OUT_OF_RANGE
        elif bid <= payout * GHOST_BID and ask is not None and ask >= payout * GHOST_ASK:
            problem = GHOST
    return Tick(book.told_at, None if problem else bid, ask, problem)


def is_wide(tick: Tick, policy: Policy, payout: Decimal | None) -> bool:
    """Whether the spread is too wide to believe a breach at once.

    `max_spread` is in parts of the payout, so it guards what has one; `max_spread_pct` (of the bid)
    guards plain instruments, and markets too where a policy states it: as a default it would call
    every token below 20 cents wide, one tick being more than 5 % of it
    (docs/decisions/wide-spread.md). No ask is not wide.
    """
    if tick.bid is None or tick.ask is None:
        return False
    spread = tick.ask - tick.bid
    if payout is not None and spread > policy.max_spread * payout:
        return True
    if payout is not None and "max_spread_pct" not in policy.stated:
        return False
    return spread > tick.bid * policy.max_spread_pct / HUNDRED


def max_age_seconds(policy: Policy, interval: Decimal) -> Decimal:
    """A quote older than this (seconds) is unpriced: the larger of the guard and two intervals."""
    return max(policy.max_quote_age_seconds, 2 * interval)
