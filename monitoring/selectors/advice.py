"""The AI stage as a whole, and on one position's page: who is asked, what it costs, where news is
read and what it said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from monitoring.advisor.budget import dollars, spend_today
from monitoring.advisor.news.sources import label, sources
from monitoring.models import Feed
from monitoring.presenting.questions import HeadlineView, QuestionView, mode_text
from monitoring.questions.telling import somebody_judges
from monitoring.selectors.decisions import Wanted, judged, page
from monitoring.selectors.news import headlines_of
from positions.models import Position, Thesis
from positions.services import advice_of

FEW = 3  # questions on a position's page
MOST_FAILING = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """`who`: names and values about who is asked and what it cost today; `over`: nothing is asked
    any more today; `watched`: some open position has a source of news; `failing`: sources that gave
    none, each with why.
    """

    who: list[tuple[str, str]]
    over: bool
    watched: bool
    failing: list[str]


@dataclass(frozen=True, slots=True)
class About:
    """The AI stage on a position's page. `watched`: news is looked for; `unread`: there are keywords,
    but the news search is off. `failing`: sources that gave no news, each with why.
    """

    position_id: int
    is_open: bool
    ai: bool
    mode: str
    questions: list[QuestionView]
    news: list[HeadlineView]
    watched: bool
    unread: bool
    failing: list[str]


def about(position_id: int, now: datetime) -> About | None:
    """What the AI stage knows of a position; None where there is no such position."""
    position = Position.objects.filter(pk=position_id).first()
    if position is None:
        return None
    thesis = Thesis.objects.filter(position=position_id).first()
    keys = _keys([thesis] if thesis else [])
    questions, _following = page(Wanted(position=position_id), now, size=FEW)
    return About(
        position_id=position_id,
        is_open=position.state == Position.State.OPEN,
        ai=somebody_judges() or position.is_demo,  # its answers are recorded
        mode=mode_text(advice_of(position_id)),
        questions=questions,
        news=judged(position_id, headlines_of(position_id, now), now),
        watched=bool(keys) or position.is_demo,
        unread=bool(thesis and thesis.keywords.strip()) and not keys,
        failing=_failing(keys),
    )


def standing(now: datetime) -> Standing:
    """The AI stage as a whole."""
    theses = list(Thesis.objects.filter(position__state=Position.State.OPEN))
    keys = _keys(theses)
    spend = spend_today(now)
    demo = Position.objects.filter(state=Position.State.OPEN, is_demo=True).exists()
    return Standing(
        who=[
            *_who(),
            (_("Spent today"), _("%(spent)s of %(cap)s") % _money(spend.used, spend.cap)),
        ],
        over=spend.over,
        watched=bool(keys) or demo,
        failing=_failing(keys),
    )


def _who() -> list[tuple[str, str]]:
    lines = []
    if settings.ANTHROPIC_API_KEY.strip():
        lines += [
            (_("Reads news"), settings.AI_SCREEN_MODEL),
            (_("Decides"), settings.AI_DECIDE_MODEL),
        ]
    if _fallback():
        lines.append((_("Fallback"), settings.AI_FALLBACK_MODEL))
    return lines


def _fallback() -> bool:
    return bool(settings.AI_FALLBACK_URL and settings.AI_FALLBACK_MODEL)


def _money(spent: int, cap: int) -> dict[str, str]:
    return {"spent": dollars(spent), "cap": dollars(cap)}


def _keys(theses: Iterable[Thesis]) -> set[str]:
    """Keys of the feeds in which news of these theses is looked for."""
    template = settings.NEWS_QUERY_URL
    return {source.key for one in theses for source in sources(one.keywords, one.feeds, template)}


def _failing(keys: set[str]) -> list[str]:
    rows = Feed.objects.filter(key__in=keys).exclude(problem="").order_by("pk")
    return [
        _("Source error: %(source)s: %(problem)s")
        % {"source": label(one.url), "problem": one.problem}
        for one in rows[:MOST_FAILING]
    ]
