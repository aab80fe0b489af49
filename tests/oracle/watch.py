"""The product over replayed books, and what it sold, to be held against the oracle's answer."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.faults.ground import Ground
from tests.oracle import oracle

POLICIES: tuple[dict[str, Any], ...] = (
    {"stop_loss_pct": "15", "take_profit": [{"pct": "20"}]},
    {"stop_loss_price": "0.30", "take_profit_price": "0.80"},
    {"trailing_stop": [{"distance_pct": "10", "activation_pct": "0"}]},
    {
        "stop_loss_pct": "40",
        "trailing_stop": [
            {"distance_pct": "20", "activation_pct": "5"},
            {"distance_pct": "8", "activation_pct": "30"},
        ],
    },
    {"take_profit_price": "0.97", "stop_loss_price": "0.02"},
)
SIZES = ("100", "2500.5")
Sold = list[tuple[Any, ...]]


def hold_all(
    ground: Ground, *, confirm: str, sizes: tuple[str, ...] = SIZES
) -> list[dict[str, Any]]:
    """Each policy in each size on every replayed token; the oracle's view of the positions."""
    held = []
    for token in ground.polymarket.venue.replay.tokens:
        for policy in POLICIES:
            for shares in sizes:
                # Spreads are a guard of their own; no rule here looks at the clock.
                rules = {**policy, "confirm_seconds": confirm, "max_spread": "1"}
                pk = ground.hand.ask("hold", reference=token, shares=shares, policy=rules)
                facts = {"token": token, "entry": "0.50", "shares": shares, "min": "5"}
                held.append({"id": pk, "policy": rules, **facts})
    return held


def sold(ground: Ground) -> Sold:
    """Every fill that the product booked: (position, rule, level, price, shares), by position and
    time. Those that sell in the same reading do so in no order of their own.
    """
    rows = ground.installation.query(
        "SELECT e.position_id, e.rule, e.level, f.price, f.shares FROM positions_fill f"
        " JOIN positions_exit e ON e.id = f.exit_id ORDER BY e.position_id, f.id"
    )
    return [(pk, rule, *map(Decimal, numbers)) for pk, rule, *numbers in rows]


def expected_of(ground: Ground, positions: list[dict[str, Any]]) -> Sold:
    """The oracle's answer to what the venue served, in the order of `sold`."""
    found = oracle.fills(ground.polymarket.served_books(), positions)
    return sorted(found, key=lambda fill: fill[0])


def load(ground: Ground, files: tuple[Path, Path]) -> int:
    """Replays these frames; how many each token has, at most."""
    ground.polymarket.load_replay(*files)
    return max(state["frames"] for state in ground.polymarket.replay_state().values())


def replayed(ground: Ground) -> bool:
    """Whether every token that is still held has shown its last frame; a sold one is not read."""
    held = ground.installation.query(
        "SELECT DISTINCT m.token FROM positions_market m"
        " JOIN positions_position p ON p.market_id = m.id WHERE p.state = 'open'"
    )
    return all(ground.polymarket.venue.replay.finished(token) for (token,) in held)
