"""A position with a price, a question about it, and what was said: made as the house makes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from monitoring.models import Decision, Question
from monitoring.questions.asking import open_to_person, raise_question
from positions.models import Position
from positions.services import advice_set
from tests.monitoring.engine.house import House, Offers

QUOTED = {
    "id": "h1",
    "kind": "headline",
    "text": "CPI surprise sends yields up",
    "publisher": "Reuters",
    "domain": "reuters.com",
    "trust": "wire",
}
SECOND = QUOTED | {"id": "h2", "text": "Inflation hotter", "domain": "apnews.com"}


@dataclass
class Desk:
    """One position in market A at 50 cents, with a bid as a pass has stored it."""

    house: House = field(default_factory=House)
    bid: str = "0.50"
    shares: str = "100"
    market: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.position = self.house.position(policy={}, shares=self.shares, **self.market)
        self.says(self.bid)

    def says(self, bid: str | Offers | None) -> None:
        """The next pass finds this bid."""
        self.house.says("A", bid)
        self.house.run()

    def later(self, minutes: float) -> None:
        self.house.clock.later(minutes * 60)

    @property
    def now(self) -> Any:
        return self.house.clock.at

    def policy(self, **fields: Any) -> None:
        advice_set(position_id=self.position.pk, actor="ann", now=self.now, **fields)

    def ask(self, rule: str = "soft_stop", **more: Any) -> Question:
        given: dict[str, Any] = {
            "urgency": "high",
            "reason": "50.0¢ is at or below the soft stop",
            "bid": Decimal("0.50"),
        }
        return raise_question(
            position_id=self.position.pk, rule=rule, now=self.now, **(given | more)
        )

    def say(
        self, question: Question, verdict: str = "sell", confidence: str = "0.86", **more: Any
    ) -> Decision:
        given: dict[str, Any] = {
            "provider": "anthropic",
            "model": "claude-sonnet-5-5",
            "evidence": [QUOTED, SECOND],
            "bid": Decimal("0.50"),
        }
        return Decision.objects.create(
            question=question,
            position=self.position,
            verdict=verdict,
            confidence=None if verdict == "ask" else Decimal(confidence),
            at=self.now,
            **(given | more),
        )

    def open(self, rule: str = "soft_stop", verdict: str = "sell", **more: Any) -> Question:
        """A question that a person is to answer; `verdict` "": nobody has said anything of it."""
        question = self.ask(rule)
        if verdict:
            self.say(question, verdict, **more)
        open_to_person(question, now=self.now, text="you decide")
        return question

    def held(self) -> Decimal:
        shares: Decimal = Position.objects.get(pk=self.position.pk).shares
        return shares


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)
