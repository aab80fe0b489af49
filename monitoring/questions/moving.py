"""From one state of a question to the next, in one statement: two answers never both count."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from monitoring.models import Question
from positions.services import ServiceError

State = Question.State


class AnsweredError(ServiceError):
    """Somebody or something else was first; the question is no longer as the caller read it."""


def move(question: Question, state: str, **fields: Any) -> None:
    """Moves the question on from the very state and claim in which the caller read it.

    Raises AnsweredError where it has moved on meanwhile. Inside the caller's transaction.
    """
    rows = Question.objects.filter(
        pk=question.pk, state=question.state, claimed_until=question.claimed_until
    )
    changes = {"state": state, "claimed_until": None, **fields}
    if not rows.update(**changes):
        raise AnsweredError(already(question.pk))
    for name, value in changes.items():
        setattr(question, name, value)


def already(question_id: int) -> str:
    """What has become of a question that somebody else answered first, in words."""
    question = Question.objects.filter(pk=question_id).first()
    if question is None:
        return _("This question is no longer there.")
    if question.state in Question.LIVE:
        return _("This question has changed meanwhile. Look at it again.")
    said = {
        State.APPROVED: _("%(who)s has approved this already."),
        State.DECLINED: _("%(who)s has declined this already."),
        State.ACTED: _("It was sold by itself already."),
        State.HELD: _("The AI stage has decided to hold; nobody is asked any more."),
        State.EXPIRED: _("The time to answer is over. Ask the AI again, or close by hand."),
        State.OVERTAKEN: _("This question is overtaken: the position was sold meanwhile."),
    }
    return said[State(question.state)] % {"who": question.closed_by or _("Somebody")}


def shut(question: Question, state: str, *, now: datetime, by: str, outcome: str) -> None:
    """Closes the question as `move` does. `by`: a person or `watch`; `outcome`: one sentence."""
    move(question, state, closed_at=now, closed_by=by[:150], outcome=outcome[:300])
