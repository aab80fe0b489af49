"""Rows to present: 950 Yes at 58¢ with a stop at 49.3¢ and a target at 69.6¢, bid 63.4¢."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from positions.domain.policy import Policy, parse
from positions.domain.state import EMPTY
from positions.domain.views import Held
from positions.domain.window import Run
from positions.presenting.rows import Row

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HELD = Held(
    entry=Decimal("0.58"),
    shares=Decimal(950),
    bought=Decimal(950),
    opened_at=NOW - timedelta(days=2),
    tick=Decimal("0.001"),
    min_size=Decimal(5),
)
USUAL = {"stop_loss_pct": "15", "take_profit": [{"pct": "20"}]}


def policy(**fields: Any) -> Policy:
    """The usual policy with other fields; None turns one off."""
    return parse(USUAL | fields)


def row(bid: str | None = "0.634", **values: Any) -> Row:
    """A row; fields of its holding and its memory may be named directly."""
    others = [name for name in values if name not in Row.__slots__]
    held = {name: values.pop(name) for name in others if name in Held.__slots__}
    state = {name: values.pop(name) for name in others if name in type(EMPTY).__slots__}
    facts: dict[str, Any] = {
        "id": 7,
        "question": "Fed cuts in December?",
        "outcome": "Yes",
        "held": replace(HELD, **held),
        "policy": policy(),
        "state": replace(EMPTY, watched_since=HELD.opened_at, **state),
        "bid": None if bid is None else Decimal(bid),
        "bid_at": NOW,
    }
    return Row(**(facts | values))


def runs(*prices: str, step: timedelta = timedelta(minutes=10)) -> tuple[Run, ...]:
    """Runs of equal bids that end now, `step` long each."""
    start = NOW - step * len(prices)
    return tuple(
        Run(start + step * n, start + step * (n + 1), Decimal(price))
        for n, price in enumerate(prices)
    )
