"""A large quiet book on Polymarket's markets, made with few statements."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from positions.domain.state import WatchState, dump
from positions.models import ExitPolicy, Mark, Market, Position, Quote, Strategy

RULES = {"stop_loss_pct": "40", "take_profit": [{"pct": "80"}]}


def fill(markets: Sequence[Sequence[str]], positions: int) -> int:
    """`markets`: (condition id, token, question); so many positions at 50 cents spread over them."""
    now = timezone.now()
    rows = Market.objects.bulk_create(
        Market(
            venue="polymarket",
            key=key,
            outcome="Yes",
            outcome_index=0,
            token=token,
            question=question,
            payout=Decimal(1),
            tick=Decimal("0.01"),
            min_size=Decimal(5),
            ends_at=now + timedelta(days=30),
        )
        for key, token, question in markets
    )
    Quote.objects.bulk_create(Quote(market=row, payout=row.payout) for row in rows)
    strategy = Strategy.objects.create(name="quiet")
    ExitPolicy.objects.create(strategy=strategy, document=json.dumps(RULES))
    held = Position.objects.bulk_create(
        Position(
            market=rows[number % len(rows)],
            strategy=strategy,
            entry_price=Decimal("0.50"),
            shares=Decimal(100),
            bought=Decimal(100),
            opened_at=now,
        )
        for number in range(positions)
    )
    state = dump(WatchState(watched_since=now))
    Mark.objects.bulk_create(Mark(position=row, state=state) for row in held)
    return len(held)
