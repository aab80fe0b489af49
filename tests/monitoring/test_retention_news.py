from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring.models import Decision, Feed, Headline, Mention, Question, Screening
from monitoring.retention import prune
from positions.models import Position
from tests.monitoring.alerts.book import position

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def pruned() -> dict[str, int]:
    return prune(now=NOON, sleep=lambda _seconds: None)


def headline(name: str, days: float, *, dated: bool = True, **values: Any) -> Headline:
    at = NOON - days * DAY
    published = at if dated else None
    return Headline.objects.create(
        key=name, title=name, first_seen=at, published_at=published, **values
    )


def left() -> list[str]:
    return sorted(Headline.objects.values_list("key", flat=True))


def question(held: Position) -> Question:
    return Question.objects.create(
        position=held, rule="asked", urgency="low", reason="r", asked_at=NOON, ai_until=NOON
    )


def decision(held: Position, cited: Headline) -> Decision:
    evidence = [{"id": "h1", "headline": cited.pk}, {"id": "p1", "text": "0.40"}]
    return Decision.objects.create(
        question=question(held),
        position=held,
        provider="x",
        verdict="hold",
        evidence=evidence,
        at=NOON,
    )


def screened(held: Position, of: Headline, direction: str, days: float) -> None:
    Screening.objects.create(
        position=held,
        headline=of,
        thesis_version=1,
        screener="x",
        direction=direction,
        at=NOON - days * DAY,
    )


def test_headlines_are_forgotten_after_a_month_and_undated_ones_after_a_year() -> None:
    held = position()
    Mention.objects.create(position=held, headline=headline("old", 31), at=NOON)
    headline("young", 29)
    headline("undated", 364, dated=False)
    headline("undated old", 366, dated=False)
    assert pruned() == {"headlines": 2}
    assert (left(), Mention.objects.count()) == (["undated", "young"], 0)


def test_headlines_that_something_rests_on_stay() -> None:
    held = position()
    decision(held, headline("decided", 400))
    question(held=position_of("b")).headlines.add(headline("asked", 400))
    screened(held, headline("against", 100), "against", 100)
    screened(held, headline("against long ago", 400), "against", 400)
    screened(held, headline("for", 100), "for", 100)
    assert pruned() == {"headlines": 2}
    assert left() == ["against", "asked", "decided"]
    assert pruned() == {}


def position_of(key: str) -> Position:
    held = Position.objects.get()
    held.market.pk, held.market.key = None, key
    held.market.save()
    return Position.objects.create(
        market=held.market, entry_price=held.entry_price, shares=1, bought=1, opened_at=NOON
    )


def test_recorded_headlines_go_with_the_demo() -> None:
    held = position()
    kept = headline("shown", 0, is_demo=True)
    Mention.objects.create(position=held, headline=kept, at=NOON)
    headline("left over", 0, is_demo=True)
    assert (pruned(), left()) == ({"headlines": 1}, ["shown"])


def test_feed_that_nobody_reads_is_forgotten_after_a_week() -> None:
    Feed.objects.create(key="a", url="https://a.example", tried_at=NOON - 8 * DAY)
    Feed.objects.create(key="b", url="https://b.example", tried_at=NOON - 6 * DAY)
    assert pruned() == {"feeds": 1}
    assert Feed.objects.get().key == "b"
