"""One position with a question about it, a clock, and a provider that says what it is told to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from monitoring.advisor.deciding.judging import Ports
from monitoring.advisor.deciding.run import decide_due
from monitoring.advisor.port import Failure, Reply, Request
from monitoring.advisor.schemas import Decision
from monitoring.models import Headline, Mention, Question
from monitoring.questions.asking import raise_question
from positions.models import AdvicePolicy, Exit, JournalEntry, Position, Quote, Thesis
from tests.monitoring.advisor.gating import SONNET, USAGE, Clock, Told
from tests.positions.holdings import NOON, holding


def says(verdict: str = "HOLD", **fields: Any) -> Reply:
    """A provider's good answer; a SELL breaks the thesis and cites the trigger."""
    values: dict[str, Any] = {
        "reasoning": "What the thesis rests on has gone.",
        "evidence_ids": ["t1"],
        "against": "It may come back.",
        "thesis_status": "intact" if verdict == "HOLD" else "broken",
        "decision": verdict,
        "confidence": Decimal("0.86"),
    }
    data = Decision(**(values | fields))
    return Reply(None, data=data, usage=USAGE, model=SONNET, http_status=200, attempts=1, text="{}")


def fails(failure: Failure = Failure.OVERLOADED, **fields: Any) -> Reply:
    return Reply(failure, detail="as told", http_status=529, attempts=1, **fields)


@dataclass
class Asked(Told):
    """Remembers what it was asked."""

    requests: list[Request] = field(default_factory=list)

    def complete(self, request: Request) -> Reply:
        self.requests.append(request)
        return super().complete(request)


@dataclass
class World:
    """`provider` is asked; `others` after it. `at_step` is called at each of decide's steps."""

    position: Position
    clock: Clock
    provider: Asked
    others: Sequence[Told] = ()
    at_step: Callable[[str], None] = lambda _step: None
    nobody: bool = False

    @classmethod
    def of(cls, *replies: Reply | BaseException, bid: str = "0.44", **fields: Any) -> World:
        clock = Clock(NOON)
        world = cls(holding(now=NOON, age=86_400, **fields), clock, Asked(list(replies)))
        world.thesis("It will be so because of the rates.")
        world.bid(bid)
        return world

    def bid(self, bid: str | None, *, problem: str = "", age: float = 0) -> None:
        """What the last pass has read, `age` seconds ago."""
        told_at = self.clock() - timedelta(seconds=age)
        Quote.objects.filter(market=self.position.market).update(
            bid=None if bid is None else Decimal(bid),
            problem=problem,
            told_at=told_at,
            bid_at=told_at,
            bid_since=told_at,
        )

    def thesis(self, text: str, **fields: Any) -> Thesis:
        row, _made = Thesis.objects.update_or_create(
            position=self.position, defaults={"text": text, **fields}
        )
        return row

    def policy(self, **fields: Any) -> None:
        AdvicePolicy.objects.update_or_create(position=self.position, defaults=fields)

    def headline(self, title: str, domain: str = "wire.example", **fields: Any) -> Headline:
        values = {"publisher": domain, "domain": domain, "published_at": self.clock()}
        row: Headline = Headline.objects.create(
            key=title, title=title, first_seen=self.clock(), **(values | fields)
        )
        Mention.objects.create(position=self.position, headline=row, at=self.clock())
        return row

    def ask(self, rule: str = "soft_stop", urgency: str = "high", **fields: Any) -> Question:
        """The rule asks now, at the bid of now."""
        quote = Quote.objects.get(market=self.position.market)
        values = {"reason": "bid 44¢ at or below 46¢", "bid": quote.bid, "level": Decimal("0.46")}
        return raise_question(
            position_id=self.position.pk,
            rule=rule,
            urgency=urgency,
            now=self.clock(),
            **(values | fields),
        )

    def ports(self) -> Ports:
        asked = () if self.nobody else (self.provider, *self.others)
        return Ports(
            now=self.clock,
            monotonic=lambda: self.clock().timestamp(),
            nonce=lambda: "n0nce",
            providers=lambda _position: asked,
            step=self.at_step,
        )

    def decide(self, **fields: Any) -> list[dict[str, Any]]:
        return decide_due(ports=self.ports(), **fields)

    def exits(self) -> list[tuple[str, str, Decimal]]:
        rows = Exit.objects.filter(position=self.position).order_by("pk")
        return list(rows.values_list("rule", "requested_by", "shares"))

    def kinds(self) -> list[str]:
        """The journal's kinds on the position, its opening aside."""
        rows = JournalEntry.objects.filter(position=self.position).order_by("pk")
        return list(rows.exclude(kind="position_opened").values_list("kind", flat=True))


def state(question: Question) -> str:
    question.refresh_from_db()
    return question.state
