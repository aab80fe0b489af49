"""All exit rules in the contract's order. Sources: CONTRACT "Exit policy", `exit_cases.json`."""

from __future__ import annotations

from collections.abc import Callable

from positions.domain.momentum import momentum_exit
from positions.domain.stops import adverse_move, soft_stop, stop_loss, trailing_stop
from positions.domain.targets import fair_value, take_profit
from positions.domain.timing import time_exit
from positions.domain.views import Moment, View

Rule = Callable[[Moment], View | None]
# The contract's order within one tick; `manual` stands before all and is not judged here.
MECHANICAL: tuple[Rule, ...] = (
    stop_loss,
    take_profit,
    trailing_stop,
    time_exit,
    fair_value,
    momentum_exit,
)
ASKING: tuple[Rule, ...] = (soft_stop, adverse_move)
