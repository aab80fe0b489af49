"""A reading without a usable price: nothing fires but time, and somebody hears of it in time."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from positions.domain.judgement import Judgement, Notice, Trigger, trigger_of
from positions.domain.policy import Policy
from positions.domain.quotes import Tick
from positions.domain.state import WatchState, changed, not_ahead
from positions.domain.stops import stop_level, trail_level
from positions.domain.timing import time_exit
from positions.domain.views import Held, Moment
from positions.domain.wording import Sentence, gettext_noop

NEAR_STOP = Decimal("1.05")
TELL_AFTER = Decimal(120)

UNPRICED = gettext_noop("no usable price: %(problem)s")
PRICED = gettext_noop("usable price again: %(bid)s")


def unpriced(
    held: Held, policy: Policy, state: WatchState, tick: Tick, interval: Decimal
) -> Judgement:
    """No price rule fires and no memory of prices changes; time still runs.

    It is told after the smaller of three intervals (seconds) and 120 s, at once near a stop.
    """
    since = not_ahead(state.unpriced_since, tick.at)
    tell_at = since + tell_after(interval)
    tells = not state.unpriced_told and (tick.at >= tell_at or near_stop(held, policy, state))
    told = state.unpriced_told or tells
    sentence = Sentence(UNPRICED, {"problem": tick.problem})
    return Judgement(
        changed(state, unpriced_since=since, problem=tick.problem, unpriced_told=told),
        _time_trigger(held, policy, state, tick),
        (Notice("unpriced", "high", "", sentence),) if tells else (),
        wake_at=None if told else tell_at,
    )


def tell_after(interval: Decimal) -> timedelta:
    """How long a silence may last untold; `interval` in seconds."""
    return timedelta(seconds=float(min(3 * interval, TELL_AFTER)))


def priced(held: Held, bid: Decimal) -> Notice:
    """The end of a silence that was told."""
    return Notice("priced", "medium", "", Sentence(PRICED, {"bid": bid}, held.price))


def _time_trigger(held: Held, policy: Policy, state: WatchState, tick: Tick) -> Trigger | None:
    """The time rules need no price; before the first usable one nobody knows what is armed."""
    view = time_exit(Moment(held, policy, state, tick.at, None))
    if view is None or not view.hit or state.watched_since is None or view.rule in state.unarmed:
        return None
    return trigger_of(view, "exit")


def near_stop(held: Held, policy: Policy, state: WatchState) -> bool:
    """Whether the last good bid was within 5 % of a stop: then silence is told at once."""
    bid = state.last_bid
    levels = [stop_level(policy, held.entry), trail_level(policy, held.entry, state)]
    return bid is not None and any(level and bid <= level * NEAR_STOP for level in levels)
