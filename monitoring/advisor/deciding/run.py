"""Answers the questions that wait: one after the other, beside the pass, which never waits for it.

    claim (one conditional UPDATE: two workers never both ask)
      -> view (reads) -> an answer of before | the providers, outside any transaction
        -> settling (decision, what follows from it, journal: one transaction)

Killed anywhere, it is run again: a claim ends by itself, an answer that was not written is asked for
anew, and what was written was written whole.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from monitoring.advisor.deciding import cache, gather, settling
from monitoring.advisor.deciding.judging import Matter, Ports, judge
from monitoring.advisor.deciding.policy import (
    deadline,
)
from monitoring.advisor.deciding.settling import Settled
from monitoring.advisor.deciding.view import view
from monitoring.advisor.deciding.words import by
from monitoring.advisor.port import Provider
from monitoring.models import Question
from monitoring.questions.moving import AnsweredError
from monitoring.questions.telling import confidence_text
from monitoring.questions.upkeep import upkeep

__all__ = ("Ports", "claim", "decide_due")

logger = logging.getLogger(__name__)

State = Question.State
MOST = 20
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
) -> list[dict[str, Any]]:
    """Answers at most `most` waiting questions (of `questions`, if given), the most urgent first,
    after what time alone brings to all. Returns one dict for each, as `monitor --json` shows it:
    position, question, rule, verdict, confidence, by, state, text, evidence.

    One that breaks stops no other: its claim ends by itself. Raises DatabaseError.
    """
    if not Question.objects.filter(state__in=Question.LIVE).exists():
        return []
    ports = ports or Ports(
        now=clock or timezone.now,
        providers=Ports().providers if providers is None else lambda _position: providers,
    )
    upkeep(now=ports.now())
    until, done = ports.monotonic() + RUN_SECONDS, []
    for pk in list(_due(ports.now(), questions).values_list("pk", flat=True)[:most]):
        if ports.monotonic() >= until:
            break
        done += list(_safely(pk, ports))
    return done


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


def _safely(pk: int, ports: Ports) -> Iterator[dict[str, Any]]:
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
    mine = Question.objects.filter(pk=pk, state=State.WAITING, tries=question.tries)
    if not mine.update(
        state=State.ASKING, claimed_until=max(until, now) + SPARE, tries=F("tries") + 1
    ):
        return None
    rows = Question.objects.select_related("position__market")
    return rows.filter(pk=pk, state=State.ASKING).first()


def _answer(pk: int, ports: Ports) -> dict[str, Any] | None:
    question = claim(pk, ports.now())
    if question is None:
        return None
    ports.step("claimed")
    facts = gather.facts_of(question, ports.now())
    if facts is None:  # closed meanwhile: upkeep ends it
        settling.put_off(question, "", until=ports.now())
        return None
    found = ports.providers(question.position)
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
