"""A judge that is killed at each step: no question lost, none decided or sold twice, all money counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.anthropic import AnthropicServer
from tests.faults.advice import (
    BUDGET,
    decided_by_many,
    killed_at_each_stage,
    sold_while_ai_hangs,
)
from tests.faults.conftest import database
from tests.faults.fuse import STAGES
from tests.faults.ground import Ground


@pytest.fixture
def ground(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """As elsewhere, with money for many killed calls."""
    with Ground(tmp_path, database(kind, request), AI_DAILY_USD=BUDGET) as made:
        yield made


def test_judge_killed_at_each_step_loses_and_doubles_nothing(ground: Ground) -> None:
    trial = killed_at_each_stage(ground)
    assert tuple(trial.rows) == STAGES
    assert [row.wrong for row in trial.rows.values()] == [[]] * len(STAGES)
    # Once claimed it is late when it is asked again: then a person is asked.
    left = [stage for stage, row in trial.rows.items() if row.left_to_a_person]
    assert left == list(STAGES[1:-1])
    books = ground.hand.ask("audit")
    assert books["wrong"] == []
    assert books["questions"] == len(STAGES) + 1
    # One was killed between its reservation and the provider: it has a row, and nobody was asked.
    assert books["calls"] == trial.asked + 1
    assert ground.verdict(alerts=False).wrong == []


def test_question_taken_up_by_several_judges_is_paid_for_once(ground: Ground) -> None:
    assert decided_by_many(ground, questions=3) == 3
    books = ground.hand.ask("audit")
    assert (books["wrong"], books["decisions"], books["calls"]) == ([], 3, 3)


def test_stop_is_sold_on_time_while_every_ai_call_hangs(tmp_path: Path) -> None:
    with AnthropicServer() as ai:
        environ = {"ANTHROPIC_API_KEY": ai.key, "ANTHROPIC_BASE_URL": ai.url}
        with Ground(tmp_path, None, venue=False, **environ) as ground:
            found = sold_while_ai_hangs(ground, ai)
    assert found.seconds < 9  # a pass every five seconds, and what it takes
    assert found.hanging >= 2
    assert found.question == "overtaken"
