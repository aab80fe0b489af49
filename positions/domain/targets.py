"""Rules that fire when the bid has risen: target table, ladder, absolute target, fair value."""

from __future__ import annotations

from decimal import Decimal

from positions.domain.pnl import floor_shares
from positions.domain.policy import HUNDRED, Policy, ProfitRow
from positions.domain.state import WatchState
from positions.domain.views import ZERO, Held, Moment, View, age_minutes, say_target, target_view


def full_row(policy: Policy, age: Decimal) -> ProfitRow | None:
    """The 100 % row in force: the highest `after_minutes` that the age has reached."""
    return next((row for row in policy.full_rows if row.after_minutes <= age), None)


def target_level(policy: Policy, entry: Decimal, age: Decimal) -> Decimal | None:
    """Price at which everything is sold: the lower of the table's level and the absolute one."""
    row, price = full_row(policy, age), policy.take_profit_price
    if row is None:
        return price
    level = rung_level(row, entry)
    return level if price is None else min(level, price)


def take_profit(moment: Moment) -> View | None:
    """Everything at the table's level, or the ladder rungs reached and not yet sold, as one exit."""
    age = age_minutes(moment) if moment.policy.by_age else ZERO
    level = target_level(moment.policy, moment.held.entry, age)
    full = None
    if level is not None:
        full = target_view("take_profit", moment, level, moment.held.shares)
        if full.hit:
            return full
    ladder = _ladder(moment, age) if moment.policy.rungs else None
    if ladder is None or (full is not None and not ladder.hit and _nearer(full, ladder)):
        return full
    return ladder


def _nearer(one: View, other: View) -> bool:
    return one.distance is not None and other.distance is not None and one.distance < other.distance


def rung_level(row: ProfitRow, entry: Decimal) -> Decimal:
    """Price of a row."""
    return entry * (1 + row.pct / HUNDRED)


def open_rungs(
    policy: Policy, held: Held, state: WatchState
) -> tuple[tuple[ProfitRow, Decimal], ...]:
    """Rungs that still have shares to sell, with how many, lowest level first."""
    parts = (
        (row, held.bought * row.sell_pct / HUNDRED - state.sold(row.key)) for row in policy.rungs
    )
    return tuple((row, part) for row, part in parts if part > 0)


def sellable(shares: Decimal, held: Held) -> Decimal | None:
    """What of `shares` an order can sell now; None when it is below the market's minimum."""
    size = floor_shares(min(shares, held.shares))
    return size if size > 0 and size >= (held.min_size or 0) else None


def _ladder(moment: Moment, age: Decimal) -> View | None:
    held = moment.held
    rungs = [
        (row, part)
        for row, part in open_rungs(moment.policy, held, moment.state)
        if row.after_minutes <= age
    ]
    if not rungs:
        return None
    reached = [
        (row, part)
        for row, part in rungs
        if moment.bid is not None and moment.bid >= rung_level(row, held.entry)
    ]
    shares = sellable(sum((part for _, part in reached), ZERO), held)
    if shares is not None:
        top = max(rung_level(row, held.entry) for row, _ in reached)
        parts = tuple((row.key, part) for row, part in reached)
        distance = None if moment.bid is None else top - moment.bid
        return View("take_profit", True, top, distance, moment, say_target, shares, top, parts)
    waiting = [row for row, part in rungs if (row, part) not in reached]
    if not waiting:
        return None
    level = min(rung_level(row, held.entry) for row in waiting)
    return target_view("take_profit", moment, level, ZERO)


def fair_level(policy: Policy, held: Held) -> Decimal | None:
    """Own probability of the held outcome x payout; None where it is not known."""
    value = held.probability if policy.fair_value == "thesis" else policy.fair_value
    if not isinstance(value, Decimal) or held.payout is None:
        return None
    return value * held.payout


def fair_value(moment: Moment) -> View | None:
    """The market pays what we think it is worth: the edge is gone."""
    level = fair_level(moment.policy, moment.held)
    if level is None:
        return None
    return target_view("fair_value", moment, level, moment.held.shares)
