"""A review is asked for once a date, and never of a closed position."""

from __future__ import annotations

from datetime import date

import pytest

from monitoring.advisor.budget import limit
from monitoring.advisor.deciding.reviews import raise_due
from monitoring.models import AISpend, Question
from monitoring.questions.upkeep import upkeep
from positions.models import Position
from tests.monitoring.advisor.deciding.world import World, says, state

pytestmark = pytest.mark.django_db


def world(day: date | None) -> World:
    found = World.of(says("HOLD"))
    found.thesis("It will be so.", review_at=day)
    return found


@pytest.mark.parametrize(
    ("day", "asked"),
    [(date(2026, 11, 22), 1), (date(2026, 11, 1), 1), (date(2026, 11, 23), 0), (None, 0)],
)
def test_it_is_due_from_its_day_on(day: date | None, asked: int) -> None:
    assert len(raise_due(now=world(day).clock())) == asked


def test_it_asks_once_for_a_date_and_again_for_the_next() -> None:
    found = world(date(2026, 11, 22))
    [question] = raise_due(now=found.clock())
    assert (question.rule, question.urgency, question.reason) == (
        "review",
        "medium",
        "the thesis was to be reviewed on 2026-11-22",
    )
    found.decide()
    assert state(question) == "held"
    found.clock.later(hours=30)
    assert raise_due(now=found.clock()) == []
    found.thesis("It will be so.", review_at=date(2026, 11, 23))
    assert len(raise_due(now=found.clock())) == 1


def test_one_that_is_still_open_is_not_asked_anew_at_every_run() -> None:
    found = World.of(says("SELL"))
    found.policy(answer_minutes=1440)
    found.thesis("It will be so.", review_at=date(2026, 11, 22))
    raise_due(now=found.clock())
    found.decide()
    found.clock.later(hours=13)
    found.thesis("It will be so.", review_at=date(2026, 11, 23))
    assert raise_due(now=found.clock()) == []
    found.clock.later(hours=11)
    upkeep(now=found.clock())
    assert len(raise_due(now=found.clock())) == 1


def test_a_day_of_reviews_leaves_the_money_to_the_stops() -> None:
    found = world(date(2026, 11, 22))
    [question] = raise_due(now=found.clock())
    AISpend.objects.create(day=found.clock().date(), spent=limit(critical=False) // 2)
    [line] = found.decide()
    assert (found.provider.asked, state(question)) == (0, "expired")
    assert line["text"] == (
        "Review overdue. The AI gave no answer (the daily budget leaves no room)."
    )
    found.ask("soft_stop")
    assert [one["verdict"] for one in found.decide()] == ["hold"]


def test_a_closed_position_is_not_reviewed() -> None:
    found = world(date(2026, 11, 22))
    Position.objects.update(state="closed")
    assert (raise_due(now=found.clock()), Question.objects.count()) == ([], 0)
