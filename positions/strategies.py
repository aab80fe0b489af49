"""The strategies that ship: names from the course, exit policies that guard from the first minute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from positions.domain.policy import dumps

THETA_SNIPER, VOL_HARVESTER = "theta_sniper", "vol_harvester"


@dataclass(frozen=True)
class Shipped:
    """A strategy as it comes with the product; `policy` is the contract's JSON."""

    name: str
    description: str
    policy: dict[str, Any]


STOP_AND_TARGET = {
    "stop_loss_pct": "15",
    "take_profit": [{"after_minutes": "0", "pct": "20", "sell_pct": "100"}],
}
FAST_RISE = {"window_minutes": "60", "rise_pct": "12", "fade_pct": "3", "sell_pct": "50"}

SHIPPED = (
    Shipped(
        THETA_SNIPER,
        "Buys what time makes worth more. Out 15 % below the entry or 20 % above it.",
        STOP_AND_TARGET,
    ),
    Shipped(
        VOL_HARVESTER,
        "Buys what moves. As theta_sniper, and books half of a rise of 12 % within an hour"
        " once 3 % of it are gone again.",
        {**STOP_AND_TARGET, "momentum_exit": FAST_RISE},
    ),
)


def ensure_shipped(strategies: Any = None, policies: Any = None) -> None:
    """Makes the shipped strategies that are missing; one that a user changed stays as it is.

    A migration passes its historical models; without them the present ones are used.
    """
    if strategies is None or policies is None:
        from positions.models import ExitPolicy, Strategy

        strategies, policies = Strategy, ExitPolicy
    for shipped in SHIPPED:
        row, made = strategies.objects.get_or_create(
            name=shipped.name, defaults={"description": shipped.description}
        )
        if made:
            policies.objects.create(strategy=row, document=dumps(shipped.policy))
