"""What it means that nobody answered: the table of docs/decisions/questions.md. Asks no database.

A price rule that fired is a ground of its own. News is none until it is judged: it sells nothing
without a decision that is sure enough and that two publishers, or the price, bear out.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _

from monitoring.models import Decision, Question
from monitoring.questions.bids import fell, moved
from monitoring.questions.evidence import headlines, publishers
from positions.models import AdvicePolicy

PRICE_RULES = frozenset({Question.Rule.SOFT_STOP, Question.Rule.ADVERSE_MOVE})
PUBLISHERS = 2
FALLBACK = "openai_compatible"  # its answers sell nothing by themselves unless settings allow it


@dataclass(frozen=True, slots=True)
class Silence:
    """Whether it is sold, as the decision says or all; where not, `why` in a few words."""

    sells: bool
    why: str = ""


def sells_unanswered(
    question: Question,
    decision: Decision | None,
    policy: AdvicePolicy,
    *,
    bid: Decimal | None = None,
    thesis_version: int = 0,
) -> Silence:
    """What silence means for a question of which `decision` is the latest. `bid`: the usable bid
    of now, where there is one; `thesis_version`: that of now. The question's position and market
    must have been read with it.
    """
    why = _kept(question, decision, policy, bid, thesis_version)
    return Silence(not why, why)


def _kept(
    question: Question,
    decision: Decision | None,
    policy: AdvicePolicy,
    bid: Decimal | None,
    thesis_version: int,
) -> str:
    if policy.if_unanswered != AdvicePolicy.Unanswered.SELL:
        return _("held")
    if decision is not None and decision.verdict == Decision.Verdict.HOLD:
        return _("held, as the AI said")
    if _rose(question, decision, bid):
        return _("held, because the price has risen by more than 3 cents")
    if question.rule in PRICE_RULES:
        return ""
    if decision is None or decision.verdict == Decision.Verdict.ASK:
        return _("held, because no AI has judged it")
    if decision.thesis_version != thesis_version:
        return _("held, because the thesis has been changed since")
    return _doubted(question, decision, policy, bid)


def _doubted(
    question: Question, decision: Decision, policy: AdvicePolicy, bid: Decimal | None
) -> str:
    """Why a decision to sell that no price rule bears out is not trusted without a person."""
    if decision.provider == FALLBACK and not settings.AI_FALLBACK_MAY_SELL:
        return _("held, because the fallback provider may not sell by itself")
    if decision.confidence is None or decision.confidence < policy.min_confidence:
        return _("held, because the AI was not sure enough")
    news = question.rule == Question.Rule.AI_ALERT or headlines(decision.evidence)
    borne_out = fell(question.position.market, question.bid, bid)
    if news and not borne_out and len(publishers(decision.evidence)) < PUBLISHERS:
        return _("held, because it rests on the news of one publisher")
    return ""


def _rose(question: Question, decision: Decision | None, bid: Decimal | None) -> bool:
    decided: Decimal | None = decision.bid if decision is not None else None
    before = question.bid if decided is None else decided
    if before is None or bid is None:
        return False
    return bid > before and moved(question.position.market, before, bid)
