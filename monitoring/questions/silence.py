"""What it means that nobody answered. Pure: the table of docs/decisions/questions.md."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from monitoring.models import Decision, Question
from monitoring.questions.telling import sources
from positions.models import AdvicePolicy

PRICE_RULES = frozenset({Question.Rule.SOFT_STOP, Question.Rule.ADVERSE_MOVE})
NEWS_SOURCES = 2


@dataclass(frozen=True, slots=True)
class Silence:
    """Whether it is sold; where not, `why` in a few words."""

    sells: bool
    why: str = ""


def sells_unanswered(
    question: Question, decision: Decision | None, policy: AdvicePolicy
) -> Silence:
    """What the position's policy makes of a question that its deadline has passed.

    Silence sells where the person said so and there is a ground that needs no trust in strangers:
    a price rule that fired, or a decision to sell that is sure enough and rests on two publishers
    or on the price. News of which nothing valid was said sells nothing.
    """
    if policy.if_unanswered != AdvicePolicy.Unanswered.SELL:
        return Silence(False, _("held"))
    if decision is None or decision.verdict == Decision.Verdict.ASK:
        if question.rule in PRICE_RULES:
            return Silence(True)
        return Silence(False, _("held, because no AI has judged it"))
    if decision.verdict == Decision.Verdict.HOLD:
        return Silence(False, _("held, as the AI said"))
    if decision.confidence is None or decision.confidence < policy.min_confidence:
        return Silence(False, _("held, because the AI was not sure enough"))
    if question.rule not in PRICE_RULES and not _verified(decision):
        return Silence(False, _("held, because it rests on one source only"))
    return Silence(True)


def _verified(decision: Decision) -> bool:
    """Two publishers, or the price itself, which strangers do not write."""
    cited = [item for item in decision.evidence if isinstance(item, dict)]
    return sources(decision) >= NEWS_SOURCES or any(item.get("kind") == "price" for item in cited)
