"""Decisions, price histories and a venue for the tests of scoring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from monitoring.models import Decision, Question, Score
from positions.domain.book import Book, Level
from positions.models import Exit, Fill, Market, Position, PricePoint
from positions.venues.base import Instrument, MarketInfo, MarketStatus, Readings, TransientError
from tests.positions.holdings import NOON, holding

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(hours=24), timedelta(days=7)


def decision(
    verdict: str = "sell",
    *,
    position: Position | None = None,
    bid: str | None = "0.50",
    confidence: str | None = "0.80",
    at: datetime = NOON,
    provider: str = "anthropic",
    **fields: Any,
) -> Decision:
    """A decision on a question of its own."""
    held = position or holding(shares="100", now=at)
    question = Question.objects.create(
        position=held,
        rule="adverse_move",
        urgency="high",
        reason="fell",
        state="held",
        asked_at=at,
        ai_until=at,
    )
    return Decision.objects.create(
        question=question,
        position=held,
        provider=provider,
        model="claude-sonnet-5-5",
        prompt_version="decide-1",
        verdict=verdict,
        confidence=None if confidence is None else Decimal(confidence),
        bid=None if bid is None else Decimal(bid),
        at=at,
        **fields,
    )


def sold(one: Decision, price: str, *, fee: str = "0", shares: str = "100") -> None:
    """The exit that followed from it, filled, its position closed."""
    exit_ = Exit.objects.create(
        position=one.position,
        rule="ai_exit",
        shares=Decimal(shares),
        filled=Decimal(shares),
        state=Exit.State.FILLED,
        created_at=one.at,
    )
    Fill.objects.create(
        exit=exit_,
        attempt=1,
        number=0,
        price=Decimal(price),
        shares=Decimal(shares),
        fee=Decimal(fee),
        at=one.at,
    )
    Question.objects.filter(pk=one.question_id).update(exit=exit_, state="acted")
    Position.objects.filter(pk=one.position_id).update(state="closed", closed_at=one.at, shares=0)


def stood(market: Market, bid: str, since: datetime, until: datetime | None = None) -> None:
    """The market's bid had this value from `since` to `until`."""
    PricePoint.objects.create(market=market, since=since, until=until or since, bid=Decimal(bid))


def scores(one: Decision) -> Mapping[str, Score]:
    return {row.horizon: row for row in Score.objects.filter(decision=one)}


def told(one: Decision, horizon: str) -> tuple[Decimal | None, bool | None, Decimal | None]:
    row = scores(one)[horizon]
    assert row.at is not None, "not looked at yet"
    return row.bid, row.right, row.regret


@dataclass
class Venue:
    """Tells these bids and ends by market key, and remembers whom it was asked about."""

    bids: dict[str, str] = field(default_factory=dict)
    ends: dict[str, str] = field(default_factory=dict)
    fails: bool = False
    read_of: list[list[str]] = field(default_factory=list)
    status_of: list[list[str]] = field(default_factory=list)
    venue: str = "polymarket"

    def __call__(self, venue: str) -> Venue:
        return self

    def read(self, instruments: Sequence[Instrument], *, deadline: float) -> Readings:
        self.read_of.append([one.key for one in instruments])
        if self.fails:
            raise TransientError("away")
        return Readings(
            {one.id: _book(self.bids[one.key]) for one in instruments if one.key in self.bids}
        )

    def status(
        self, instruments: Sequence[Instrument], *, deadline: float
    ) -> Mapping[int, MarketStatus]:
        self.status_of.append([one.key for one in instruments])
        if self.fails:
            raise TransientError("away")
        return {one.id: self._status(one.key) for one in instruments}

    def _status(self, key: str) -> MarketStatus:
        price = self.ends.get(key)
        return MarketStatus("resolved", Decimal(price)) if price else MarketStatus("open")

    def find(self, reference: str, outcome: str = "") -> Sequence[MarketInfo]:
        raise NotImplementedError


def _book(bid: str) -> Book:
    price = Decimal(bid)
    return Book(NOON, (Level(price, Decimal(1000)),), (Level(price + Decimal("0.01"), Decimal(9)),))
