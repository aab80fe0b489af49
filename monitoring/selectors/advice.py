"""The AI stage as a whole, and on one position's page: who is asked, what it costs, where news is
read and what it said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from monitoring.advisor.budget import dollars, spend_today
from monitoring.advisor.news.sources import label, sources
from monitoring.advisor.providers import chain_for, names
from monitoring.models import Feed
from monitoring.presenting.questions import HeadlineView, QuestionView, mode_text
from monitoring.selectors.decisions import judged, newest
from monitoring.selectors.news import headlines_of, news_sources
from monitoring.selectors.scores import ScoreTable, score_table
from monitoring.selectors.spending import standings
from positions.models import Position, Thesis
from positions.services import advice_of

FEW = 3  # questions on a position's page
MOST_FAILING = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """`who`: names and values about who is asked and what it cost today; `troubles`: of theirs;
    `over`: nothing but what is critical is asked any more today; `watched`: some open position has a
    source of news; `failing`: sources that gave none, each with why.
    """

    who: list[tuple[str, str]]
    troubles: list[str]
    over: bool
    watched: bool
    failing: list[str]
    scores: ScoreTable | None


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
    watched, failing = _failing(thesis)
    return About(
        position_id=position_id,
        is_open=position.state == Position.State.OPEN,
        ai=answers(position),
        mode=mode_text(advice_of(position_id)),
        questions=newest(position_id, now, FEW),
        news=judged(position_id, headlines_of(position_id, now)),
        watched=watched or position.is_demo,
        unread=bool(thesis and thesis.keywords.strip()) and not watched,
        failing=failing,
    )


def standing(now: datetime) -> Standing:
    """The AI stage as a whole."""
    news, spend, asked = news_sources(now), spend_today(now), standings(now)
    demo = Position.objects.filter(state=Position.State.OPEN, is_demo=True).exists()
    money = {"spent": dollars(spend.spent), "cap": dollars(spend.cap)}
    return Standing(
        who=[
            *((one.label, ", ".join(one.models)) for one in asked),
            (_("Spent today"), _("%(spent)s of %(cap)s") % money),
        ],
        troubles=[
            _("%(who)s: %(why)s") % {"who": one.label, "why": one.why} for one in asked if one.why
        ],
        over=spend.over,
        watched=bool(news) or demo,
        failing=[source_error(one.name, one.problem) for one in news if one.state == "failing"][
            :MOST_FAILING
        ],
        scores=score_table(),
    )


def answers(position: Position) -> bool:
    """Whether an AI can be asked about it; a sample position has only what was recorded for it."""
    return bool(chain_for(position, "decide")) if position.is_demo else bool(names())


def source_error(name: str, problem: str) -> str:
    """What stands where its headlines would; never "no news"."""
    return _("Source error: %(source)s: %(problem)s") % {"source": name, "problem": problem}


def _failing(thesis: Thesis | None) -> tuple[bool, list[str]]:
    """Whether news is looked for, and the addresses that gave none."""
    if thesis is None:
        return False, []
    keys = {one.key for one in sources(thesis.keywords, thesis.feeds, settings.NEWS_QUERY_URL)}
    rows = Feed.objects.filter(key__in=keys).exclude(problem="").order_by("pk")[:MOST_FAILING]
    return bool(keys), [source_error(label(one.url), one.problem) for one in rows]
