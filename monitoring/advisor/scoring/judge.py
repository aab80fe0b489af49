"""Whether one decision was right. Pure; prices a share in the market's currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

TOLERANCE = Decimal("0.01")  # of the payout: a cent of a dollar is noise, not a mistake
SELLING = frozenset({"sell", "reduce"})


@dataclass(frozen=True, slots=True)
class Taken:
    """A decision as far as its score goes: `bid` when it was made, `net` what a share brought or
    would have brought then after fees, `payout` None for an instrument that pays nothing out.
    """

    verdict: str
    bid: Decimal
    net: Decimal
    payout: Decimal | None


@dataclass(frozen=True, slots=True)
class Judged:
    """`regret`: what the other choice would have brought more a share, never below zero."""

    right: bool
    regret: Decimal


def judge(taken: Taken, later: Decimal) -> Judged:
    """Holds a decision against the bid of a later time, or against the settlement.

    SELL, and REDUCE for what it sold, was right where the price then is no higher than what the
    sale brought; HOLD where it has not fallen by more than the tolerance.
    """
    return sold(taken, later) if taken.verdict in SELLING else held(taken, later)


def sold(taken: Taken, later: Decimal) -> Judged:
    """As if it had been sold, whatever the verdict was."""
    return Judged(later <= taken.net, max(Decimal(0), later - taken.net))


def held(taken: Taken, later: Decimal) -> Judged:
    """As if it had been held, whatever the verdict was."""
    base = taken.bid if taken.payout is None else taken.payout
    right = later >= taken.bid - TOLERANCE * base
    return Judged(right, max(Decimal(0), taken.net - later))


def cents(taken: Taken, regret: Decimal) -> Decimal:
    """A regret in hundredths of the payout, so that markets of all currencies can be added up; of
    the price where nothing is paid out.
    """
    return regret * 100 / (taken.bid if taken.payout is None else taken.payout)
