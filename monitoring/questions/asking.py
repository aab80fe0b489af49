"""Raising a question, and what the AI stage does with it; each in the caller's or its own transaction.

One question a position and rule is live at a time. A second trigger joins it: it adds what is new,
and has the AI asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from monitoring.alerts.deciding.topics import louder
from monitoring.models import Headline, Question, Trigger
from monitoring.questions.moving import move, shut
from monitoring.questions.telling import asked
from positions import journal
from positions.locks import hold_book
from positions.models import JournalEntry, Position
from positions.services import ServiceError, advice_of

# How long the AI has, in seconds from the moment the rule asked.
AI_SECONDS: Mapping[str, int] = {
    "soft_stop": 30,
    "adverse_move": 30,
    "ai_alert": 60,
    "review": 120,
    "asked": 60,
}
# What the journal calls it: news is an alert of its own, and whoever asks by hand knows that he did.
KINDS: Mapping[str, str] = {"ai_alert": "ai_alert", "review": "ai_asked", "asked": "ai_asked"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a question is asked. `bid` and `level` a share; `ai_seconds` None: the rule's own."""

    rule: str
    urgency: str
    reason: str
    bid: Decimal | None = None
    level: Decimal | None = None
    trigger: Trigger | None = None
    headlines: Iterable[Headline] = ()
    asked_by: str = ""
    ai_seconds: float | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def raise_question(
    *,
    position_id: int,
    rule: str,
    urgency: str,
    reason: str,
    now: datetime,
    bid: Decimal | None = None,
    level: Decimal | None = None,
    trigger: Trigger | None = None,
    headlines: Iterable[Headline] = (),
    asked_by: str = "",
    ai_seconds: float | None = None,
    data: Mapping[str, Any] | None = None,
) -> Question:
    """A question about an open position, or the live one of the same rule, joined; told in the
    journal (`ask`, of news `ai_alert`, by hand and reviews `ai_asked`), with `data` besides its own.

    Raises ServiceError when the position is closed or gone.
    """
    cause = Cause(
        rule=rule,
        urgency=urgency,
        reason=reason,
        bid=bid,
        level=level,
        trigger=trigger,
        headlines=headlines,
        asked_by=asked_by,
        ai_seconds=ai_seconds,
        data=data or {},
    )
    with transaction.atomic():
        hold_book()
        rows = Position.objects.select_related("market")
        position = rows.filter(pk=position_id, state=Position.State.OPEN).first()
        if position is None:
            raise ServiceError(_("This position is closed already: there is nothing to ask about."))
        question = put(position, cause, now)
        journal.append(entry_of(question, cause, now))
    return question


def put(position: Position, cause: Cause, now: datetime) -> Question:
    """The row, new or joined; inside the transaction of a caller that holds the book and writes
    `entry_of`.
    """
    live = Question.objects.select_for_update(of=("self",), no_key=True).filter(
        position=position, rule=cause.rule, state__in=Question.LIVE
    )
    question = live.first() or Question(position=position, rule=cause.rule, asked_at=now)
    seconds = AI_SECONDS[cause.rule] if cause.ai_seconds is None else cause.ai_seconds
    if louder(cause.urgency, question.urgency) or not question.urgency:
        question.urgency = cause.urgency  # what joins a critical question does not calm it
    question.reason = cause.reason[:500]
    question.bid, question.level = cause.bid, cause.level
    question.trigger = cause.trigger or question.trigger
    question.asked_by = cause.asked_by[:150] or question.asked_by
    # What is new is asked about anew, even while the AI is at the older evidence: its claim ends.
    question.state, question.claimed_until = Question.State.WAITING, None
    question.tries, question.not_before = 0, None
    question.ai_until = now + timedelta(seconds=seconds)
    question.save()
    question.headlines.add(*cause.headlines)
    return question


def entry_of(question: Question, cause: Cause, now: datetime) -> JournalEntry:
    """What the journal says of a question that was raised or joined; not yet written."""
    entry = asked(
        question,
        cause.reason,
        now,
        kind=KINDS.get(cause.rule, "ask"),
        actor=cause.asked_by or "watch",
        urgency=cause.urgency,
    )
    entry.data |= dict(cause.data)
    return entry


def waiting(question: Question) -> dict[str, Any]:
    """The question as `monitor --json` shows it while nobody has answered."""
    return {
        "position": question.position_id,
        "question": question.pk,
        "rule": question.rule,
        "verdict": "ask",
        "by": "",
        "state": str(question.state),
        "text": question.reason,
    }


def open_to_person(
    question: Question, *, now: datetime, limits: Iterable[str] = (), text: str = ""
) -> None:
    """A person decides, within the minutes of the position's AI policy. `limits`: sentences that
    say why it was not sold by itself; `text`: why a person is asked.

    The deadline of one that was open before moves only where silence holds: where silence sells,
    new evidence must not put the sale off for ever. The journal entry is the caller's. Raises
    AnsweredError when the question is no longer as the caller read it.
    """
    policy = advice_of(question.position_id)
    until = now + timedelta(minutes=policy.answer_minutes)
    if question.answer_until is not None and policy.if_unanswered == policy.Unanswered.SELL:
        until = question.answer_until
    move(
        question,
        Question.State.OPEN,
        answer_until=until,
        limits=[str(limit) for limit in limits],
        outcome=text[:300],
    )


def close(question: Question, state: str, *, now: datetime, by: str, outcome: str) -> None:
    """Closes the question (held, expired, overtaken); the journal entry is the caller's.

    Raises AnsweredError when the question is no longer as the caller read it.
    """
    shut(question, state, now=now, by=by, outcome=outcome)
