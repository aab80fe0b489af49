"""Reviews of theses that are due: on that day, or the first after it on which somebody looks."""

from __future__ import annotations

from datetime import UTC, datetime, time

from django.db.models import Q
from django.utils.translation import gettext as _

from monitoring.models import Question
from monitoring.questions.asking import raise_question
from positions.models import Position, Thesis
from positions.services import ServiceError

RULE = Question.Rule.REVIEW


def raise_due(*, now: datetime) -> list[Question]:
    """Asks once for each date of a review that has come (UTC); safe to be run again. One that is
    still to be answered is answered first: joined, it would be asked anew at every run.
    """
    rows = Thesis.objects.filter(review_at__lte=now.date(), position__state=Position.State.OPEN)
    return [asked for thesis in rows.order_by("pk") if (asked := _ask(thesis, now)) is not None]


def _ask(thesis: Thesis, now: datetime) -> Question | None:
    assert thesis.review_at is not None
    since = datetime.combine(thesis.review_at, time(), tzinfo=UTC)
    asked = Question.objects.filter(position=thesis.position_id, rule=RULE)
    if asked.filter(Q(asked_at__gte=since) | Q(state__in=Question.LIVE)).exists():
        return None
    reason = _("the thesis was to be reviewed on %(day)s") % {"day": thesis.review_at.isoformat()}
    try:
        return raise_question(
            position_id=thesis.position_id, rule=RULE, urgency="medium", reason=reason, now=now
        )
    except ServiceError:  # closed meanwhile
        return None
