"""What the AI stage asked, decided and read. Pages by id, however many rows there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from monitoring.models import Decision, Headline, Mention, Question, Score, Screening
from monitoring.presenting.decisions import DecisionView, decision_view
from monitoring.presenting.questions import (
    HeadlineView,
    QuestionView,
    headline_view,
    question_view,
)
from monitoring.selectors.alerts import number
from positions.models import AdvicePolicy, Position, Thesis

State, Verdict = Question.State, Decision.Verdict
PAGE = 30
MOST_OPEN = 50
MOST_NEWS = 20
NEWS_FOR = timedelta(days=7)
SELLING = (Verdict.SELL, Verdict.REDUCE)
# What each filter keeps; `verdict` is the one of a question's latest decision.
SHOWS: Mapping[str, Q] = {
    "open": Q(state__in=Question.LIVE),
    "sell": Q(verdict__in=SELLING),
    "hold": Q(verdict=Verdict.HOLD),
    "news": Q(rule=Question.Rule.AI_ALERT),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for. `show`: a key of SHOWS or "" for all; `before`: a question's id."""

    show: str = ""
    position: int | None = None
    before: int | None = None


class News(NamedTuple):
    """A headline, and the position that it may concern."""

    position: Position
    view: HeadlineView


def wanted(query: Mapping[str, str]) -> Wanted:
    """What a query string asks for; nonsense in it asks for nothing."""
    show = query.get("show", "")
    return Wanted(
        show=show if show in SHOWS else "",
        position=number(query.get("position", "")),
        before=number(query.get("before", "")),
    )


def counts(asked: Wanted) -> dict[str, int]:
    """Questions behind each filter, "" for all; one query."""
    filters = {name: Count("pk", filter=which) for name, which in SHOWS.items()}
    return dict(_rows(asked.position).aggregate(all=Count("pk"), **filters))


def page(asked: Wanted, now: datetime) -> tuple[list[QuestionView], int | None]:
    """One page, newest first, and the id to go on before; None at the end. Without a filter the
    unanswered are left out: they stand above, as `waiting`.
    """
    rows = _rows(asked.position)
    rows = rows.filter(SHOWS[asked.show]) if asked.show else rows.exclude(SHOWS["open"])
    if asked.before is not None:
        rows = rows.filter(pk__lt=asked.before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    following = found[PAGE - 1].pk if len(found) > PAGE else None
    return views(found[:PAGE], now), following


def newest(position_id: int, now: datetime, most: int) -> list[QuestionView]:
    """The newest questions of a position, answered or not."""
    return views(_rows(position_id).order_by("-pk")[:most], now)


def waiting(asked: Wanted, now: datetime) -> list[QuestionView]:
    """What is not answered yet: those that a person must answer first, the first to end first."""
    rows = list(_rows(asked.position).filter(SHOWS["open"]).order_by("-pk")[:MOST_OPEN])
    rows.sort(key=lambda row: (row.state != State.OPEN, row.answer_until or row.ai_until, row.pk))
    return views(rows, now)


def open_questions(now: datetime, most: int = 3) -> list[QuestionView]:
    """Those that wait for a person, the first to end first."""
    rows = _rows(None).filter(state=State.OPEN).order_by("answer_until", "pk")
    return views(rows[:most], now)


def open_count() -> int:
    """How many wait for a person."""
    return Question.objects.filter(state=State.OPEN).count()


def question(pk: int) -> Question | None:
    """One question with its position, market, thesis and exit."""
    return _rows(None).select_related("position__thesis").filter(pk=pk).first()


def views(rows: Iterable[Question], now: datetime) -> list[QuestionView]:
    """Questions with their latest decisions; four queries, however many."""
    found = list(rows)
    ids = [row.pk for row in found]
    newest: dict[int, Decision] = {}
    for one in Decision.objects.filter(question__in=ids).order_by("pk"):
        newest[one.question_id] = one
    positions = {row.position_id for row in found}
    policies = AdvicePolicy.objects.filter(position__in=positions)
    theses = Thesis.objects.filter(position__in=positions).values_list("position", "version")
    versions = dict(theses)
    advice = {one.position_id: one for one in policies}
    count = scored() if newest else 0
    for row in found:
        if row.pk in newest:
            newest[row.pk].position = row.position  # loaded already, with its market
    return [
        question_view(
            row,
            newest.get(row.pk),
            advice.get(row.position_id) or AdvicePolicy(position_id=row.position_id),
            now,
            scored=count,
            thesis=versions.get(row.position_id, 0),
        )
        for row in found
    ]


def earlier(row: Question, now_shown: int | None) -> list[DecisionView]:
    """The other answers to a question, the newest first."""
    rows = row.decisions.exclude(pk=now_shown or 0).select_related("position__market")
    count = scored()
    return [decision_view(one, scored=count) for one in rows.order_by("-pk")[:PAGE]]


def scored() -> int:
    """Decisions that were looked back at after a day and could be judged."""
    return Score.objects.filter(horizon=Score.Horizon.DAY, right__isnull=False).count()


def latest_news(asked: Wanted, now: datetime) -> list[News]:
    """The newest headlines of open positions, or of one; three queries."""
    mentions = Mention.objects.filter(at__gte=now - NEWS_FOR)
    if asked.position is not None:
        mentions = mentions.filter(position=asked.position)
    else:
        mentions = mentions.filter(position__state=Position.State.OPEN)
    rows = mentions.select_related("headline", "position__market").order_by("-pk")
    found = list(rows[:MOST_NEWS])
    said = _screenings(
        Screening.objects.filter(
            position__in={one.position_id for one in found},
            headline__in={one.headline_id for one in found},
        )
    )
    return [
        News(
            one.position,
            headline_view(one.headline, said.get((one.position_id, one.headline_id), [])),
        )
        for one in found
    ]


def asked_headlines(row: Question, cited: Collection[int]) -> list[HeadlineView]:
    """The headlines that a question was raised for, without those that its decision cites."""
    rows = row.headlines.exclude(pk__in=cited).order_by("-first_seen")
    return judged(row.position_id, list(rows[:PAGE]))


def judged(position_id: int, rows: list[Headline]) -> list[HeadlineView]:
    """Headlines with what the screeners said of them for one position."""
    said = _screenings(Screening.objects.filter(position=position_id, headline__in=rows))
    return [headline_view(row, said.get((position_id, row.pk), [])) for row in rows]


def _screenings(rows: QuerySet[Screening]) -> dict[tuple[int, int], list[Screening]]:
    """By position and headline, the latest of each screener, the newest first."""
    found: dict[tuple[int, int], dict[str, Screening]] = {}
    for one in rows.order_by("-pk"):
        found.setdefault((one.position_id, one.headline_id), {}).setdefault(one.screener, one)
    return {key: list(by_screener.values()) for key, by_screener in found.items()}


def _rows(position: int | None) -> QuerySet[Question]:
    last = Decision.objects.filter(question=OuterRef("pk")).order_by("-pk")
    rows = Question.objects.select_related("position__market", "exit")
    rows = rows.annotate(verdict=Subquery(last.values("verdict")[:1]))
    return rows if position is None else rows.filter(position=position)
