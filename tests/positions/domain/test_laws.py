"""Laws of the rules, held over random policies, positions and price paths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from positions.domain.judge import Judgement, Trigger, judge
from positions.domain.pnl import floor_shares
from positions.domain.policy import HUNDRED, Policy
from positions.domain.quotes import Tick
from positions.domain.rules import ASKING, MECHANICAL
from positions.domain.state import EMPTY, WatchState, dump, load, sold_rungs
from positions.domain.stops import stop_level
from positions.domain.views import Held, Moment
from positions.domain.window import Run, extend
from tests.positions.domain.strategies import HELDS, POLICIES, START, STEPS, Step

PATHS = st.lists(STEPS, min_size=1, max_size=30)
ASKS = st.sampled_from([Decimal("0.01"), Decimal("0.2"), None])


def ticks(path: Iterable[Step], spread: Decimal | None = None) -> list[Tick]:
    """The path's readings, from 50 cents on."""
    at, bid, found = START, Decimal("0.5"), []
    for step in path:
        at += timedelta(seconds=step.seconds)
        if step.mils is None:
            found.append(Tick(at, None, None, "no bid"))
            continue
        bid = min(max(bid + Decimal(step.mils) / 1000, Decimal("0.001")), Decimal(1))
        found.append(Tick(at, bid, None if spread is None else bid + spread))
    return found


@dataclass
class Watch:
    """Judges reading after reading; `part` of what fires is bought."""

    held: Held
    policy: Policy
    part: Decimal = Decimal(1)
    state: WatchState = EMPTY
    runs: list[Run] = field(default_factory=list)
    sold: Decimal = Decimal(0)

    def read(self, tick: Tick) -> Judgement:
        judgement = judge(self.held, self.policy, self.state, tick, runs=tuple(self.runs))
        self.state = judgement.state
        if tick.bid is not None:
            extend(self.runs, tick.at, tick.bid)
        if judgement.trigger is not None and judgement.trigger.decision == "exit":
            self.sell(judgement.trigger)
        return judgement

    def sell(self, trigger: Trigger) -> None:
        filled = floor_shares(trigger.shares * self.part)
        self.sold += filled
        self.held = replace(self.held, shares=self.held.shares - filled)
        self.state = sold_rungs(self.state, dict(trigger.parts), filled)
        if trigger.high is not None and filled > 0:
            self.state = replace(self.state, momentum_high=trigger.high)

    def restart(self) -> None:
        self.state = load(dump(self.state))


def levels(watch: Watch, tick: Tick) -> dict[str, Decimal | None]:
    """Level of each stop as the rules see it now."""
    moment = Moment(watch.held, watch.policy, watch.state, tick.at, tick.bid)
    views = [rule(moment) for rule in MECHANICAL[:1] + MECHANICAL[2:3]]
    return {view.rule: view.level for view in views if view is not None}


@given(HELDS, POLICIES, PATHS)
def test_level_never_falls_by_itself(held: Held, policy: Policy, path: list[Step]) -> None:
    watch = Watch(held, policy, part=Decimal(0))
    before: dict[str, Decimal | None] = {}
    trail = None
    for tick in ticks(path):
        watch.read(tick)
        now = levels(watch, tick)
        for rule, level in before.items():
            higher = now[rule]
            assert higher is not None
            assert level is not None
            assert higher >= level
        assert trail is None or (watch.state.trail_level or 0) >= trail
        before, trail = now, watch.state.trail_level


@given(HELDS, POLICIES, PATHS, st.sampled_from(["0", "0.25", "0.777", "1"]))
def test_sold_shares_never_exceed_held_shares(
    held: Held, policy: Policy, path: list[Step], part: str
) -> None:
    watch = Watch(held, policy, part=Decimal(part))
    parts = {row.key: held.bought * row.sell_pct / HUNDRED for row in policy.rungs}
    for tick in ticks(path):
        left = watch.held.shares
        trigger = watch.read(tick).trigger
        if trigger is not None and trigger.decision == "exit":
            assert 0 <= trigger.shares <= left
            assert trigger.floor is None or tick.bid is None or trigger.floor <= tick.bid
        if watch.held.shares == 0:
            break
    assert watch.sold <= held.shares
    for key, sold in (watch.state.rungs or {}).items():
        assert sold <= parts[key]


