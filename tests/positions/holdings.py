"""Markets and positions for tests, made through the services as everything else makes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from positions.models import Market, Position, Quote
from positions.services import position_open

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FACTS = {"payout": "1", "tick": "0.01", "min_size": "5"}


def market(name: str = "A", *, venue: str = "polymarket", **fields: Any) -> Market:
    """The market of this name with its quote row, made if it is not there; payout 1 USDC, minimum 5
    shares unless told otherwise (decimals as texts).
    """
    values = {**FACTS, "question": f"Will {name}?", **fields}
    row, made = Market.objects.get_or_create(venue=venue, key=name, outcome="Yes", defaults=values)
    row.refresh_from_db()  # texts have become Decimals
    if made:
        Quote.objects.create(market=row, payout=row.payout)
    return row


def holding(
    name: str = "A",
    *,
    policy: Mapping[str, Any] | None = None,
    shares: str = "100",
    entry: str = "0.50",
    now: datetime = NOON,
    age: float = 0,
    arm_now: bool = False,
    entry_fees: str = "0",
    **market_fields: Any,
) -> Position:
    """A position in market `name`, bought `age` seconds before `now`."""
    return position_open(
        market=market(name, **market_fields),
        entry_price=Decimal(entry),
        shares=Decimal(shares),
        entry_fees=Decimal(entry_fees),
        now=now,
        opened_at=now - timedelta(seconds=age),
        policy=policy,
        arm_now=arm_now,
    )
