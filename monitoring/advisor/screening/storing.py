"""What a screen leaves behind: a row for each headline, and a question where one is due.

All of it in one transaction with the journal's entries. The summary of a model is kept for a
person's eyes; it goes into no question's reason, for that is read by the next model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.advisor.screening.checks import URGENCIES, Finding, asks, loudest, weight
from monitoring.advisor.screening.subjects import Subject
from monitoring.models import AICall, Headline, Question, Screening
from monitoring.questions.asking import Cause, entry_of, put
from positions import journal
from positions.locks import hold_book
from positions.models import JournalEntry, Position, Quote
from positions.services import facts

QUOTED = 10  # headlines named in the journal


@dataclass(frozen=True, slots=True)
class Screen:
    """Who has looked. `name` goes into the rows, `by` before a person."""

    name: str
    by: str
    call: AICall | None = None


def store(
    subject: Subject,
    found: Sequence[tuple[Headline, Finding]],
    screen: Screen,
    *,
    now: datetime,
) -> Question | None:
    """Writes the rows; raises or joins the position's question about news where something new
    asks. None where nothing does, or where the position was closed meanwhile.
    """
    with transaction.atomic():
        hold_book()
        position = Position.objects.select_related("market").get(pk=subject.id)
        if position.state != Position.State.OPEN:
            return None
        entries = _suspected(position, found, now)
        question = None
        alerting = _new(subject.id, found)
        if alerting:
            cause = _cause(position, alerting, screen)
            question = put(position, cause, now)
            entries.append(entry_of(question, cause, now))
        asking = {headline.pk for headline, _finding in alerting}
        _write(subject, found, screen, question, asking, now)
        journal.append_all(entries)
    return question


def _write(
    subject: Subject,
    found: Sequence[tuple[Headline, Finding]],
    screen: Screen,
    question: Question | None,
    asking: set[int],
    now: datetime,
) -> None:
    rows = [
        Screening(
            position=subject.position,
            headline=headline,
            thesis_version=subject.held.thesis_version,
            screener=screen.name,
            call=screen.call,
            question=question if headline.pk in asking else None,
            direction=finding.direction,
            urgency=finding.urgency,
            summary=finding.summary,
            suspected=finding.suspected,
            at=now,
        )
        for headline, finding in found
    ]
    Screening.objects.bulk_create(rows, ignore_conflicts=True)


def _new(
    position_id: int, found: Sequence[tuple[Headline, Finding]]
) -> list[tuple[Headline, Finding]]:
    """What asks, loudest first; none of it where all of it was asked about at least as loudly."""
    alerting = sorted(
        ((headline, finding) for headline, finding in found if asks(finding)),
        key=lambda pair: weight(pair[1]),
        reverse=True,
    )
    told = _asked(position_id, [headline.pk for headline, _finding in alerting])
    is_new = any(
        URGENCIES.index(finding.urgency) > told.get(headline.pk, 0)
        for headline, finding in alerting
    )
    return alerting if is_new else []


def _asked(position_id: int, headlines: Sequence[int]) -> Mapping[int, int]:
    """How loudly each of these headlines was asked about before; an index into URGENCIES."""
    rows = Question.headlines.through.objects.filter(
        question__position=position_id,
        question__rule=Question.Rule.AI_ALERT,
        headline__in=headlines,
    ).values_list("headline_id", "question__urgency")
    told: dict[int, int] = {}
    for headline, urgency in rows:
        told[headline] = max(told.get(headline, 0), URGENCIES.index(urgency))
    return told


def _cause(position: Position, alerting: list[tuple[Headline, Finding]], screen: Screen) -> Cause:
    headlines = [headline for headline, _finding in alerting]
    bid = Quote.objects.filter(market=position.market_id).values_list("bid", flat=True).first()
    sources = {row.domain or row.publisher or str(row.pk) for row in headlines}
    return Cause(
        rule=Question.Rule.AI_ALERT,
        urgency=loudest(finding for _headline, finding in alerting),
        reason=_reason(alerting, screen),
        bid=bid,
        headlines=headlines,
        data={
            "headlines": [row.title for row in headlines[:QUOTED]],
            "by": screen.by,
            "quote": headlines[0].title,
            "sources": len(sources),
        },
    )


def _reason(alerting: list[tuple[Headline, Finding]], screen: Screen) -> str:
    against = sum(finding.direction == "against" for _headline, finding in alerting)
    if against:
        text = ngettext(
            "A new headline speaks against this position.",
            "%(n)d new headlines speak against this position.",
            against,
        ) % {"n": against}
    else:
        text = _("News may change this position's odds, and nobody can tell which way.")
    return _("%(text)s Screened by: %(by)s.") % {"text": text, "by": screen.by}


def _suspected(
    position: Position, found: Sequence[tuple[Headline, Finding]], now: datetime
) -> list[JournalEntry]:
    """One entry for headlines that look like instructions, each told once a position."""
    ours = [headline for headline, finding in found if finding.suspected]
    known = Screening.objects.filter(position=position, headline__in=ours, suspected=True)
    told = set(known.values_list("headline_id", flat=True))
    new = [row for row in ours if row.pk not in told]
    if not new:
        return []
    text = ngettext(
        "A headline looks like an instruction to the AI; nothing rests on it.",
        "%(n)d headlines look like instructions to the AI; nothing rests on them.",
        len(new),
    ) % {"n": len(new)}
    data = facts(position) | {"headlines": [row.title for row in new[:QUOTED]]}
    return [journal.entry("ai_suspected", text, at=now, position=position, data=data)]
