"""The child's hand on the AI stage: questions, and a run of `decide` in a process of its own that is
killed at one of its statements, or while the provider is asked.
"""

from __future__ import annotations

import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from monitoring.advisor import budget, gate
from monitoring.advisor.deciding.judging import Ports
from monitoring.advisor.deciding.run import decide_due
from monitoring.advisor.news.keys import key
from monitoring.advisor.port import Purpose, Reply, Request, Usage
from monitoring.models import AICall, AISpend, Decision, Headline, Mention, Question
from monitoring.questions.answering import approve
from positions.models import AdvicePolicy, Exit
from tests.faults.forks import Told, in_a_fork, in_forks
from tests.faults.fuse import ANSWERED, ASKED, RESERVED, Fuse

MODEL = "claude-sonnet-5-5"
USAGE = Usage(input=2000, output=500)
CONFIDENCE = Decimal("0.90")
LOST_AFTER = timedelta(minutes=20)  # then a reservation counts as spent


class Seller:
    """Says SELL, citing the price; counts as a paid provider."""

    name, sdk, fallback, demo = "scripted", "none", False, False

    def __init__(self, fuse: Fuse) -> None:
        self.fuse = fuse

    def model(self, purpose: Purpose) -> str:
        return MODEL

    def complete(self, request: Request) -> Reply:
        self.fuse.reach(RESERVED)
        self.fuse.reach(ASKED)
        data = request.schema.model_validate(
            {
                "reasoning": "It fell for a reason.",
                "evidence_ids": ["p1", "t1"],
                "against": "It may come back.",
                "thesis_status": "broken",
                "decision": "SELL",
                "confidence": CONFIDENCE,
            }
        )
        self.fuse.reach(ANSWERED)
        return Reply(None, data=data, usage=USAGE, model=MODEL, attempts=1, http_status=200)


def by_itself(position: int) -> None:
    """The AI stage may sell this position, as often as it likes."""
    AdvicePolicy.objects.create(
        position_id=position, mode=AdvicePolicy.Mode.AUTO, cooldown_minutes=0, daily_sells=99
    )


def mention(position: int, title: str) -> int:
    """A headline of now about this position, for the screen to read; its id."""
    now = timezone.now()
    row = Headline.objects.create(key=key(title), title=title, published_at=now, first_seen=now)
    Mention.objects.create(position_id=position, headline=row, at=now)
    return row.pk


def decide(kill_at: int | None = None, later: float = 0) -> dict[str, Any]:
    """One run of `decide`, `later` seconds from now, killed at its call number `kill_at`.

    `stages`: what it had reached at each call; `signal`: 9 when it was killed; `asked`: how often
    the provider was asked.
    """
    lines, status = in_a_fork(lambda told: _fused(Fuse(told, kill_at), later))
    return {
        "stages": lines,
        "signal": status & 0x7F,
        "code": status >> 8,
        "asked": lines.count(ASKED),
    }


def decide_at_once(times: int) -> int:
    """So many runs at the same moment; how often the provider was asked."""

    def work(told: Told) -> None:
        _fused(Fuse(told, None), 0)

    ended = in_forks([work] * times)
    assert [status for _lines, status in ended] == [0] * times
    return sum(lines.count(ASKED) for lines, _status in ended)


def _fused(fuse: Fuse, later: float) -> None:
    ports = Ports(
        now=lambda: timezone.now() + timedelta(seconds=later),
        monotonic=time.monotonic,
        providers=lambda _position: [Seller(fuse)],
    )
    with connection.execute_wrapper(fuse.statement):
        decide_due(ports=ports)


def answer() -> int:
    """Somebody approves whatever is open; how many questions."""
    found = list(Question.objects.filter(state=Question.State.OPEN).values_list("pk", flat=True))
    for pk in found:
        approve(question_id=pk, actor="prover", now=timezone.now(), confirmed=True)
    return len(found)


def audit() -> dict[str, Any]:
    """What the AI stage's books say once lost reservations have run out: counts of questions,
    decisions and calls, and `wrong`.
    """
    gate.upkeep(timezone.now() + LOST_AFTER)
    wrong = []
    for question in Question.objects.all():
        sales = Exit.objects.filter(position=question.position_id).exclude(state="cancelled")
        if question.state in Question.LIVE:
            wrong.append(f"question {question.pk} is left {question.state}")
        if sales.count() != 1:
            wrong.append(f"question {question.pk} has brought {sales.count()} exits")
        if Decision.objects.filter(question=question, verdict="sell").count() > 1:
            wrong.append(f"question {question.pk} was decided twice")
    wrong += [
        f"{row}: {row.reserved} + {row.spent} is not {budget.totals(row.day)}"
        for row in AISpend.objects.all()
        if (row.reserved, row.spent) != budget.totals(row.day)
    ]
    return {
        "questions": Question.objects.count(),
        "decisions": Decision.objects.filter(verdict="sell").count(),
        "calls": AICall.objects.count(),
        "spent": sum(AISpend.objects.values_list("spent", flat=True)),
        "wrong": wrong,
    }
