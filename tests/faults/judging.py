"""The child's hand on the AI stage: questions, and a run of `decide` in a process of its own that is
killed at one of its statements, or while the provider is asked.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from monitoring.advisor import budget, gate
from monitoring.advisor.deciding.run import Ports, decide_due
from monitoring.advisor.news.keys import key
from monitoring.advisor.port import Purpose, Reply, Request, Usage
from monitoring.models import AICall, AISpend, Decision, Headline, Mention, Question
from monitoring.questions.answering import approve
from positions.models import AdvicePolicy, Exit
from tests.faults.forks import Told, in_a_fork

MODEL = "claude-sonnet-5-5"
USAGE = Usage(input=2000, output=500)
CONFIDENCE = Decimal("0.90")
LOST_AFTER = timedelta(minutes=20)  # then a reservation counts as spent

START, SEEN = "before the claim", "claimed"
RESERVING, RESERVED = "inside the reservation", "reserved, provider not asked"
ASKED = "provider asked"
ANSWERED = "answered, call not settled"
SETTLING, SETTLED = "inside the settling of the call", "call settled, decision not written"
WRITING, WRITTEN = "inside the decision and its exit", "decision written"
STAGES = (START, SEEN, RESERVING, RESERVED, ASKED, ANSWERED, SETTLING, SETTLED, WRITING, WRITTEN)
# What a statement, once carried out, shows the run to have reached; and where its transaction ends.
SIGNS = (
    (SEEN, re.compile(r'UPDATE "monitoring_question" SET "state" = %s, .*"tries" = ')),
    (RESERVING, re.compile(r'UPDATE "monitoring_aispend" SET "reserved" = \(.* \+ ')),
    (SETTLING, re.compile(r'UPDATE "monitoring_aicall" SET "state"')),
    (WRITING, re.compile(r'INSERT INTO "monitoring_decision"')),
)
ENDS = {RESERVING: RESERVED, SETTLING: SETTLED, WRITING: WRITTEN}


class Fuse:
    """`told` gets the stage at every call; at call `kill_at` this process is killed."""

    def __init__(self, told: Told, kill_at: int | None) -> None:
        self.told, self.kill_at = told, kill_at
        self.stage, self.calls = START, 0

    def reach(self, stage: str = "") -> None:
        self.stage = stage or self.stage
        self.calls += 1
        self.told(self.stage)
        if self.calls == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        """For `connection.execute_wrapper`."""
        if not context["connection"].in_atomic_block:
            self.stage = ENDS.get(self.stage, self.stage)
        self.reach()
        answer = execute(sql, params, many, context)
        sign = next((stage for stage, text in SIGNS if text.match(sql)), self.stage)
        # Forward only: a later statement may look like an earlier one.
        self.stage = max(sign, self.stage, key=STAGES.index)
        self.reach()
        return answer


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
