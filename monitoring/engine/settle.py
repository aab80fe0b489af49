"""Markets that closed or resolved: settle by the payout, which is never a stop or a profit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from positions import exits, journal
from positions.models import Exit, JournalEntry, Market, Position
from positions.venues.base import MarketStatus


def apply_statuses(statuses: Mapping[int, MarketStatus], *, now: datetime) -> list[Exit]:
    """Stores market states and settles the open positions of resolved ones; in the caller's
    transaction. A position whose order may still be out waits until that is known.

    Returns the exits that settled them.
    """
    entries: list[JournalEntry] = []
    settled: list[Exit] = []
    markets = Market.objects.in_bulk(statuses.keys())
    for pk, market in markets.items():
        status = statuses[pk]
        market.state, market.status_at = status.state, now
        if status.state == "resolved" and status.settle_price is not None:
            market.settle_price = status.settle_price
        market.save(update_fields=["state", "status_at", "settle_price"])
    for position in _resolved_positions():
        price = position.market.settle_price
        if price is not None:
            exit_, told = exits.settle(position, price, now=now)
            settled.append(exit_)
            entries += told
    journal.append_all(entries)
    return settled


def _resolved_positions() -> list[Position]:
    rows = Position.objects.select_related("market").filter(
        state=Position.State.OPEN,
        # By market: a join would walk all open positions.
        market__in=Market.objects.filter(state=Market.State.RESOLVED),
    )
    return list(rows.exclude(exits__state=Exit.State.WORKING))
