"""Whom an evaluation asks: the rules, or a model through the gate as the screen itself does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from monitoring.advisor import prices
from monitoring.advisor.port import Failure, Provider
from monitoring.advisor.screening import rules_screener
from monitoring.advisor.screening.asking import Ports, ask, request_of
from monitoring.advisor.screening.checks import Finding
from monitoring.advisor.screening.prompt import PROMPT_VERSION, Held, Item
from monitoring.advisor.screening.suspicion import suspicious
from monitoring.advisor.text import clean

# After these every further call would fail alike.
HOPELESS = frozenset(
    {
        Failure.NO_KEY,
        Failure.AUTH,
        Failure.SPEND_LIMIT,
        Failure.OVER_BUDGET,
        Failure.BREAKER_OPEN,
    }
)


class StopError(Exception):
    """No call is worth making any more. `why`: "max_usd" or a Failure; `detail`: its own words."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(why)
        self.why, self.detail = why, detail


@dataclass(frozen=True, slots=True)
class Answer:
    """`findings` in the headlines' order; None: not screened, and `failure` says why. `cost` µ$;
    `calls`: of a provider, one or none.
    """

    findings: Sequence[Finding] | None
    failure: str = ""
    cost: int = 0
    seconds: float | None = None
    calls: int = 0


class Screener(Protocol):
    """Somebody who judges headlines of one side of a question."""

    name: str
    model: str
    version: str

    def screen(self, question: str, side: str, titles: Sequence[str]) -> Answer:
        """Raises StopError when no more calls may or need be made."""


class Rules:
    """Rules (no AI)."""

    name = "rules"
    model = ""
    version = rules_screener.VERSION

    def screen(self, question: str, side: str, titles: Sequence[str]) -> Answer:
        """Never fails, costs nothing."""
        return Answer([_ruled(question, side, clean(title)) for title in titles])


def _ruled(question: str, side: str, title: str) -> Finding:
    if suspicious(title):
        return Finding(suspected=True)
    seen = rules_screener.look(question, side, title)
    return Finding(seen.direction, seen.urgency)


@dataclass(slots=True)
class Model:
    """A provider within `most` µ$: a call that could cost more than is left is not made."""

    provider: Provider
    most: int
    ports: Ports = field(default_factory=Ports)
    spent: int = 0
    version: str = PROMPT_VERSION

    @property
    def name(self) -> str:
        return self.provider.name

    @property
    def model(self) -> str:
        return self.provider.model("eval")

    def screen(self, question: str, side: str, titles: Sequence[str]) -> Answer:
        """One call for all of them."""
        held = Held(question, side.title())
        items = [Item(f"h{number}", clean(title)) for number, title in enumerate(titles, 1)]
        self._room(held, items)
        screened = ask(held, items, providers=[self.provider], ports=self.ports, purpose="eval")
        call, failure = screened.outcome.call, screened.outcome.reply.failure
        cost = (call.cost or 0) if call else 0
        self.spent += cost
        if failure in HOPELESS:
            raise StopError(str(failure), call.detail if call else "")
        seconds = (call.latency_ms or 0) / 1000 if call else None
        if screened.findings is None:
            return Answer(None, failure or Failure.INVALID_OUTPUT, cost, seconds, 1)
        return Answer([screened.findings[item.id] for item in items], "", cost, seconds, 1)

    def _room(self, held: Held, items: Sequence[Item]) -> None:
        request, _prompt = request_of(held, items, nonce=self.ports.nonce(), purpose="eval")
        if self.spent + prices.bound(self.model, request) > self.most:
            raise StopError("max_usd")
