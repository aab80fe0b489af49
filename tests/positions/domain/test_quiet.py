"""Inside the band nothing may happen: here money could be lost without a sound."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from positions.domain.judge import Judgement, Trigger, judge
from positions.domain.policy import RULE_FIELDS, Policy
from positions.domain.quiet import Band, quiet_band
from positions.domain.quotes import Tick
from positions.domain.state import EMPTY, WatchState, sold_rungs
from positions.domain.stops import trail_level
from positions.domain.views import Held
from positions.domain.window import Run, extend
from tests.positions.domain.strategies import EDGES, HELDS, POLICIES, START, STEPS, Step, alone

BandOf = Callable[..., Band | None]
# Prices of up to 15 digits are told apart as floats; no market writes longer ones.
UPWARDS = Context(prec=15, rounding=ROUND_CEILING)
DOWNWARDS = Context(prec=15, rounding=ROUND_FLOOR)


@dataclass
class Watch:
    """The pass in small: judges a reading outside the band, only notes one inside it."""

    held: Held
    policy: Policy
    band_of: BandOf
    at: datetime = START
    bid: Decimal = Decimal("0.5")
    state: WatchState = EMPTY
    band: Band | None = None
    skipped: int = 0

    def __post_init__(self) -> None:
        self.runs: list[Run] = []

    def inside(self, bid: Decimal | None) -> bool:
        """What the database asks, in floats."""
        band = self.band
        if band is None or bid is None:
            return False
        return (
            (band.low is None or band.low < float(bid))
            and (band.high is None or float(bid) < band.high)
            and (band.until is None or self.at < band.until)
            and (band.drop is None or float(bid) > float(self.state.best or 0) - band.drop)
        )

    def read(self, step: Step) -> str:
        """Takes one reading; says what a skipped judgement would have done."""
        self.at += timedelta(seconds=step.seconds)
        bid = self.place(step)
        tick = Tick(self.at, bid, None if bid is None else bid + Decimal("0.01"))
        judgement = judge(self.held, self.policy, self.state, tick, runs=tuple(self.runs))
        wrong = ""
        if self.inside(bid):
            wrong = self.note(judgement, bid)
        else:
            self.take(judgement, tick)
        if bid is not None:
            extend(self.runs, self.at, bid)
        return wrong

    def place(self, step: Step) -> Decimal | None:
        """The step's bid; an edge stands one float inside the band, at its last moment."""
        if not step.edge and step.mils is None:
            return None
        self.bid = min(max(self.bid + Decimal(step.mils or 0) / 1000, Decimal("0.001")), Decimal(1))
        band = self.band or Band()
        if "until" in step.edge and band.until is not None:
            self.at = max(self.at, band.until - timedelta(microseconds=1))
        if "low" in step.edge:
            dropped = [] if band.drop is None else [float(self.state.best or 0) - band.drop]
            lows = dropped if band.low is None else [*dropped, band.low]
            if lows:
                self.bid = UPWARDS.create_decimal(math.nextafter(max(lows), 2))
        if "high" in step.edge and band.high is not None:
            self.bid = DOWNWARDS.create_decimal(math.nextafter(band.high, 0))
        return self.bid

    def note(self, judgement: Judgement, bid: Decimal | None) -> str:
        """Inside: only last_bid and best move, and what follows from the best when it is judged."""
        self.skipped += 1
        best = max(one for one in (bid, self.state.best) if one is not None)
        self.state = replace(self.state, best=best, last_bid=bid)
        level = trail_level(self.policy, self.held.entry, self.state)
        if judgement.trigger or judgement.notices or judgement.confirming:
            return f"skipped {judgement}"
        same = judgement.state == replace(self.state, trail_level=level)
        return "" if same else f"skipped {judgement.state}"

    def take(self, judgement: Judgement, tick: Tick) -> None:
        """Outside: the judgement counts; parts are sold at once."""
        self.state = judgement.state
        if judgement.trigger and judgement.trigger.decision == "exit":
            self.sell(judgement.trigger)
        self.band = self.band_of(self.held, self.policy, self.state, tick, tuple(self.runs))

    def sell(self, trigger: Trigger) -> None:
        if trigger.shares >= self.held.shares:
            return  # nobody buys: the position stays, the trigger stands
        self.held = replace(self.held, shares=self.held.shares - trigger.shares)
        self.state = sold_rungs(self.state, dict(trigger.parts), trigger.shares)
        if trigger.high is not None:
            self.state = replace(self.state, momentum_high=trigger.high)


Path = list[Step]
PATHS = st.lists(st.one_of(STEPS, EDGES, EDGES), min_size=2, max_size=25)
SCENES = st.tuples(HELDS, POLICIES, PATHS)


def violation(scene: tuple[Held, Policy, Path], band_of: BandOf = quiet_band) -> str:
    """The first thing that a band hid; empty when it hid nothing."""
    held, policy, path = scene
    watch = Watch(held, policy, band_of)
    return next((wrong for step in path if (wrong := watch.read(step))), "")


@given(SCENES)
@settings(max_examples=1000)
def test_quiet_band_hides_nothing(scene: tuple[Held, Policy, Path]) -> None:
    assert violation(scene) == ""


@pytest.mark.parametrize("field", RULE_FIELDS)
@given(data=st.data())
def test_quiet_band_hides_nothing_of_a_rule_alone(field: str, data: st.DataObject) -> None:
    scene = (data.draw(HELDS), data.draw(alone(field)), data.draw(PATHS))
    assert violation(scene) == ""


def widened(**change: Any) -> BandOf:
    def band_of(*args: Any) -> Band | None:
        band = quiet_band(*args)
        return None if band is None else replace(band, **change)

    return band_of


@pytest.mark.parametrize("bound", ["low", "high", "until", "drop"])
def test_quiet_band_without_a_bound_is_caught(bound: str) -> None:
    broken = widened(**{bound: None})
    scene = find(SCENES, lambda scene: bool(violation(scene, broken)))
    assert violation(scene) == ""
