"""What the journal says of questions and decisions. `question` is the market's question, in words, as
in every entry about a position; the row's id is `question_id`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from monitoring.models import Decision, Question
from monitoring.questions.evidence import headlines, sources
from monitoring.questions.silence import sells_unanswered
from positions import journal
from positions.domain.pnl import plain
from positions.models import JournalEntry, Position
from positions.services import advice_of, facts, thesis_version

CENT = Decimal("0.01")
QUOTE_MAX = 160


def told(
    kind: str,
    text: str,
    question: Question,
    position: Position,
    now: datetime,
    *,
    actor: str = "watch",
    urgency: str = "low",
) -> JournalEntry:
    """An entry about a question, not yet written."""
    data = facts(position) | {"question_id": question.pk, "rule": question.rule}
    return journal.entry(
        kind,
        text,
        at=now,
        position=position,
        urgency=urgency,
        rule=question.rule,
        actor=actor,
        data=data,
    )


def decided(question: Question, decision: Decision, text: str, now: datetime) -> JournalEntry:
    """`ai_decision`, not yet written; to be made after the question has moved on. `text`: one
    sentence. As urgent as the question while a person is to decide, at least high; else low.
    """
    waits = question.state == Question.State.OPEN
    urgency = "critical" if question.urgency == "critical" else "high"
    entry = told(
        "ai_decision",
        text,
        question,
        question.position,
        now,
        urgency=urgency if waits else "low",
    )
    entry.data |= said(decision) | {
        "state": question.state,
        "bid": None if decision.bid is None else plain(decision.bid),
    }
    if waits and question.answer_until is not None:  # rings in quiet hours too
        entry.data["deadline"] = stamp(question.answer_until)
        entry.data["unanswered"] = unanswered(question, decision)
    return entry


def unanswered(question: Question, decision: Decision) -> str:
    """What comes when nobody answers, in a few words, by the policy and the thesis of now."""
    position = question.position_id
    silence = sells_unanswered(
        question, decision, advice_of(position), thesis_version=thesis_version(position)
    )
    return _("sold") if silence.sells else silence.why


def asked(
    question: Question, reason: str, now: datetime, *, kind: str, actor: str, urgency: str
) -> JournalEntry:
    """That a rule asks, not yet written. `verdict`: what was said of the question before, for one
    that was joined; where no AI can be asked a person is to answer, and by when.
    """
    entry = told(kind, reason, question, question.position, now, actor=actor, urgency=urgency)
    entry.data |= {
        "level": None if question.level is None else plain(question.level),
        "bid": None if question.bid is None else plain(question.bid),
    }
    before = question.decisions.order_by("-id").first()
    if before is not None:
        entry.data["verdict"] = before.verdict
    elif kind == "ask" and not somebody_judges():
        minutes = advice_of(question.position_id).answer_minutes
        entry.data |= {
            "verdict": Decision.Verdict.ASK,
            "deadline": stamp(now + timedelta(minutes=minutes)),
        }
    return entry


def somebody_judges() -> bool:
    """Whether any AI is set up; otherwise every question is a person's."""
    fallback = settings.AI_FALLBACK_URL and settings.AI_FALLBACK_MODEL
    return bool(settings.ANTHROPIC_API_KEY.strip() or fallback)


def stamp(at: datetime) -> str:
    """ISO 8601 with Z, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def said(decision: Decision) -> dict[str, Any]:
    """Verdict, confidence as `0.86`, who judged, the first headline cited, how many sources."""
    news = headlines(decision.evidence)
    return {
        "decision": decision.pk,
        "verdict": decision.verdict,
        "confidence": confidence_text(decision.confidence),
        "by": " ".join(filter(None, (decision.provider, decision.model))),
        "sources": sources(decision.evidence),
        "quote": str(news[0].get("text", ""))[:QUOTE_MAX] if news else "",
        "thesis_status": decision.thesis_status,
    }


def confidence_text(confidence: Decimal | None) -> str:
    """`0.86`; "" where nobody has said how sure he is."""
    if confidence is None:
        return ""
    return f"{confidence.quantize(CENT, rounding=ROUND_HALF_EVEN):f}"
