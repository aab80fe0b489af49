"""A review is asked for once a date, and never of a closed position."""

from __future__ import annotations

from datetime import date

import pytest

from monitoring.advisor.deciding.reviews import raise_due
from monitoring.models import Question
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


def test_a_closed_position_is_not_reviewed() -> None:
    found = world(date(2026, 11, 22))
    Position.objects.update(state="closed")
    assert (raise_due(now=found.clock()), Question.objects.count()) == ([], 0)
