"""A position that is sold, or that its market has settled, needs no answer any more."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from monitoring.models import Question
from monitoring.questions.moving import shut
from monitoring.questions.telling import told
from positions.models import JournalEntry, Position
from positions.presenting.badges import rule_name


def overtake(position: Position, *, now: datetime, by: str) -> list[JournalEntry]:
    """Ends the live questions of a position that `by` (a rule) sells or has sold; inside the
    caller's transaction. Returns the journal entries for the caller to write.
    """
    entries = []
    rows = Question.objects.select_for_update(of=("self",), no_key=True)
    for question in rows.filter(position=position, state__in=Question.LIVE):
        text = _("overtaken: %(rule)s") % {"rule": rule_name(by)}
        shut(question, Question.State.OVERTAKEN, now=now, by=by, outcome=text)
        entries.append(told("ai_overtaken", text, question, position, now))
    return entries
