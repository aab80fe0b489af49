"""The table of cases: plain facts on one side, the rules on the other.

A case: `entry`, `policy`, `ticks` of [seconds since watching began, bid or bids, ask or asks,
problem] and `expect`, all events in order: [tick, "exit" or "ask", rule, level, shares, floor] and
[tick, notice, rule]. Optional: `held` (a position's other facts), `before` (bids before watching
began), `arm_now`, `interval`, `unsold` (nobody buys), `manual` (closed by hand at this tick).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from positions.domain.book import Book, Level
from positions.domain.judge import Judgement, Trigger, judge
from positions.domain.policy import parse
from positions.domain.quotes import Tick, tick_of
from positions.domain.state import EMPTY, WatchState, dump, load, sold_rungs
from positions.domain.views import Held
from positions.domain.window import Run, extend

FOLDER = Path(__file__).parent / "cases"
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Case = Mapping[str, Any]
Event = tuple[Any, ...]


def cases(path: Path | None = None) -> list[Case]:
    """All cases of the table, or of one file."""
    files = [path] if path else sorted(FOLDER.glob("*.json"))
    return [case for file in files for case in json.loads(file.read_text())]


def expected(case: Case) -> list[Event]:
    """The case's events with numbers as Decimals."""
    return [(*event[:3], *map(number, event[3:])) for event in case["expect"]]


def number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def held_of(case: Case) -> Held:
    """The case's position: 100 shares of a market that pays 1, entered now, unless it says else."""
    facts = dict(case.get("held", {}))
    shares = Decimal(facts.get("shares", "100"))
    ends = facts.get("ends_in_minutes")
    return Held(
        entry=Decimal(case["entry"]),
        shares=shares,
        bought=Decimal(facts.get("bought", shares)),
        opened_at=later(-60 * float(facts.get("age_minutes", 0))),
        payout=number(facts.get("payout", "1")),
        currency=facts.get("currency", "USDC"),
        tick=number(facts.get("tick")),
        min_size=number(facts.get("min_size")),
        ends_at=None if ends is None else later(60 * float(ends)),
        probability=number(facts.get("probability")),
    )


def levels(rows: Sequence[Sequence[str]]) -> tuple[Level, ...]:
    return tuple(Level(Decimal(price), Decimal(size)) for price, size in rows)


def tick(row: Sequence[Any], held: Held) -> Tick:
    """A reading: of a whole book, or of a bid with perhaps an ask."""
    seconds, bid, ask, problem = [*row, None, None, ""][:4] if len(row) < 4 else row
    if isinstance(bid, list):
        book = Book(later(seconds), levels(bid), levels(ask))
        return tick_of(book, held.shares, held.min_size, held.payout)
    return Tick(later(seconds), number(bid), number(ask), problem or "")


class Player:
    """Plays a case: what fires is sold, unless nobody buys."""

    def __init__(self, case: Case, *, restart: bool = False) -> None:
        self.case, self.restart = case, restart
        self.held, self.policy = held_of(case), parse(case["policy"])
        self.state: WatchState = EMPTY
        self.runs: list[Run] = []
        for seconds, bid in case.get("before", ()):
            extend(self.runs, later(seconds), Decimal(bid))

    def events(self) -> Iterator[Event]:
        """Everything that happens, until nothing is left."""
        for index, row in enumerate(self.case["ticks"]):
            if index == self.case.get("manual"):
                yield (index, "exit", "manual", None, self.held.shares, None)
                return
            judgement = self.judge(tick(row, self.held))
            yield from ((index, notice.kind, notice.rule) for notice in judgement.notices)
            trigger = judgement.trigger
            if trigger is not None:
                names = (trigger.decision, trigger.rule, trigger.level)
                yield (index, *names, trigger.shares, trigger.floor)
                self.sell(trigger)
            if self.held.shares == 0:
                return

    def judge(self, reading: Tick) -> Judgement:
        judgement = judge(
            self.held,
            self.policy,
            self.state,
            reading,
            runs=tuple(self.runs),
            interval=Decimal(self.case.get("interval", 30)),
            arm_now=self.case.get("arm_now", False),
        )
        self.state = load(dump(judgement.state)) if self.restart else judgement.state
        if reading.bid is not None:
            extend(self.runs, reading.at, reading.bid)
        return judgement

    def sell(self, trigger: Trigger) -> None:
        if trigger.decision == "ask" or self.case.get("unsold"):
            return
        self.held = replace(self.held, shares=self.held.shares - trigger.shares)
        self.state = sold_rungs(self.state, dict(trigger.parts), trigger.shares)
        if trigger.high is not None:
            self.state = replace(self.state, momentum_high=trigger.high)
