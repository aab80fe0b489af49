"""What comes of an answer, or of none: one transaction with its journal entry, or nothing at all.

A question that has changed while it was answered (a person was first, the position was sold, more
evidence came) raises AnsweredError: nothing is written, nothing is sold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from monitoring.advisor.deciding import gather, guards, hours
from monitoring.advisor.deciding.policy import TRIES
from monitoring.advisor.deciding.prompt import VERSION
from monitoring.advisor.deciding.words import RULES, summary
from monitoring.models import AICall, Decision, Question
from monitoring.questions.answering import seeking
from monitoring.questions.asking import AI_SECONDS, close, open_to_person
from monitoring.questions.moving import AnsweredError, move
from monitoring.questions.selling import refuses, sell
from monitoring.questions.telling import decided, told
from positions import journal
from positions.locks import hold_book
from positions.services import ServiceError, advice_of

State, Verdict = Question.State, Decision.Verdict
WATCH = "watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A valid answer and what it was seen on: the view of `seen_at`, with `bid`."""

    verdict: str
    confidence: Decimal | None
    thesis_status: str
    reasoning: str
    against: str
    evidence: Sequence[Any]
    provider: str
    model: str
    seen_at: datetime
    bid: Decimal | None
    thesis_version: int
    evidence_key: str = ""
    prompt_version: str = VERSION
    call: AICall | None = None
    cached_from: Decision | None = None
    fallback: bool = False
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """`decision` None: none was written; `limits`: why it was not sold without a person."""

    decision: Decision | None
    text: str
    limits: Sequence[str] = field(default=())


def settle(question: Question, answer: Answer, *, now: datetime) -> Settled:
    """Writes the decision down and does what follows from it. `question`: claimed, as read then."""
    with transaction.atomic():
        hold_book()
        decision = _written(question, answer, now)
        found = _follow(question, decision, answer, now)
        journal.append(decided(question, decision, found.text, now))
    return found


def _written(question: Question, answer: Answer, now: datetime) -> Decision:
    return Decision.objects.create(
        question=question,
        position_id=question.position_id,
        call=answer.call,
        cached_from=answer.cached_from,
        provider=answer.provider[:40],
        model=answer.model[:100],
        prompt_version=answer.prompt_version,
        thesis_version=answer.thesis_version,
        evidence_key=answer.evidence_key,
        verdict=answer.verdict,
        confidence=answer.confidence,
        thesis_status=answer.thesis_status,
        reasoning=answer.reasoning,
        against=answer.against,
        evidence=list(answer.evidence),
        bid=answer.bid,
        at=now,
    )


def _follow(question: Question, decision: Decision, answer: Answer, now: datetime) -> Settled:
    text = summary(decision)
    if decision.verdict == Verdict.HOLD:
        close(question, State.HELD, now=now, by=WATCH, outcome=text)
        return Settled(decision, text)
    limits: list[str] = []
    policy = advice_of(question.position_id)
    if seeking(decision):
        limits = hours.outside(policy)
    if seeking(decision) and hours.by_itself(policy, now):
        found = _by_itself(question, decision, answer, now)
        if isinstance(found, Settled):
            return found
        limits = found
    open_to_person(question, now=now, limits=limits, text=text)
    return Settled(decision, text, limits)


def _by_itself(
    question: Question, decision: Decision, answer: Answer, now: datetime
) -> Settled | list[str]:
    """Sells, or has it asked again where time, the price or a new thesis has made the answer void;
    else why a person is asked.
    """
    policy, price = advice_of(question.position_id), gather.price_of(question.position, now)
    house = gather.house_of(question.position, now)
    judged = guards.Judged(
        rule=question.rule,
        confidence=answer.confidence,
        evidence=answer.evidence,
        seen_at=answer.seen_at,
        bid=answer.bid,
        before=gather.before(question, now, list(answer.evidence)),
        thesis_version=answer.thesis_version,
        fallback=answer.fallback,
        demo=answer.demo,
    )
    limits = guards.limits(judged, price, house, policy, now)
    if not limits:
        try:
            sell(question, now=now, by=WATCH, decision=decision)
            return Settled(decision, summary(decision))
        except AnsweredError:
            raise
        except ServiceError as error:
            question.refresh_from_db()
            return [refuses(error)]
    fresh = replace(judged, seen_at=now, bid=price.bid, thesis_version=house.thesis_version)
    only_void = not guards.limits(fresh, price, house, policy, now)
    if only_void and question.tries < TRIES and not gather.used_up(question, now):
        # With its whole time: an answer that came late would else leave none for the next.
        until = now + timedelta(seconds=AI_SECONDS[question.rule])
        move(question, State.WAITING, not_before=now, ai_until=until)
        return Settled(decision, _("asked again: %(why)s") % {"why": " ".join(limits)}, limits)
    return limits


def hand_over(
    question: Question, why: str, *, bid: Decimal | None, now: datetime, limits: Sequence[str] = ()
) -> Settled:
    """Nobody has judged it: a person decides, with a card that says so."""
    with transaction.atomic():
        hold_book()
        decision = Decision.objects.create(
            question=question,
            position_id=question.position_id,
            provider=RULES,
            verdict=Verdict.ASK,
            reasoning=why,
            evidence_key="",
            bid=bid,
            at=now,
        )
        open_to_person(question, now=now, limits=limits, text=why)
        journal.append(decided(question, decision, why, now))
    return Settled(decision, why, limits)


def end(question: Question, state: str, why: str, *, urgency: str, now: datetime) -> Settled:
    """Nobody has judged it, and nobody is asked: held, expired, overdue."""
    with transaction.atomic():
        hold_book()
        close(question, state, now=now, by=WATCH, outcome=why)
        entry = told("ai_expired", why, question, question.position, now, urgency=urgency)
        journal.append(entry)
    return Settled(None, why)


def put_off(question: Question, why: str, *, until: datetime) -> Settled:
    """It is asked again from `until` on. Nothing is told: nothing has happened."""
    move(question, State.WAITING, not_before=until)
    return Settled(None, why)


def fail_and_sell(question: Question, why: str, *, bid: Decimal | None, now: datetime) -> Settled:
    """`AI_FAIL_ACTION=sell`: all of it, at a price that may be sold at; else a person decides."""
    price = gather.price_of(question.position, now)
    limits = list(guards.usable(price, now))
    if not limits:
        text = _("%(why)s Sold, as AI_FAIL_ACTION says.") % {"why": why}
        try:
            with transaction.atomic():
                hold_book()
                exit_ = sell(question, now=now, by=WATCH, decision=None, outcome=text)
                entry = told("ai_expired", text, question, question.position, now, urgency="high")
                entry.data |= {"exit": exit_.pk}
                journal.append(entry)
            return Settled(None, text)
        except AnsweredError:
            raise
        except ServiceError as error:
            question.refresh_from_db()
            limits = [refuses(error)]
    return hand_over(question, why, bid=bid, now=now, limits=limits)
