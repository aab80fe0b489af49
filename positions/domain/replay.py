"""The rules over a recorded series: CONTRACT "Replay". `judge` decides here as in a pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from positions.domain.book import Book, Level
from positions.domain.judge import judge
from positions.domain.judgement import Trigger
from positions.domain.pnl import FillPart, fee, floor_shares, money_json, plain, realised
from positions.domain.policy import Policy
from positions.domain.quotes import Tick, tick_of
from positions.domain.series import Point, Series, SeriesError, stamp
from positions.domain.state import EMPTY, WatchState, sold_rungs
from positions.domain.stops import stop_level
from positions.domain.targets import take_profit
from positions.domain.views import ONE, ZERO, Held, Moment
from positions.domain.window import Run, extend, forget
from positions.domain.wording import Sentence, gettext_noop

ENDLESS = Decimal("Infinity")
ABOVE_PAYOUT = gettext_noop("the price %(price)s is above the payout of %(payout)s")


@dataclass(frozen=True, slots=True)
class Sale:
    """One exit or part of one, filled at its tick's bid."""

    tick: int
    trigger: Trigger
    at: datetime
    fill: FillPart
    pnl: Decimal


@dataclass(frozen=True, slots=True)
class Judged:
    """How a judged reading left the position: its bid, and the next stop and target."""

    at: datetime
    bid: Decimal | None
    stop: Decimal | None
    target: Decimal | None


@dataclass(slots=True)
class Replay:
    """A series played to its end or until nothing is left. `held` is the position as it began."""

    series: Series
    policy: Policy
    held: Held
    sales: list[Sale] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)

    @property
    def open_shares(self) -> Decimal:
        """Shares nobody sold."""
        return self.held.shares - sum((sale.fill.shares for sale in self.sales), ZERO)

    @property
    def realised_pnl(self) -> Decimal:
        """Profit of all sales net of fees, not rounded."""
        return sum((sale.pnl for sale in self.sales), ZERO)

    @property
    def bids(self) -> list[Decimal]:
        """Usable bids of the judged readings."""
        return [row.bid for row in self.judged if row.bid is not None]


def replay(
    series: Series,
    policy: Policy,
    held: Held,
    *,
    fee_rate: Decimal = ZERO,
    fee_exponent: int = 1,
) -> Replay:
    """Plays the series; the entry is at the first point, which is judged too.

    The confirmation is the policy's own and none where it states none. `fee_rate` is taken from
    each sale (`pnl.fee`); the entry's fee is unknown, hence none. Raises SeriesError for a price
    above the payout.
    """
    if "confirm_seconds" not in policy.stated:
        policy = replace(policy, confirm_seconds=ZERO)
    result = Replay(series, policy, held)
    player = _Player(held, policy)
    for index, point in enumerate(series.points):
        tick = _tick(point, held)
        trigger = player.read(tick)
        if trigger is not None and tick.bid is not None:
            shares = player.sell(trigger)
            cost = fee(shares, tick.bid, fee_rate, fee_exponent, held.payout)
            fill = FillPart(tick.bid, shares, cost)
            pnl = realised((fill,), held.entry, ZERO)
            result.sales.append(Sale(index, trigger, point.at, fill, pnl))
        result.judged.append(player.judged(tick))
        if floor_shares(player.held.shares) <= 0:
            break
    return result


def _tick(point: Point, held: Held) -> Tick:
    """A point with the guards of any reading: crossed, ghost, no bid."""
    prices = [price for price in (point.bid, point.ask) if price is not None]
    if held.payout is not None and prices and max(prices) > held.payout:
        texts = {"price": plain(max(prices)), "payout": plain(held.payout)}
        raise SeriesError(point.place(Sentence(ABOVE_PAYOUT, texts)))
    bids = () if point.bid is None else (Level(point.bid, ENDLESS),)
    asks = () if point.ask is None else (Level(point.ask, ENDLESS),)
    return tick_of(Book(point.at, bids, asks), held.shares, held.min_size, held.payout)


@dataclass(slots=True)
class _Player:
    """The position as it goes through the series."""

    held: Held
    policy: Policy
    state: WatchState = EMPTY
    runs: list[Run] = field(default_factory=list)
    latched: Trigger | None = None

    def read(self, tick: Tick) -> Trigger | None:
        """What sells at this reading: a latched exit that found no price before goes first."""
        judgement = judge(self.held, self.policy, self.state, tick, runs=self.runs)
        self.state = judgement.state
        if tick.bid is not None and self.policy.window_minutes is not None:
            extend(self.runs, tick.at, tick.bid)
            forget(self.runs, tick.at - timedelta(minutes=float(self.policy.window_minutes)))
        trigger = self.latched or judgement.trigger
        if trigger is None or trigger.decision == "ask":
            return None
        self.latched = trigger if trigger.latched and tick.bid is None else None
        return trigger

    def sell(self, trigger: Trigger) -> Decimal:
        """Shares sold; the rest goes on under the same rules."""
        shares = floor_shares(min(trigger.shares, self.held.shares))
        self.held = replace(self.held, shares=self.held.shares - shares)
        self.state = sold_rungs(self.state, dict(trigger.parts), shares)
        if trigger.high is not None:
            self.state = replace(self.state, momentum_high=trigger.high)
        return shares

    def judged(self, tick: Tick) -> Judged:
        """The levels after this reading, for the chart."""
        moment = Moment(self.held, self.policy, self.state, tick.at, tick.bid)
        static = stop_level(self.policy, self.held.entry)
        stops = [level for level in (static, self.state.trail_level) if level is not None]
        view = take_profit(moment)
        target = None if view is None else view.level
        return Judged(tick.at, tick.bid, max(stops, default=None), target)


def document(result: Replay) -> dict[str, Any]:
    """The contract's JSON document."""
    held, bids = result.held, result.bids
    return {
        "source": result.series.source,
        "ticks": len(result.series.points),
        "entry_price": format(held.entry, "f"),
        "entry_time": stamp(held.opened_at),
        "exits": list(_exits(result)),
        "open_shares": plain(result.open_shares),
        "realised_pnl": money_json(result.realised_pnl, held.currency),
        "best_bid": format(max(bids), "f") if bids else None,
        "worst_bid": format(min(bids), "f") if bids else None,
    }


def _exits(result: Replay) -> Iterator[dict[str, Any]]:
    for sale in result.sales:
        level = sale.trigger.level
        yield {
            "tick": sale.tick,
            "time": stamp(sale.at),
            "rule": sale.trigger.rule,
            "level": None if level is None else plain(level),
            "price": format(sale.fill.price, "f"),
            "shares": plain(sale.fill.shares),
            "pnl": money_json(sale.pnl, result.held.currency),
            "reason": str(sale.trigger.sentence),
        }


def position(
    series: Series,
    entry: Decimal,
    *,
    shares: Decimal = Decimal(100),
    ends_at: datetime | None = None,
    payout: Decimal | None = ONE,
    currency: str = "USDC",
) -> Held:
    """A position entered at the series' first point."""
    return Held(entry, shares, shares, series.points[0].at, payout, currency, ends_at=ends_at)
