"""Positions with headlines, and models that answer what a test says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from monitoring.advisor import gate
from monitoring.advisor.port import Failure, Provider, Purpose, Reply, Request, Usage
from monitoring.advisor.schemas import ScreenResult
from monitoring.advisor.screening.asking import Ports
from monitoring.advisor.screening.run import ScreenRun, screen_all
from monitoring.models import AICall, Headline, Mention, Question, Screening
from positions.models import JournalEntry, Market, Position, Quote, Thesis

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NONCE = "abcdef0123456789"
QUESTION = "Will the Senate confirm Dana Whitlock as Treasury Secretary?"
BAD = "Third majority senator comes out against Whitlock"
GOOD = "Senate panel advances Whitlock nomination in 12-9 vote"
DULL = "Who is Dana Whitlock? Five things to know about the nominee"


def position(key: str = "whitlock", *, outcome: str = "Yes", **values: Any) -> Position:
    """Open since yesterday, its bid 0.61."""
    market = Market.objects.create(
        venue="sim", key=key, outcome=outcome, question=QUESTION, payout=Decimal(1)
    )
    Quote.objects.create(market=market, bid=Decimal("0.61"))
    row = {"entry_price": Decimal("0.52"), "shares": Decimal(10), "bought": Decimal(10)}
    held = Position.objects.create(
        **({"market": market, "opened_at": NOON - timedelta(days=1)} | row | values)
    )
    Thesis.objects.create(position=held, text="She has the votes.", keywords="Whitlock")
    return held


def headline(held: Position, title: str, *, minutes: int = 10, domain: str = "wire.example") -> int:
    """A headline of so many minutes ago, stored as it stands, that concerns the position; its id."""
    at = NOON - timedelta(minutes=minutes)
    row = Headline.objects.create(
        key=hashlib.sha256(f"{title}{held.pk}".encode()).hexdigest(),
        title=title[:300],
        publisher="Wire",
        domain=domain,
        published_at=at,
        first_seen=at,
    )
    Mention.objects.create(position=held, headline=row, at=at)
    return row.pk


def alert(*ids: str, direction: str = "against", urgency: str = "high") -> dict[str, Any]:
    return {
        "headline_ids": list(ids),
        "summary": "It happened.",
        "direction": direction,
        "urgency": urgency,
    }


def result(*alerts: dict[str, Any], suspected: tuple[str, ...] = ()) -> ScreenResult:
    return ScreenResult.model_validate(
        {"suspected_injection_ids": list(suspected), "alerts": list(alerts)}
    )


def answer(*alerts: dict[str, Any], suspected: tuple[str, ...] = ()) -> Reply:
    data = result(*alerts, suspected=suspected)
    return Reply(
        None, data=data, usage=Usage(input=900, output=100), model="haiku", http_status=200
    )


def failed(failure: Failure, status: int | None = 200) -> Reply:
    return Reply(failure, usage=Usage(input=900), http_status=status)


@dataclass
class Told:
    """Gives these replies in turn, the last one again and again; `requests` are those it got."""

    replies: tuple[Reply, ...]
    name: str = "anthropic"
    named: str = "haiku"
    sdk: str = "none"
    fallback: bool = False
    demo: bool = False
    during: Callable[[], object] = lambda: None
    requests: list[Request] = field(default_factory=list)

    def model(self, purpose: Purpose) -> str:
        return self.named

    def complete(self, request: Request) -> Reply:
        self.during()
        self.requests.append(request)
        return self.replies[min(len(self.requests), len(self.replies)) - 1]


def told(*replies: Reply, **values: Any) -> Told:
    return Told(replies, **values)


def screen(*providers: Provider, at: datetime = NOON, seconds: float = 0) -> ScreenRun:
    """One run; each look at the clock of its deadline takes `seconds`."""
    ticks = iter(range(10_000))
    ports = Ports(
        nonce=lambda: NONCE,
        monotonic=lambda: next(ticks) * seconds,
        gate=gate.Ports(now=lambda: at, monotonic=lambda: 0.0),
    )
    return screen_all(now=at, chain=lambda _position: providers, ports=ports)


def rows() -> list[tuple[str, str, str, str]]:
    """(title, screener, direction, urgency) of all that was screened, oldest first."""
    found = Screening.objects.order_by("pk")
    return list(found.values_list("headline__title", "screener", "direction", "urgency"))


def journal(kind: str = "ai_alert") -> list[JournalEntry]:
    return list(JournalEntry.objects.filter(kind=kind).order_by("pk"))


def questions() -> list[Question]:
    return list(Question.objects.order_by("pk"))


def outcomes() -> list[str]:
    return list(AICall.objects.order_by("pk").values_list("outcome", flat=True))
