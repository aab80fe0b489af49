"""Fees, proceeds and profit, exact until the one rounding at the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

FEE_STEP = Decimal("0.00001")
SHARE_STEP = Decimal("0.01")
# Digits after the point of a currency's smallest unit in use; two where nothing else is known.
CURRENCY_DIGITS = {"USDC": 2, "USD": 2, "PKR": 2, "EUR": 2, "JPY": 0}


@dataclass(frozen=True, slots=True)
class FillPart:
    """`shares` sold at `price` each; `fee` in currency, already rounded as the venue rounds it."""

    price: Decimal
    shares: Decimal
    fee: Decimal = Decimal(0)


def fee(
    shares: Decimal, price: Decimal, rate: Decimal, exponent: int, payout: Decimal | None
) -> Decimal:
    """Taker fee of one price level in currency: `shares x rate x (p(1-p))^exponent x payout`.

    Polymarket's published curve, p being the price as a part of the payout, rounded to 5 digits
    and at least 0.00001 where there is a fee at all. Plain instruments (no payout) have no curve:
    `rate` of the notional.
    """
    if rate <= 0 or shares <= 0:
        return Decimal(0)
    if payout is None:
        raw = shares * price * rate
    else:
        part = price / payout
        raw = shares * rate * (part * (1 - part)) ** exponent * payout
    if raw <= 0:
        return Decimal(0)
    return max(raw.quantize(FEE_STEP, rounding=ROUND_HALF_EVEN), FEE_STEP)


def proceeds(fills: Iterable[FillPart]) -> Decimal:
    """What the fills brought in, net of their fees."""
    return sum((part.price * part.shares - part.fee for part in fills), Decimal(0))


def realised(
    fills: Iterable[FillPart], entry_price: Decimal, entry_fee_per_share: Decimal
) -> Decimal:
    """Profit of the fills net of exit fees and of their share of the entry fee; not rounded."""
    parts = tuple(fills)
    sold = sum((part.shares for part in parts), Decimal(0))
    return proceeds(parts) - sold * (entry_price + entry_fee_per_share)


def money(amount: Decimal, currency: str) -> Decimal:
    """`amount` rounded once, half-even, to the currency's digits."""
    digits = CURRENCY_DIGITS.get(currency, 2)
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN) + 0  # no "-0.00"


def money_json(amount: Decimal, currency: str) -> str:
    """Money as JSON shows it: `-97.96`, with all the currency's digits."""
    return format(money(amount, currency), "f")


def floor_shares(shares: Decimal) -> Decimal:
    """Sizes are rounded down to two decimals: a venue refuses what we do not hold."""
    return shares.quantize(SHARE_STEP, rounding=ROUND_DOWN)


def plain(value: Decimal) -> str:
    """Plain notation, as JSON and the database want it: `100`, never `1E+2`; no trailing zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
