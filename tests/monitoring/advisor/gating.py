"""Providers that do what a test tells them, and clocks that stand still."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from pydantic import BaseModel, ConfigDict

from monitoring.advisor.budget import totals
from monitoring.advisor.gate import About, Ports
from monitoring.advisor.port import Failure, Purpose, Reply, Request, Usage
from monitoring.models import AICall, AISpend
from positions.models import JournalEntry

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TODAY = NOON.date()
USAGE = Usage(input=900, output=300)
HAIKU, SONNET = "claude-haiku-5-5", "claude-sonnet-5-5"


class Killed(BaseException):
    """What a process feels of its death: nothing of ours may catch it."""


class Word(BaseModel):
    model_config = ConfigDict(extra="forbid")
    word: str


@dataclass
class Clock:
    """Stands still until it is moved."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def later(self, **span: float) -> datetime:
        self.at += timedelta(**span)
        return self.at


def ports(clock: Clock) -> Ports:
    """Both clocks of the gate are this one."""

    def monotonic() -> float:
        return clock.at.timestamp()

    return Ports(now=clock, monotonic=monotonic)


@dataclass
class Told:
    """A provider that gives these replies in turn, the last one again and again."""

    replies: Sequence[Reply | BaseException]
    name: str = "anthropic"
    sdk: str = "anthropic 2.12.0"
    fallback: bool = False
    demo: bool = False
    models: dict[str, str] = field(default_factory=dict)
    during: Callable[[], object] = lambda: None
    asked: int = 0

    def model(self, purpose: Purpose) -> str:
        return self.models.get(purpose, SONNET)

    def complete(self, request: Request) -> Reply:
        reply = self.replies[min(self.asked, len(self.replies) - 1)]
        self.asked += 1
        self.during()
        if isinstance(reply, BaseException):
            raise reply
        return reply


def request(
    purpose: Purpose = "decide", *, user: str = "Is it over?", max_tokens: int = 1000
) -> Request:
    return Request(purpose, "Answer in one word.", user, Word, max_tokens, 30.0)


def about(*, critical: bool = False, position_id: int | None = None) -> About:
    return About(
        prompt_version="d1",
        prompt_sha256="0" * 64,
        critical=critical,
        position_id=position_id,
        evidence=[{"id": "h1", "sha256": "1" * 64}],
    )


def answer(word: str = "no", *, usage: Usage | None = USAGE) -> Reply:
    """What a provider says when all is well."""
    return Reply(
        None,
        data=Word(word=word),
        usage=usage,
        model=SONNET,
        text=f'{{"word": "{word}"}}',
        request_id="req_1",
        stop_reason="end_turn",
        http_status=200,
        attempts=1,
        parameters={"effort": "medium"},
    )


def failed(
    failure: Failure,
    *,
    status: int | None = None,
    usage: Usage | None = None,
    retry_after: float | None = None,
) -> Reply:
    return Reply(
        failure,
        detail="as told",
        usage=usage,
        http_status=status,
        attempts=1,
        retry_after=retry_after,
    )


def figures(day: date = TODAY) -> tuple[int, int]:
    """(reserved, spent) of the day, which must be what its calls add up to."""
    row = AISpend.objects.filter(day=day).first() or AISpend(day=day)
    assert (row.reserved, row.spent) == totals(day)
    return row.reserved, row.spent


def states() -> list[str]:
    return list(AICall.objects.order_by("pk").values_list("state", flat=True))


def told() -> list[tuple[str, str, str]]:
    """(kind, provider, why) of the journal's entries on the AI."""
    rows = JournalEntry.objects.filter(kind__in=("ai_down", "ai_back")).order_by("pk")
    return [(row.kind, row.data["provider"], row.data.get("why", "")) for row in rows]
