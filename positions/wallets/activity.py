"""What a wallet's activity says about one holding. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

# The venue rounds sizes to four digits and takes fees in shares: so much may be missing of a sale.
TOLERANCE = Decimal("0.98")


class Event(Protocol):
    """A row of the wallet's activity; `token` or `condition_id` may be empty."""

    @property
    def kind(self) -> str: ...
    @property
    def side(self) -> str: ...
    @property
    def token(self) -> str: ...
    @property
    def condition_id(self) -> str: ...
    @property
    def shares(self) -> Decimal | None: ...
    @property
    def price(self) -> Decimal | None: ...
    @property
    def at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Departure:
    """How a holding left: `kind` "sold", "redeemed" or "moved"; `price` a share on average, None
    where the activity names none.
    """

    kind: str
    price: Decimal | None
    at: datetime


def first_bought_at(events: Iterable[Event], token: str) -> datetime | None:
    """When the wallet first bought this token, as far as its activity goes back."""
    times = [event.at for event in events if event.token == token and event.side == "BUY"]
    return min(times, default=None)


def departure(
    events: Iterable[Event], token: str, condition: str, shares: Decimal, since: datetime
) -> Departure | None:
    """How all `shares` of the token left after `since`; None when the activity does not show it.

    A redemption names the market only, so it counts for both outcomes; so may merges and moves.
    """
    ours = [
        event
        for event in events
        if event.at >= since and (event.token == token or _of_market(event, condition))
    ]
    for kind in ("REDEEM", "MERGE", "CONVERSION", "MIGRATION"):
        gone = [event for event in ours if event.kind == kind]
        if gone:
            at = max(event.at for event in gone)
            return Departure("redeemed" if kind == "REDEEM" else "moved", None, at)
    sales = [event for event in ours if event.side == "SELL" and event.token == token]
    sold = sum((event.shares or Decimal(0) for event in sales), Decimal(0))
    if not sales or sold < shares * TOLERANCE:
        return None
    return Departure("sold", _average(sales), max(event.at for event in sales))


def _of_market(event: Event, condition: str) -> bool:
    return not event.token and bool(condition) and event.condition_id == condition


def _average(sales: Sequence[Event]) -> Decimal | None:
    priced = [(event.price, event.shares) for event in sales if event.price and event.shares]
    sold = sum((shares for _price, shares in priced), Decimal(0))
    if not sold:
        return None
    return sum((price * shares for price, shares in priced), Decimal(0)) / sold
