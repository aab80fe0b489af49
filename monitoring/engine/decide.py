"""Judging: every candidate through the pure rules; what follows is collected, not yet written."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from monitoring.engine.prices import Priced
from monitoring.engine.select import Candidate
from monitoring.engine.sql import exact, stamp
from positions.domain.book import Book
from positions.domain.judge import Judgement, Trigger, judge
from positions.domain.policy import Policy, PolicyError
from positions.domain.quiet import quiet_band
from positions.domain.quotes import STALE, Tick, max_age_seconds, tick_of
from positions.domain.state import WatchState, dump
from positions.domain.window import Run
from positions.models import Exit

logger = logging.getLogger(__name__)

EVERYWHERE = 1e300
SOON = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate and what its judgement was; `mark` is its row for the narrow UPDATE, or None."""

    candidate: Candidate
    policy: Policy
    tick: Tick
    judgement: Judgement


@dataclass
class Decisions:
    """All judgements of one look, in order of position id, and by market id what it was judged by.

    `failed`: why a position could not be judged, by position id; `failed_in`: their markets.
    `confirming`: when to read again the breaches that wait for a second reading, by position id.
    """

    priced: Mapping[int, Priced]
    judged: list[Judged] = field(default_factory=list)
    marks: list[tuple[Any, ...]] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    failed_in: list[int] = field(default_factory=list)
    confirming: dict[int, datetime] = field(default_factory=dict)
    wakes: list[datetime] = field(default_factory=list)

    def add(self, other: Decisions) -> None:
        """Adds what another venue's look brought."""
        self.priced = {**self.priced, **other.priced}
        self.judged += other.judged
        self.failed |= other.failed
        self.failed_in += other.failed_in
        self.wakes += other.wakes

    def fail(self, candidate: Candidate, why: str) -> None:
        """Notes that the candidate could not be judged."""
        self.failed[candidate.id] = why
        self.failed_in.append(candidate.market_id)


@dataclass(frozen=True, slots=True)
class Situation:
    """What all candidates of one look share."""

    priced: Mapping[int, Priced]
    books: Mapping[int, Book]
    runs: Mapping[int, Sequence[Run]]
    live: Mapping[int, Exit]
    interval: Decimal
    now: datetime
    paused: bool


def decide(chosen: Sequence[Candidate], situation: Situation) -> Decisions:
    """Judges each candidate; one that cannot be judged is named and stops no other."""
    decisions = Decisions(situation.priced)
    for candidate in chosen:
        try:
            _one(candidate, situation, decisions)
        except PolicyError as error:
            decisions.fail(candidate, f"exit policy: {error}")
        except Exception as error:  # a defect in one position must not leave the others unguarded
            logger.exception("position %s could not be judged", candidate.id)
            decisions.fail(candidate, f"{type(error).__name__} while judging")
    return decisions


def _one(candidate: Candidate, situation: Situation, decisions: Decisions) -> None:
    policy = candidate.policy
    tick = _tick(candidate, policy, situation)
    runs = situation.runs.get(candidate.market_id, ())
    judgement = judge(
        candidate.held, policy, candidate.state, tick, runs=runs, interval=situation.interval
    )
    judgement = replace(judgement, state=_paused(judgement, situation))
    decisions.judged.append(Judged(candidate, policy, tick, judgement))
    if judgement.wake_at is not None:
        decisions.wakes.append(judgement.wake_at)
        if judgement.confirming and not _selling(situation.live.get(candidate.id)):
            # A source that tells late will tell the second reading late too.
            lag = max(situation.now - tick.at, timedelta(0))
            decisions.confirming[candidate.id] = judgement.wake_at + lag
    if _leaves_a_rest(judgement, candidate, situation.live.get(candidate.id)):
        decisions.wakes.append(situation.now + SOON)
    decisions.marks.append(_mark(candidate, policy, tick, judgement, runs, situation))


def _leaves_a_rest(judgement: Judgement, candidate: Candidate, live: Exit | None) -> bool:
    """Whether a rule fired while an exit of a part runs: the rest must not wait an interval."""
    if live is None or judgement.trigger is None or not _selling(live):
        return False
    left: Decimal = live.shares - live.filled
    return left < candidate.held.shares


def _selling(live: Exit | None) -> bool:
    """Whether an exit is under way that no other rule ends."""
    return live is not None and (live.latched or live.state == Exit.State.WORKING)


def _paused(judgement: Judgement, situation: Situation) -> WatchState:
    """Remembers which rule the pause switch holds back, so that it is told once."""
    trigger, state = judgement.trigger, judgement.state
    held_back = trigger.rule if trigger and trigger.decision == "exit" and situation.paused else ""
    return state if state.paused == held_back else replace(state, paused=held_back)


def _tick(candidate: Candidate, policy: Policy, situation: Situation) -> Tick:
    """The reading as this holder sees it: his own size, his own patience with old quotes."""
    priced = situation.priced.get(candidate.market_id)
    if priced is None:
        return Tick(situation.now, None, None, STALE)
    tick, held = priced.tick, candidate.held
    if held.min_size is not None and held.shares < held.min_size:
        book = situation.books.get(candidate.market_id)
        if book is not None:
            tick = tick_of(book, held.shares, held.min_size, held.payout)
    age = (situation.now - tick.at).total_seconds()
    if tick.bid is not None and age > float(max_age_seconds(policy, situation.interval)):
        return Tick(situation.now, None, None, STALE)
    return tick


MARK = [
    ("state", "text"),
    ("best", "numeric"),
    ("best_f", "float"),
    ("unpriced_since", "time"),
    ("problem", "text"),
    ("unarmed", "text"),
    ("quiet_low", "float"),
    ("quiet_high", "float"),
    ("quiet_drop", "float"),
    ("quiet_until", "time"),
    ("judged_at", "time"),
]


def _mark(
    candidate: Candidate,
    policy: Policy,
    tick: Tick,
    judgement: Judgement,
    runs: Sequence[Run],
    situation: Situation,
) -> tuple[Any, ...]:
    state = judgement.state
    band = None
    if candidate.id not in situation.live and judgement.trigger is None:
        band = quiet_band(candidate.held, policy, state, tick, runs)
    low = high = drop = until = None
    if band is not None:
        low = -EVERYWHERE if band.low is None else band.low
        high = EVERYWHERE if band.high is None else band.high
        drop, until = band.drop, band.until
    best = state.best
    return (
        dump(replace(state, best=None, last_bid=None)),
        exact(best),
        None if best is None else float(best),
        stamp(state.unpriced_since),
        state.problem[:200],
        ",".join(sorted(state.unarmed)),
        low,
        high,
        drop,
        stamp(until),
        stamp(situation.now),
        candidate.id,
    )


def parts_json(trigger: Trigger) -> str:
    """Ladder rungs of a trigger as an exit stores them, lowest level first."""
    if not trigger.parts:
        return ""
    return json.dumps({key: format(part, "f") for key, part in trigger.parts})