def outcome(
    held: Held, policy: Policy, path: Sequence[Tick], cuts: set[int]
) -> tuple[list[Judgement], str]:
    """Every judgement and the last memory, with a restart before each of `cuts`."""
    watch = Watch(held, policy)
    judgements: list[Judgement] = []
    for index, tick in enumerate(path):
        if index in cuts:
            watch.restart()
        if watch.held.shares > 0:
            judgements.append(watch.read(tick))
    return judgements, dump(watch.state)


def told(judgements: Iterable[Judgement]) -> list[tuple[object, ...]]:
    """What anybody can see of judgements: all of it, sentences as words."""
    return [
        (
            replace(one.trigger, sentence=str(one.trigger.sentence)) if one.trigger else None,  # type: ignore[arg-type]
            [(notice.kind, notice.rule, str(notice.sentence)) for notice in one.notices],
            one.confirming,
            one.wake_at,
            dump(one.state),
        )
        for one in judgements
    ]


@given(HELDS, POLICIES, PATHS, ASKS, st.sets(st.integers(1, 29)))
def test_chunks_and_restarts_change_nothing(
    held: Held, policy: Policy, path: list[Step], spread: Decimal | None, cuts: set[int]
) -> None:
    readings = ticks(path, spread)
    whole, last = outcome(held, policy, readings, set())
    parts, last_of_parts = outcome(held, policy, readings, cuts)
    assert told(parts) == told(whole)
    assert last_of_parts == last


SILENT = ("unpriced_since", "problem", "unpriced_told")


@given(HELDS, POLICIES, PATHS, st.lists(st.booleans(), min_size=30, max_size=30))
def test_unpriced_readings_change_nothing(
    held: Held, policy: Policy, path: list[Step], gaps: list[bool]
) -> None:
    """Silences between the readings: the same triggers and the same memory, but for the silence."""
    priced = [tick for tick in ticks(path) if tick.bid is not None]
    plain, gappy = Watch(held, policy, Decimal(0)), Watch(held, policy, Decimal(0))
    for tick, gap in zip(priced, gaps, strict=False):
        if gap:
            before = gappy.state
            after = gappy.read(Tick(tick.at, None, None, "ghost book")).state
            kept = replace(after, **{name: getattr(before, name) for name in SILENT})
            assert kept == before
        ours, other = plain.read(tick), gappy.read(tick)
        assert told([replace(other, notices=ours.notices)]) == told([ours])
        assert [n.kind for n in other.notices if n.kind != "priced"] == [
            notice.kind for notice in ours.notices
        ]


@given(HELDS, POLICIES, PATHS)
def test_judging_twice_gives_the_same_answer(held: Held, policy: Policy, path: list[Step]) -> None:
    watch = Watch(held, policy)
    for tick in ticks(path):
        arguments = (watch.held, watch.policy, watch.state, tick)
        runs = tuple(watch.runs)
        assert told([judge(*arguments, runs=runs)]) == told([judge(*arguments, runs=runs)])
        watch.read(tick)


@given(HELDS, POLICIES, PATHS)
def test_trigger_is_the_first_rule_in_order_that_needs_no_patience(
    held: Held, policy: Policy, path: list[Step]
) -> None:
    """With nothing to confirm, what fires is the first hit in the contract's order."""
    eager = replace(policy, confirm_seconds=Decimal(0))
    watch = Watch(held, eager, Decimal(0))
    for tick in ticks(path):
        runs = tuple(watch.runs)
        trigger = watch.read(tick).trigger
        moment = Moment(watch.held, eager, watch.state, tick.at, tick.bid, runs)
        views = [view for rule in MECHANICAL + ASKING if (view := rule(moment)) is not None]
        hits = [view.rule for view in views if view.hit and view.rule not in watch.state.unarmed]
        if trigger is not None and trigger.decision == "exit":
            assert trigger.rule == hits[0]
        elif watch.state.watched_since is not None:
            assert set(hits) <= {"soft_stop", "adverse_move"}


@given(POLICIES, st.sampled_from(["0.5", "60", "80000", "0.1234567"]))
def test_stop_level_is_the_higher_of_percent_and_price(policy: Policy, entry: str) -> None:
    price = Decimal(entry)
    of_percent = replace(policy, stop_loss_price=None)
    of_price = replace(policy, stop_loss_pct=None)
    known = [stop_level(one, price) for one in (of_percent, of_price)]
    assert stop_level(policy, price) == max(
        (level for level in known if level is not None), default=None
    )
