"""What time and the book bring: questions that nobody answered, that the AI left, that are overtaken."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from monitoring.models import Decision, MonitorRun, Question
from monitoring.questions.answering import latest
from monitoring.questions.bids import bid_now
from monitoring.questions.moving import AnsweredError, shut
from monitoring.questions.overtaking import overtake
from monitoring.questions.selling import refuses, sell
from monitoring.questions.silence import sells_unanswered
from monitoring.questions.telling import said, told
from positions import journal
from positions.locks import hold_book
from positions.models import JournalEntry, Market, Position
from positions.services import ServiceError, advice_of, thesis_version

logger = logging.getLogger(__name__)

State = Question.State
WATCH = "watch"


def upkeep(*, now: datetime) -> int:
    """Does what is due: ends what is overtaken, carries out what silence means, takes back claims
    whose holder died. Returns how many questions changed; safe at any time and from several
    processes at once.
    """
    return _overtaken(now) + _expired(now) + _left(now)


def _left(now: datetime) -> int:
    rows = Question.objects.filter(state=State.ASKING, claimed_until__lte=now)
    # Looked at first: on SQLite an UPDATE that finds nothing takes the only write lock too.
    return rows.update(state=State.WAITING, claimed_until=None) if rows.exists() else 0


def _overtaken(now: datetime) -> int:
    gone = ~Q(position__state=Position.State.OPEN) | Q(
        position__market__state=Market.State.RESOLVED
    )
    ids = Question.objects.filter(gone, state__in=Question.LIVE).values_list("position", flat=True)
    changed = 0
    for position_id in sorted(set(ids)):
        with transaction.atomic():
            hold_book()
            position = Position.objects.select_related("market").get(pk=position_id)
            entries = overtake(position, now=now, by=position.close_reason or "settled")
            journal.append_all(entries)
            changed += len(entries)
    return changed


def _expired(now: datetime) -> int:
    due = Question.objects.filter(state=State.OPEN, answer_until__lte=now)
    return sum(_carry_out(question, now) for question in due.select_related("position__market"))


def _carry_out(question: Question, now: datetime) -> int:
    """What silence means for one question; a defect in one keeps no other from its turn."""
    decision = latest(question)
    try:
        bid = bid_now(question.position_id, now).bid
        silence = sells_unanswered(
            question,
            decision,
            advice_of(question.position_id),
            bid=bid,
            thesis_version=thesis_version(question.position_id),
        )
        if silence.sells and bid is None and not _looked(question):
            return 0
        if silence.sells:
            return _sold(question, decision, now)
        return _held(question, silence.why, decision, now)
    except AnsweredError:
        return 0
    except Exception:
        logger.exception("question %s could not be ended", question.pk)
        return 0


def _looked(question: Question) -> bool:
    """Whether a pass has looked for a price since the deadline. After a pause of the whole product
    the last price is too old to tell that it has risen meanwhile, and then nothing is to be sold.
    """
    ended = (MonitorRun.State.COMPLETE, MonitorRun.State.INCOMPLETE)
    runs = MonitorRun.objects.filter(state__in=ended).order_by("-pk")
    last = runs.values_list("started_at", flat=True).first()
    return last is not None and question.answer_until is not None and last >= question.answer_until


def _sold(question: Question, decision: Decision | None, now: datetime) -> int:
    text = _("nobody answered: sold, as its AI policy says")
    try:
        with transaction.atomic():
            exit_ = sell(
                question, now=now, by=WATCH, decision=decision, state=State.EXPIRED, outcome=text
            )
            data = {"exit": exit_.pk}
            journal.append(_expired_entry(question, text, decision, now, data))
    except AnsweredError:
        raise
    except ServiceError as error:
        question.refresh_from_db()
        return _held(question, refuses(error), decision, now)
    return 1


def _held(question: Question, why: str, decision: Decision | None, now: datetime) -> int:
    text = _("nobody answered: %(what)s") % {"what": why}
    with transaction.atomic():
        hold_book()
        shut(question, State.EXPIRED, now=now, by=WATCH, outcome=text)
        journal.append(_expired_entry(question, text, decision, now, {}))
    return 1


def _expired_entry(
    question: Question,
    text: str,
    decision: Decision | None,
    now: datetime,
    data: Mapping[str, object],
) -> JournalEntry:
    entry = told("ai_expired", text, question, question.position, now, urgency="medium")
    entry.data |= dict(data) | (said(decision) if decision is not None else {})
    return entry
