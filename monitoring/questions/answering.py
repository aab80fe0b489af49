"""What a person does with a question: approve, decline, take a decline back. One answer counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from monitoring.models import Decision, Question
from monitoring.questions.asking import AI_SECONDS
from monitoring.questions.bids import BidNow, bid_now, in_words, moved
from monitoring.questions.moving import AnsweredError, already, move, shut
from monitoring.questions.selling import sell
from monitoring.questions.telling import said, told
from positions import journal
from positions.domain.pnl import plain
from positions.locks import hold_book
from positions.models import Exit, Position
from positions.services import ConfirmationNeededError, ServiceError, advice_of

State = Question.State


def approve(
    *,
    question_id: int,
    actor: str,
    now: datetime,
    seen_bid: Decimal | None = None,
    confirmed: bool = False,
) -> Exit:
    """Sells what the latest decision says (all, the policy's part on REDUCE, all where the AI left
    it to a person) at the bids of now; the next pass carries it out, a pass is asked for.

    `seen_bid`: the bid that the person was shown. Raises ConfirmationNeededError, with both prices,
    where the price has moved by more than 3 cents since the decision (or, once confirmed, since
    what was shown), and where there is no usable price: the same call with `confirmed` does it.
    Raises AnsweredError where somebody was first or the time is over, ServiceError otherwise.
    """
    with transaction.atomic():
        question = _taken(question_id)
        _in_time(question, now)
        decision = latest(question)
        price = bid_now(question.position_id, now)
        _confirm(question, decision, price, seen_bid, confirmed=confirmed)
        by = _("approved by %(who)s") % {"who": actor}
        if not seeking(decision):
            decision = None
        exit_ = sell(
            question, now=now, by=actor, decision=decision, state=State.APPROVED, outcome=by
        )
        sale = {
            "exit": exit_.pk,
            "shares": plain(exit_.shares),
            "bid": None if price.bid is None else plain(price.bid),
        }
        entry = told("ai_approved", by, question, question.position, now, actor=actor)
        entry.data |= sale | (said(decision) if decision is not None else {})
        journal.append(entry)
    return exit_


def decline(*, question_id: int, actor: str, now: datetime) -> Question:
    """Nothing is sold; the hard stop stays armed. Raises AnsweredError, ServiceError."""
    with transaction.atomic():
        question = _taken(question_id)
        _in_time(question, now)
        text = _("declined by %(who)s: held") % {"who": actor}
        if question.answer_until is None:  # declined before the AI had answered: time to undo it
            minutes = advice_of(question.position_id).answer_minutes
            Question.objects.filter(pk=question.pk).update(
                answer_until=now + timedelta(minutes=minutes)
            )
        shut(question, State.DECLINED, now=now, by=actor, outcome=text)
        journal.append(told("ai_declined", text, question, question.position, now, actor=actor))
    question.refresh_from_db()
    return question


def reopen(*, question_id: int, actor: str, now: datetime) -> Question:
    """Takes a decline back while there is time to answer. Raises AnsweredError, ServiceError."""
    with transaction.atomic():
        question = _taken(question_id, closed=True)
        if question.state != State.DECLINED:
            raise AnsweredError(already(question.pk))
        _in_time(question, now)
        try:
            with transaction.atomic():
                _reopened(question, now)
        except IntegrityError as error:
            raise ServiceError(
                _("The same rule has asked again meanwhile; answer the newer question.")
            ) from error
        text = _("asked again: %(who)s has taken the decline back") % {"who": actor}
        journal.append(told("ai_reopened", text, question, question.position, now, actor=actor))
    return question


def _reopened(question: Question, now: datetime) -> None:
    """Open as it was; one that was declined before any answer is asked of the AI anew."""
    fields: dict[str, Any] = {"closed_at": None, "closed_by": "", "outcome": ""}
    if question.decisions.exists():
        move(question, State.OPEN, **fields)
        return
    until = now + timedelta(seconds=AI_SECONDS[question.rule])
    move(question, State.WAITING, ai_until=until, tries=0, not_before=None, **fields)


def latest(question: Question) -> Decision | None:
    """The newest decision on the question."""
    return question.decisions.order_by("-id").first()


def seeking(decision: Decision | None) -> bool:
    """Whether it says to sell something."""
    return decision is not None and decision.verdict in {
        Decision.Verdict.SELL,
        Decision.Verdict.REDUCE,
    }


def price_at(question: Question, decision: Decision | None) -> Decimal | None:
    """The bid on which the question stands: that of the decision, else that of the asking rule."""
    decided: Decimal | None = decision.bid if decision is not None else None
    asked: Decimal | None = question.bid
    return asked if decided is None else decided


def _taken(question_id: int, *, closed: bool = False) -> Question:
    """The question, its position held. Raises AnsweredError, ServiceError."""
    hold_book()
    rows = Question.objects.select_for_update(of=("self",), no_key=True).select_related(
        "position__market"
    )
    question = rows.filter(pk=question_id).first()
    if question is None:
        raise ServiceError(_("This question is no longer there."))
    if question.position.state != Position.State.OPEN:
        raise AnsweredError(_("The position is closed already: there is nothing left to decide."))
    if not closed and question.state not in Question.LIVE:
        raise AnsweredError(already(question_id))
    return question


def _in_time(question: Question, now: datetime) -> None:
    """Raises AnsweredError after the deadline, although nobody has written it down yet. One that
    the AI is asked about again is still to be answered.
    """
    asking = question.state in {State.WAITING, State.ASKING}
    if not asking and question.answer_until is not None and now >= question.answer_until:
        raise AnsweredError(_("The time to answer is over. Ask the AI again, or close by hand."))


def _confirm(
    question: Question,
    decision: Decision | None,
    price: BidNow,
    seen: Decimal | None,
    *,
    confirmed: bool,
) -> None:
    market = question.position.market
    if price.bid is None:
        if not confirmed:
            raise ConfirmationNeededError(
                _(
                    "There is no usable price now (%(why)s). Confirm to sell at the first usable bid."
                )
                % {"why": price.problem}
            )
        return
    before = seen if confirmed else price_at(question, decision)
    for old in (before, seen):
        if old is not None and moved(market, old, price.bid):
            raise ConfirmationNeededError(
                _("The bid has moved from %(old)s to %(new)s. Confirm to sell at %(new)s or so.")
                % {"old": in_words(market, old), "new": in_words(market, price.bid)}
            )
