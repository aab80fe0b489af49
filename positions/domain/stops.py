"""Rules that fire when the bid has fallen: hard, trailing and soft stop, adverse move."""

from __future__ import annotations

from decimal import Decimal

from positions.domain.policy import HUNDRED, Policy
from positions.domain.state import WatchState
from positions.domain.views import Moment, View, floor_view, windowed
from positions.domain.window import swing


def stop_level(policy: Policy, entry: Decimal) -> Decimal | None:
    """Static stop: of percent below the entry and absolute price the higher counts."""
    pct, price = policy.stop_loss_pct, policy.stop_loss_price
    if pct is None:
        return price
    level = entry * (1 - pct / HUNDRED)
    return level if price is None else max(level, price)


def trail_level(policy: Policy, entry: Decimal, state: WatchState) -> Decimal | None:
    """Trailing level for the best bid so far; never below the level once reached."""
    return None if state.best is None else raised(policy, entry, state.best, state.trail_level)


def raised(policy: Policy, entry: Decimal, best: Decimal, before: Decimal | None) -> Decimal | None:
    """Trailing level for a best bid, at least `before`; None without a trailing stop."""
    armed = [
        stage.distance_pct
        for stage in policy.trailing_stop
        if not stage.activation_pct or best > entry * (1 + stage.activation_pct / HUNDRED)
    ]
    if not armed:
        return before if policy.trailing_stop else None
    level = best * (1 - min(armed) / HUNDRED)
    return level if before is None or level > before else before


def armed_levels(policy: Policy, entry: Decimal, state: WatchState) -> list[Decimal]:
    """Levels of the hard and the trailing stop as far as they are set and armed."""
    levels = {
        "stop_loss": stop_level(policy, entry),
        "trailing_stop": trail_level(policy, entry, state),
    }
    return [
        level for rule, level in levels.items() if level is not None and rule not in state.unarmed
    ]


def stop_loss(moment: Moment) -> View | None:
    """Hard stop: bid <= level."""
    level = stop_level(moment.policy, moment.held.entry)
    return None if level is None else floor_view("stop_loss", moment, level)


def trailing_stop(moment: Moment) -> View | None:
    """Trailing stop: bid <= level; counts only above the static stop."""
    policy, state, entry = moment.policy, moment.state, moment.held.entry
    if not policy.trailing_stop:
        return None
    # The judged memory holds the level; just after an edit of the rule it does not yet.
    level = state.trail_level or trail_level(policy, entry, state)
    static = stop_level(policy, entry)
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
