"""How far a price may move, and how long, before judging a position again could matter.

A pass over ten thousand positions judges only those whose market left its band; the others cost
one comparison of floats in the database. A band may be narrower than the truth, never wider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from positions.domain.momentum import momentum_part
from positions.domain.policy import HUNDRED, MomentumExit, Policy
from positions.domain.quotes import Tick
from positions.domain.state import WatchState
from positions.domain.stops import stop_level
from positions.domain.targets import fair_level, open_rungs, rung_level, sellable, target_level
from positions.domain.timing import hold_end, time_limit
from positions.domain.views import ZERO, Held, Moment, after, age_minutes, windowed
from positions.domain.window import Run, swing

MARGIN = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Band:
    """While low < bid < high, the bid is less than `drop` below the best one so far, and the time is
    before `until`, `judge` would fire nothing, tell nothing and remember nothing new but `last_bid`,
    `best` and the `trail_level` that follows from it.

    It holds for the same position, policy, market facts and memory only, and for prices of up to
    15 significant digits (floats tell those apart). None: no such bound.
    """

    low: float | None = None
    high: float | None = None
    until: datetime | None = None
    drop: float | None = None


@dataclass(slots=True)
class Bounds:
    """What the rules demand so far; a bid AT a bound may matter."""

    lows: list[Decimal] = field(default_factory=list)
    highs: list[Decimal] = field(default_factory=list)
    untils: list[datetime] = field(default_factory=list)
    drop: Decimal | None = None


def quiet_band(
    held: Held, policy: Policy, state: WatchState, tick: Tick, runs: Iterable[Run] = ()
) -> Band | None:
    """The band around the reading that was just judged; None: judge the next one whatever it is.

    `state` is the memory that `judge` returned for `tick`, `runs` what it was given. A band always
    holds the present bid and time.
    """
    if tick.bid is None or not _calm(held, state):
        return None
    moment = Moment(held, policy, state, tick.at, tick.bid, tuple(runs))
    bounds = Bounds()
    for demand in DEMANDS:
        demand(moment, bounds)
    band = _band(moment, bounds)
    return band if _holds(band, moment) else None


def _calm(held: Held, state: WatchState) -> bool:
    """Nothing stands that the next reading could end, and there is something to sell."""
    return (
        state.calm
        and state.watched_since is not None
        and state.unpriced_since is None
        and not state.paused
        and held.shares > 0
        and held.shares >= (held.min_size or 0)
    )


def _band(moment: Moment, bounds: Bounds) -> Band:
    """The tightest demands as floats, one market tick (or a millionth) on the safe side."""
    low, high = max(bounds.lows, default=None), min(bounds.highs, default=None)
    step = moment.held.tick or ZERO
    low_f = None if low is None else float(low + max(step, low * MARGIN))
    high_f = None if high is None else float(high - max(step, high * MARGIN))
    drop, best = bounds.drop, moment.state.best or ZERO
    drop_f = None if drop is None else float(drop - max(step, best * MARGIN))
    return Band(low_f, high_f, min(bounds.untils, default=None), drop_f)


def _holds(band: Band, moment: Moment) -> bool:
    bid, best = float(moment.bid or ZERO), float(moment.state.best or ZERO)
    return (
        (band.low is None or band.low < bid)
        and (band.high is None or bid < band.high)
        and (band.until is None or moment.at < band.until)
        and (band.drop is None or bid > best - band.drop)
    )


def _stops(moment: Moment, bounds: Bounds) -> None:
    """Bids at or below the hard or the soft stop."""
    policy, entry = moment.policy, moment.held.entry
    levels = [stop_level(policy, entry)]
    if policy.soft_stop_pct is not None:
        levels.append(entry * (1 - policy.soft_stop_pct / HUNDRED))
    bounds.lows += [level for level in levels if level is not None]


def _trail(moment: Moment, bounds: Bounds) -> None:
    """Bids so far below the best that they reach the trailing level; a best that arms a stage.

    A new best lifts the level by less than itself: what kept clear of the level will keep clear.
    """
    level, best, entry = moment.state.trail_level, moment.state.best, moment.held.entry
    if not moment.policy.trailing_stop or best is None:
        return
    if level is not None:
        bounds.drop = best - level
    stages = [stage for stage in moment.policy.trailing_stop if stage.activation_pct]
    arming = (entry * (1 + stage.activation_pct / HUNDRED) for stage in stages)
    bounds.highs += [price for price in arming if price >= best]


def _targets(moment: Moment, bounds: Bounds) -> None:
    """Bids at or above the target in force or the fair value; the age of the next table row."""
    policy, held = moment.policy, moment.held
    age = age_minutes(moment) if policy.by_age else ZERO
    levels = (target_level(policy, held.entry, age), fair_level(policy, held))
    bounds.highs += [level for level in levels if level is not None]
    if policy.by_age:
        later = [row for row in policy.take_profit if row.after_minutes > age]
        bounds.untils += [after(held.opened_at, row.after_minutes) for row in later]


def _ladder(moment: Moment, bounds: Bounds) -> None:
    """The lowest bid that reaches enough rungs for an order; waiting rungs begin in `_targets`."""
    held, total = moment.held, ZERO
    if not moment.policy.rungs:
        return
    age = age_minutes(moment)
    for row, part in open_rungs(moment.policy, held, moment.state):
        if row.after_minutes <= age:
            total += part
            if sellable(total, held):
                bounds.highs.append(rung_level(row, held.entry))
                return


def _times(moment: Moment, bounds: Bounds) -> None:
    """The moments from which the time rules fire."""
    for moment_of in (hold_end, time_limit):
        at = moment_of(moment.policy, moment.held)
        if at is not None:
            bounds.untils.append(at)


def _adverse(moment: Moment, bounds: Bounds) -> None:
    """Half way down to the level; and no new high that would lift the level beyond that."""
    rule, bid = moment.policy.adverse_move, moment.bid
    if rule is None or bid is None:
        return
    kept = 1 - rule.pct / HUNDRED
    low = (swing(windowed(moment, rule.window_minutes)).high * kept + bid) / 2
    bounds.lows.append(low)
    bounds.highs.append(low / kept)


def _momentum(moment: Moment, bounds: Bounds) -> None:
    """Bounds within which no path of bids can rise, fade and stand above the entry."""
    rule, bid, last = moment.policy.momentum_exit, moment.bid, moment.state.momentum_high
    if rule is None or bid is None or momentum_part(moment.held, rule) is None:
        return
    seen = swing(windowed(moment, rule.window_minutes))
    rise = 1 + rule.rise_pct / HUNDRED
    if last is not None and seen.high <= last:
        bounds.highs.append(last)  # nothing again before a new high
    elif seen.high < seen.low_all * rise:
        # No two readings of the window are a rise apart: keep all to come as near together.
        low = (seen.high / rise + seen.low_all) / 2
        bounds.lows.append(low)
        bounds.highs.append(low * rise)
    else:
        # While the high stands, the low before it can only expire, which undoes a rise.
        bounds.highs.append(seen.high)
        bounds.untils.append(after(seen.high_until, rule.window_minutes))
        if seen.low is not None and seen.high >= seen.low * rise:
            _risen(moment, rule, seen.high, bounds)


def _risen(moment: Moment, rule: MomentumExit, high: Decimal, bounds: Bounds) -> None:
    """The rise is there: it fires at or below the faded level, above the entry."""
    level, entry = high * (1 - rule.fade_pct / HUNDRED), moment.held.entry
    if level <= entry:
        return
    if moment.bid is not None and moment.bid <= entry:
        bounds.highs.append(entry)
    else:
        bounds.lows.append(level)


DEMANDS: tuple[Callable[[Moment, Bounds], None], ...] = (
    _stops,
    _trail,
    _targets,
    _ladder,
    _times,
    _adverse,
    _momentum,
)
