"""Why there is no answer, and what was decided, in words for a person."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring.advisor.port import Failure
from monitoring.advisor.telling import WHY, label
from monitoring.models import Decision
from monitoring.questions.telling import confidence_text

RULES = "rules"  # who "decides" where no AI has
MISSING: Mapping[str, Promise] = {
    Failure.REFUSED: gettext_lazy("it refuses to answer this question"),
    Failure.BAD_REQUEST: gettext_lazy("it does not understand what we ask"),
    Failure.TRUNCATED: gettext_lazy("its answer was cut off"),
    Failure.INVALID_OUTPUT: gettext_lazy("its answer did not pass our checks"),
    Failure.OVER_BUDGET: gettext_lazy("the daily budget leaves no room"),
    Failure.BREAKER_OPEN: gettext_lazy("it is left alone after its failures"),
    **WHY,
}
DAILY = gettext_lazy("the day's decisions for this position are used up")
TOO_LATE = gettext_lazy("there was no time left")
JUST_FAILED = gettext_lazy("it failed on the same a moment ago")


def nobody(*, demo: bool = False) -> str:
    """Where no provider is set up; of a `demo` position nobody real is ever asked."""
    if demo:
        return _("Rules (no AI): the demo has no recorded answer to this. You decide.")
    return _("Rules (no AI): no AI is set up, so nobody has judged this. You decide.")


def missing(why: Promise, provider: str = "") -> str:
    """`The AI gave no answer (Anthropic: it is overloaded).`"""
    named = f"{label(provider)}: {why}" if provider else str(why)
    return _("The AI gave no answer (%(why)s).") % {"why": named}


def summary(decision: Decision) -> str:
    """`SELL 0.86, thesis broken: why it says so`, as the journal tells it."""
    head = " ".join(filter(None, (decision.verdict.upper(), confidence_text(decision.confidence))))
    if decision.thesis_status:
        head += _(", thesis %(status)s") % {"status": decision.thesis_status}
    return f"AI: {head}: {decision.reasoning}" if decision.reasoning else f"AI: {head}"


def by(decision: Decision | None) -> str:
    """Who decided, as `monitor --json` names it; "" where nobody has."""
    if decision is None:
        return ""
    if decision.provider == RULES:
        return "Rules (no AI)"
    return " ".join(filter(None, (decision.provider, decision.model)))
