"""A book in which every state of a row stands once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from positions.domain import quotes
from positions.domain.state import EMPTY, dump
from positions.models import Exit, Mark, Position, PricePoint, Quote
from tests.website import checked, hold, tell

NONE: dict[str, Any] = {"stop_loss_pct": None}
PATHS = {
    "up": [50, 51, 50, 52, 54, 53, 55, 57, 56, 58, 60, 62],
    "down": [62, 63, 61, 60, 61, 58, 57, 58, 55, 54, 52, 50],
    "flat": [55, 56, 55, 54, 55, 56, 57, 55, 54, 55, 56, 55],
}


def past(position: Position, path: str) -> None:
    """A day of prices that ends at the present bid."""
    quote = Quote.objects.get(market=position.market)
    assert quote.bid is not None
    shape = PATHS[path]
    now, step = timezone.now(), timedelta(hours=2)
    for number, level in enumerate(shape):
        at = now - step * (len(shape) - number)
        bid = (quote.bid * level / shape[-1]).quantize(Decimal("0.001"))
        if position.market.payout is not None:
            bid = min(bid, position.market.payout)
        PricePoint.objects.create(market=position.market, since=at, until=at + step, bid=bid)


def fill() -> dict[str, Position]:
    """The rows by what they show."""
    day = timezone.now() - timedelta(days=3)
    rows = {
        "past stop": hold(
            "fed",
            question="Fed cuts rates at the December meeting?",
            bid="0.441",
            entry="0.52",
            shares="1240",
            opened_at=day,
        ),
        "near stop": hold(
            "btc",
            question="Bitcoin above $150k on 31 December?",
            outcome="No",
            bid="0.572",
            entry="0.66",
            shares="820",
            opened_at=day,
        ),
        "near target": hold(
            "ship",
            question="Starship reaches orbit before March?",
            bid="0.684",
            entry="0.58",
            shares="600",
            opened_at=day,
        ),
        "profit": hold(
            "ohio",
            question="Will the incumbent party keep the Ohio senate seat?",
            bid="0.512",
            entry="0.447",
            shares="2100",
            opened_at=day,
        ),
        "trailing": hold(
            "cpi",
            question="US inflation (CPI YoY) 3.0% or higher in November?",
            outcome="No",
            bid="0.634",
            opened_at=day,
            policy={
                "stop_loss_pct": Decimal(15),
                "take_profit_price": Decimal("0.78"),
                "trailing_stop": [{"distance_pct": Decimal(8)}],
            },
        ),
        "muted": hold(
            "ballon",
            question="Who wins the Ballon d’Or? — Lamine Yamal",
            bid="0.402",
            entry="0.335",
            shares="400",
            opened_at=day,
        ),
        "unpriced": hold(
            "peace",
            question="Ceasefire agreement signed by year end?",
            outcome="No",
            bid="0.762",
            entry="0.74",
            shares="700",
            opened_at=day,
        ),
        "no stop": hold(
            "ipo",
            question="OpenAI announces IPO before July?",
            bid="0.149",
            entry="0.155",
            shares="520",
            opened_at=day,
            policy={"take_profit_price": Decimal("0.35")},
        ),
        "no exit": hold(
            "rain",
            question="Rainfall record in London this winter?",
            bid="0.31",
            entry="0.31",
            shares="300",
            opened_at=day,
            policy={},
        ),
        "rupees": hold(
            "kse",
            question="Will the KSE-100 close above 80,000 by month's end?",
            bid="51",
            entry="45",
            shares="200",
            currency="PKR",
            payout=Decimal(100),
            opened_at=day,
        ),
        "demo": hold(
            "oil",
            question="Will oil be above $90 by Friday?",
            bid="0.71",
            entry="0.7",
            shares="50",
            opened_at=day,
            is_demo=True,
        ),
        "unarmed": hold(
            "oscar",
            question="Best picture goes to a sequel?",
            bid="0.40",
            entry="0.55",
            shares="120",
            opened_at=day,
        ),
        "selling": hold(
            "nvda",
            question="Nvidia largest company by market cap on 31 Dec?",
            bid="0.731",
            entry="0.66",
            shares="880",
            opened_at=day,
        ),
        "waiting": hold("new", question="Will it snow in Rome this winter?", bid=None),
    }
    for name, path in zip(
        rows, ("down", "down", "up", "up", "flat", "up", "flat") * 2, strict=True
    ):
        if name != "waiting":
            past(rows[name], path)
    _states(rows)
    _closed()
    checked()
    return rows


def _states(rows: dict[str, Position]) -> None:
    now = timezone.now()
    Position.objects.filter(pk=rows["muted"].pk).update(muted_until=now + timedelta(hours=2))
    tell(rows["unpriced"], "0.762", problem=quotes.CROSSED)
    unarmed = EMPTY.__class__(unarmed=frozenset({"stop_loss"}))
    Mark.objects.filter(position=rows["unarmed"]).update(state=dump(unarmed), unarmed="stop_loss")
    Mark.objects.filter(position=rows["trailing"]).update(best=Decimal("0.65"))
    Exit.objects.create(
        position=rows["selling"],
        rule="manual",
        shares=880,
        filled=300,
        state="partial",
        problem="not enough bids at or above the floor",
        created_at=now,
    )


def _closed() -> None:
    now = timezone.now()
    ended = hold(
        "gov",
        question="Government shutdown longer than 30 days?",
        outcome="No",
        bid="0.83",
        entry="0.69",
        shares="1300",
    )
    leave = Exit.objects.create(
        position=ended,
        rule="take_profit",
        shares=1300,
        filled=1300,
        pnl=Decimal(182),
        state="filled",
        created_at=now,
        finished_at=now,
        trigger_price=Decimal("0.83"),
    )
    leave.fills.create(attempt=1, number=0, price=Decimal("0.83"), shares=1300, at=now)
    Position.objects.filter(pk=ended.pk).update(
        state="closed",
        shares=0,
        realised_pnl=Decimal(182),
        closed_at=now,
        close_reason="take_profit",
    )
