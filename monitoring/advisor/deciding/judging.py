"""One claimed question: an answer of before, the providers', or what the policy says without one."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring.advisor import gate
from monitoring.advisor.budget import cap
from monitoring.advisor.deciding import cache, calling, gather, hours, settling
from monitoring.advisor.deciding.policy import (
    TOO_LITTLE,
    TRIES,
    Lack,
    Without,
    deadline,
    pressing,
    wait,
    without_answer,
)
from monitoring.advisor.deciding.settling import Answer, Settled
from monitoring.advisor.deciding.view import Facts, View
from monitoring.advisor.deciding.words import DAILY, JUST_FAILED, MISSING, TOO_LATE, missing, nobody
from monitoring.advisor.port import Failure, Provider
from monitoring.advisor.providers import chain_for
from monitoring.models import Decision, Question
from monitoring.questions.moving import AnsweredError
from positions.models import Position
from positions.services import advice_of

State = Question.State


def nothing(_step: str) -> None:
    """Does nothing at a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """`providers`: whom to ask about a position; `step` is called with `claimed`, `seen`, `asked`
    and `settled`, so that a test may die there.
    """

    now: Callable[[], datetime] = timezone.now
    monotonic: Callable[[], float] = time.monotonic
    nonce: Callable[[], str] = lambda: secrets.token_hex(8)
    providers: Callable[[Position], Sequence[Provider]] = lambda position: chain_for(
        position, "decide"
    )
    step: Callable[[str], None] = nothing

    def asked(self, position: Position) -> Sequence[Provider]:
        """Who is asked about it: nobody where the cap is zero, which turns the AI off."""
        found = self.providers(position)
        return found if cap() or any(one.demo for one in found) else ()

    @property
    def clocks(self) -> gate.Ports:
        """The gate's clocks."""
        return gate.Ports(self.now, self.monotonic)


@dataclass(frozen=True, slots=True)
class Matter:
    """A claimed question with all that is known of it. `model`: the first provider's."""

    question: Question
    facts: Facts
    view: View
    providers: Sequence[Provider]
    keys: cache.Keys
    model: str


def judge(matter: Matter, ports: Ports) -> Settled:
    """Answers it. Raises AnsweredError where the question has changed meanwhile."""
    question, now = matter.question, ports.now()
    if not matter.providers:
        text = nobody(demo=question.position.is_demo)
        return _without(matter, Failure.NO_KEY, text, ports)
    sells = hours.by_itself(advice_of(question.position_id), now)
    before = cache.reusable(
        question.position_id,
        matter.keys,
        model=matter.model,
        urgency=question.urgency,
        sells=sells,
        now=now,
    )
    if before is not None:
        return settling.settle(question, _again(matter, before), now=now)
    lack = _not_asked(matter, now)
    if lack is not None:
        failure, why = lack
        return _without(matter, failure, why, ports)
    return _ask(matter, ports)


def _not_asked(matter: Matter, now: datetime) -> tuple[Failure, str] | None:
    """Why nobody is asked at all: too late, begun too often, failed a moment ago, the day's number
    for one position is used up, or no money is left for what has time.
    """
    question = matter.question
    until = deadline(question.rule, question.urgency, ai_until=question.ai_until, now=now)
    if (until - now).total_seconds() < TOO_LITTLE or question.tries > TRIES:
        return Failure.TIMEOUT, missing(TOO_LATE)
    if cache.failed_lately(question.position_id, matter.keys, now):
        return Failure.TIMEOUT, missing(JUST_FAILED)
    if gather.used_up(question, now):
        return Failure.OVER_BUDGET, missing(DAILY)
    if question.rule == Question.Rule.REVIEW and not gather.to_spare(now):
        return Failure.OVER_BUDGET, missing(MISSING[Failure.OVER_BUDGET])
    return None


def _again(matter: Matter, before: Decision) -> Answer:
    """A decision of before as the answer to this question."""
    return Answer(
        verdict=before.verdict,
        confidence=before.confidence,
        thesis_status=before.thesis_status,
        reasoning=before.reasoning,
        against=before.against,
        evidence=before.evidence,
        provider=before.provider,
        model=before.model,
        prompt_version=before.prompt_version,
        thesis_version=before.thesis_version,
        evidence_key=matter.keys.own,
        cached_from=before,
        seen_at=before.at,
        bid=matter.facts.bid,
    )


def _ask(matter: Matter, ports: Ports) -> Settled:
    question, seen_at = matter.question, matter.facts.now
    until = deadline(question.rule, question.urgency, ai_until=question.ai_until, now=ports.now())
    said = calling.put(
        question,
        matter.view,
        providers=matter.providers,
        until=until,
        nonce=ports.nonce(),
        ports=ports.clocks,
    )
    ports.step("asked")
    outcome, made = said.outcome, said.decision
    if made is None:
        failure = said.failure or Failure.INVALID_OUTPUT
        gate.note_outcome(outcome.call, f"no decision: {failure} {said.detail}".strip())
        theirs = failure != Failure.OVER_BUDGET  # which is our own cap
        why = missing(MISSING[failure], outcome.provider if theirs else "")
        return _without(matter, failure, why, ports, outcome.reply.retry_after)
    answer = Answer(
        verdict=made.decision.lower(),
        confidence=made.confidence,
        thesis_status=made.thesis_status,
        reasoning=made.reasoning,
        against=made.against,
        evidence=matter.view.cited(made.evidence_ids),
        provider=outcome.provider,
        model=outcome.call.model if outcome.call else "",
        call=outcome.call,
        thesis_version=matter.facts.thesis_version,
        evidence_key=matter.keys.own,
        seen_at=seen_at,
        bid=matter.facts.bid,
        fallback=outcome.fallback,
        demo=outcome.demo,
    )
    try:
        settled = settling.settle(question, answer, now=ports.now())
    except AnsweredError as error:
        gate.note_outcome(outcome.call, f"void: {error}")
        raise
    gate.note_outcome(outcome.call, f"{question.state}: {made.decision} {made.confidence}")
    return settled


def _without(
    matter: Matter,
    failure: Failure,
    why: str,
    ports: Ports,
    retry_after: float | None = None,
) -> Settled:
    """What the policy table says where there is no answer."""
    question, now = matter.question, ports.now()
    lack = Lack(
        rule=question.rule,
        urgency=question.urgency,
        failure=failure,
        tries=question.tries,
        now=now,
        ai_until=question.ai_until,
        fail_action=settings.AI_FAIL_ACTION,
        anyone=bool(matter.providers),
    )
    then, bid = without_answer(lack), matter.facts.bid
    if then == Without.AGAIN:
        return settling.put_off(question, why, until=now + wait(retry_after))
    if then == Without.ASK:
        return settling.hand_over(question, why, bid=bid, now=now)
    if then == Without.SELL:
        return settling.fail_and_sell(question, why, bid=bid, now=now)
    if then == Without.HOLD:
        text = _("%(why)s Held; the hard stop stays armed.") % {"why": why}
        urgency = "high" if pressing(question.rule, question.urgency) else "medium"
        return settling.end(question, State.HELD, text, urgency=urgency, now=now)
    if then == Without.OVERDUE:
        text = _("Review overdue. %(why)s") % {"why": why}
        return settling.end(question, State.EXPIRED, text, urgency="medium", now=now)
    urgency = "low" if then == Without.SHOW else "medium"
    return settling.end(question, State.EXPIRED, why, urgency=urgency, now=now)
