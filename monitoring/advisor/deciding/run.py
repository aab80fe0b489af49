"""Answers the questions that wait, beside the pass, which never waits for it.

    claim (one conditional UPDATE: two workers never both ask)
      -> view (reads) -> an answer of before | the providers, outside any transaction
        -> settling (decision, what follows from it, journal: one transaction)

Killed anywhere, it is run again: a claim ends by itself, an answer that was not written is asked for
anew, and what was written was written whole.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from django.db import connections
from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from monitoring.advisor.deciding import cache, gather, settling
from monitoring.advisor.deciding.judging import Matter, Ports, judge
from monitoring.advisor.deciding.policy import deadline
from monitoring.advisor.deciding.settling import Settled
from monitoring.advisor.deciding.view import view
from monitoring.advisor.deciding.words import by
from monitoring.advisor.port import Provider
from monitoring.models import Question
from monitoring.questions.moving import AnsweredError
from monitoring.questions.telling import confidence_text
from monitoring.questions.upkeep import upkeep

__all__ = ("AT_ONCE", "Ports", "claim", "decide_due")

logger = logging.getLogger(__name__)

State = Question.State
MOST = 20
AT_ONCE = 4  # of the job
RUN_SECONDS = 60.0  # no question is begun after this; the longest takes another 120
SPARE = timedelta(seconds=30)  # what a claim lasts beyond its deadline: to write the answer down
URGENCIES = ("critical", "high", "medium", "low")


def decide_due(
    *,
    clock: Callable[[], datetime] | None = None,
    providers: Sequence[Provider] | None = None,
    most: int = MOST,
    questions: Collection[int] | None = None,
    ports: Ports | None = None,
    at_once: int = 1,
) -> list[dict[str, Any]]:
    """Answers at most `most` waiting questions (of `questions`, if given), the most urgent first,
    after what time alone brings to all. Returns one dict for each, as `monitor --json` shows it:
    position, question, rule, verdict, confidence, by, state, text, evidence.

    `at_once`: so many in threads of their own, because a fall of the market has many rules ask
    within the same half minute, and an answer takes ten seconds. One that breaks stops no other:
    its claim ends by itself. Raises DatabaseError.
    """
    if not Question.objects.filter(state__in=Question.LIVE).exists():
        return []
    ports = ports or Ports(
        now=clock or timezone.now,
        providers=Ports().providers if providers is None else lambda _position: providers,
    )
    upkeep(now=ports.now())
    until = ports.monotonic() + RUN_SECONDS
    due = list(_due(ports.now(), questions).values_list("pk", flat=True)[:most])
    if at_once == 1 or len(due) < 2:
        return [line for pk in due for line in _safely(pk, ports, until)]
    with ThreadPoolExecutor(at_once, thread_name_prefix="decide") as pool:
        return [
            line for lines in pool.map(lambda pk: _apart(pk, ports, until), due) for line in lines
        ]


def _apart(pk: int, ports: Ports, until: float) -> list[dict[str, Any]]:
    """In a thread of its own, which must not leave a database connection behind."""
    try:
        return list(_safely(pk, ports, until))
    finally:
        connections.close_all()


def _due(now: datetime, only: Collection[int] | None) -> QuerySet[Question]:
    rank = Case(
        *(When(urgency=name, then=Value(number)) for number, name in enumerate(URGENCIES)),
        default=Value(0),
        output_field=IntegerField(),
    )
    rows = Question.objects.filter(Q(not_before=None) | Q(not_before__lte=now), state=State.WAITING)
    if only is not None:
        rows = rows.filter(pk__in=list(only))
    return rows.order_by(rank, "asked_at", "pk")


def _safely(pk: int, ports: Ports, until: float) -> Iterator[dict[str, Any]]:
    if ports.monotonic() >= until:
        return
    try:
        found = _answer(pk, ports)
    except AnsweredError as error:
        logger.info("question %s: %s", pk, error)
    except Exception:
        logger.exception("question %s could not be answered", pk)
    else:
        if found is not None:
            yield found


def claim(pk: int, now: datetime) -> Question | None:
    """Takes a waiting question for as long as its answer may take; None when somebody was first."""
    question = Question.objects.filter(pk=pk, state=State.WAITING).first()
    if question is None:
        return None
    until = deadline(question.rule, question.urgency, ai_until=question.ai_until, now=now)
    claimed = max(until, now) + SPARE
    mine = Question.objects.filter(pk=pk, state=State.WAITING, tries=question.tries)
    if not mine.update(state=State.ASKING, claimed_until=claimed, tries=F("tries") + 1):
        return None
    rows = Question.objects.select_related("position__market")
    return rows.filter(pk=pk, state=State.ASKING, claimed_until=claimed).first()


def _answer(pk: int, ports: Ports) -> dict[str, Any] | None:
    question = claim(pk, ports.now())
    if question is None:
        return None
    ports.step("claimed")
    facts = gather.facts_of(question, ports.now())
    if facts is None:  # closed meanwhile: upkeep ends it
        settling.put_off(question, "", until=ports.now())
        return None
    found = ports.asked(question.position)
    model = found[0].model("decide") if found else ""
    known = cache.keys(question.position_id, facts, model)
    mine = Question.objects.filter(pk=pk, claimed_until=question.claimed_until)
    mine.update(evidence_key=known.own)
    ports.step("seen")
    settled = judge(Matter(question, facts, view(facts), found, known, model), ports)
    ports.step("settled")
    question.refresh_from_db()
    return as_json(question, settled)


def as_json(question: Question, settled: Settled) -> dict[str, Any]:
    """A line of `monitor --json`'s decisions; verdict "" while there is none."""
    decision = settled.decision
    return {
        "position": question.position_id,
        "question": question.pk,
        "rule": question.rule,
        "verdict": decision.verdict if decision else "",
        "confidence": confidence_text(decision.confidence) if decision else "",
        "by": by(decision),
        "state": question.state,
        "text": settled.text,
        "evidence": list(decision.evidence) if decision else [],
    }
