"""Booking a sale that happened without us: everything held, at one price, by hand."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from positions.domain.pnl import FillPart, realised
from positions.models import Exit, Fill, Position


def book_sale(
    position: Position,
    price: Decimal,
    *,
    reason: str,
    sold_at: datetime,
    now: datetime,
    closed_by: str,
    requested_by: str = "",
) -> Exit:
    """Writes exit, fill, profit and the closed position; inside the caller's transaction.

    `price` per share, no fees beyond the entry's. The journal entry is the caller's.
    """
    part = FillPart(price, position.shares)
    profit = realised((part,), position.entry_price, position.entry_fees / position.bought)
    exit_ = Exit.objects.create(
        position=position,
        rule="manual",
        reason=reason,
        trigger_price=price,
        shares=part.shares,
        filled=part.shares,
        pnl=profit,
        state=Exit.State.FILLED,
        attempt=1,
        requested_by=requested_by,
        created_at=sold_at,
        finished_at=now,
    )
    Fill.objects.create(
        exit=exit_, attempt=1, number=0, price=price, shares=part.shares, at=sold_at
    )
    position.shares = Decimal(0)
    position.realised_pnl += profit
    position.state, position.closed_at = Position.State.CLOSED, now
    position.close_reason = closed_by
    position.save()
    return exit_
