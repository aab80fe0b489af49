"""What follows from a SELL or REDUCE: an exit like one by hand, carried out by the next pass."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.models import Decision, Question
from monitoring.questions.bids import bid_now
from monitoring.questions.moving import shut
from monitoring.questions.overtaking import overtake
from monitoring.questions.telling import said
from positions import journal
from positions.domain.pnl import floor_shares
from positions.domain.policy import HUNDRED
from positions.models import Exit, Position
from positions.services import ServiceError, advice_of, check_request
from positions.services.base import take
from positions.services.closing import AI_EXIT, Order, decide

Verdict = Decision.Verdict


def sell(
    question: Question,
    *,
    now: datetime,
    by: str,
    decision: Decision | None,
    state: str = Question.State.ACTED,
    outcome: str = "",
) -> Exit:
    """Decides the exit that follows from the decision: all, or the policy's part on REDUCE; without
    a decision, or one that asks, all. Closes the question as `state`, a sale of everything the
    position's others too, and asks for a pass.

    `by`: who decided (`watch`, or a person). Raises AnsweredError where somebody was first, and
    ServiceError where nothing can be sold (paused, selling already, below the market's minimum).
    """
    with transaction.atomic():
        position = take(question.position_id, None)
        text = outcome or _("sold by itself")
        shut(question, state, now=now, by=by, outcome=text)
        order = Order(
            rule=AI_EXIT,
            reason=reason(question, decision, text),
            shares=part(position, decision),
            bid=bid_now(position.pk, now).bid,
            facts=grounds(question, decision),
        )
        exit_ = decide(position, order, actor=by, now=now)
        Question.objects.filter(pk=question.pk).update(exit=exit_)
        question.exit = exit_
        if exit_.shares >= floor_shares(position.shares):
            journal.append_all(overtake(position, now=now, by=AI_EXIT))
    check_request(now=now)
    return exit_


def part(position: Position, decision: Decision | None) -> Decimal | None:
    """The shares that are sold, None for all. A part that is too small for the market becomes the
    smallest that it takes; one whose rest would be too small, all.
    """
    if decision is None or decision.verdict != Verdict.REDUCE:
        return None
    least = position.market.min_size or Decimal(0)
    share = floor_shares(position.shares * advice_of(position.pk).reduce_pct / HUNDRED)
    wanted = max(share, least)
    rest = position.shares - wanted
    return None if wanted <= 0 or rest <= 0 or rest < least else wanted


def grounds(question: Question, decision: Decision | None) -> dict[str, Any]:
    """What is told of the sale besides its figures; texts of strangers are data, never markup."""
    told: dict[str, Any] = {"question_id": question.pk, "asked_for": question.rule}
    return told | (said(decision) if decision is not None else {})


def reason(question: Question, decision: Decision | None, outcome: str) -> str:
    """`AI: SELL 0.86, “CPI surprise…” (2 sources); approved by ann`: the exit's own reason."""
    if decision is None or decision.verdict == Verdict.ASK:
        head = question.reason
    else:
        words = said(decision)
        head = " ".join(filter(None, ("AI:", decision.verdict.upper(), words["confidence"])))
        if words["quote"]:
            head += _(", “%(quote)s”") % {"quote": words["quote"]}
        if words["sources"]:
            count = ngettext("%(n)s source", "%(n)s sources", words["sources"])
            head += f" ({count % {'n': words['sources']}})"
    return f"{head}; {outcome}"


def refuses(error: ServiceError) -> str:
    """A refused sale as one sentence of a question's outcome."""
    return _("not sold: %(why)s") % {"why": str(error)}
