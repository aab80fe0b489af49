"""Rules that fire when the bid has fallen: hard, trailing and soft stop, adverse move."""

from __future__ import annotations

from decimal import Decimal

from positions.domain.policy import HUNDRED, Policy
from positions.domain.state import WatchState
from positions.domain.views import Moment, View, floor_view, windowed
from positions.domain.window import swing


def stop_level(policy: Policy, entry: Decimal) -> Decimal | None:
    """Static stop: of percent below the entry and absolute price the higher counts."""
    levels = []
    if policy.stop_loss_pct is not None:
        levels.append(entry * (1 - policy.stop_loss_pct / HUNDRED))
    if policy.stop_loss_price is not None:
        levels.append(policy.stop_loss_price)
    return max(levels, default=None)


def trail_level(policy: Policy, entry: Decimal, state: WatchState) -> Decimal | None:
    """Trailing level for the best bid so far; never below the level once reached."""
    if state.best is None or not policy.trailing_stop:
        return None
    profit = (state.best / entry - 1) * HUNDRED
    armed = [
        stage.distance_pct
        for stage in policy.trailing_stop
        if stage.activation_pct == 0 or profit > stage.activation_pct
    ]
    if not armed:
        return state.trail_level
    level = state.best * (1 - min(armed) / HUNDRED)
    return level if state.trail_level is None else max(level, state.trail_level)


def stop_loss(moment: Moment) -> View | None:
    """Hard stop: bid <= level."""
    level = stop_level(moment.policy, moment.held.entry)
    return None if level is None else floor_view("stop_loss", moment, level)


def trailing_stop(moment: Moment) -> View | None:
    """Trailing stop: bid <= level; counts only above the static stop."""
    level = trail_level(moment.policy, moment.held.entry, moment.state)
    static = stop_level(moment.policy, moment.held.entry)
    if level is None or (static is not None and level <= static):
        return None
    return floor_view("trailing_stop", moment, level)


def soft_stop(moment: Moment) -> View | None:
    """Asks when bid <= entry less `soft_stop_pct`."""
    pct = moment.policy.soft_stop_pct
    if pct is None:
        return None
    return floor_view("soft_stop", moment, moment.held.entry * (1 - pct / HUNDRED))


def adverse_move(moment: Moment) -> View | None:
    """Asks when the bid fell `pct` from the window's high."""
    rule = moment.policy.adverse_move
    if rule is None or moment.bid is None:
        return None
    seen = swing(windowed(moment, rule.window_minutes))
    return floor_view("adverse_move", moment, seen.high * (1 - rule.pct / HUNDRED))
