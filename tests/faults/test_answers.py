"""A running worker and whatever Discord answers; a long outage on a compressed clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.answers import Step, answered
from tests.faults.ground import Ground
from tests.faults.repeats import told_by_two

TROUBLE: tuple[Step, ...] = ({"kind": "429", "retry_after": 0.5}, "500", "reset", "html", "400")


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    """An installation on SQLite, filled on paper; nothing is running yet."""
    with Ground(tmp_path, None, venue=False) as made:
        yield made


def test_worker_tells_in_order_whatever_discord_answers(ground: Ground) -> None:
    ground.installation.start("run_worker")
    found = answered(ground, TROUBLE, alerts=5)
    # The message whose answer was a page of HTML is tried again, and that try is refused.
    assert (found.arrived, found.failed, found.twice, found.early) == (4, 1, 0, 0)
    assert (found.posts, found.in_order) == (8, True)


def test_two_workers_tell_each_alert_once(ground: Ground) -> None:
    found = told_by_two(ground, alerts=60)
    assert (found.entries, found.rows, found.posts, found.delivered) == (60, 60, 60, 60)


def test_what_an_outage_left_is_told_in_one_message_and_the_new_alert_at_once(
    ground: Ground,
) -> None:
    found = ground.hand.ask("outage", hours=0.5)
    assert (found["alerts"], found["digests"], found["untold"], found["early"]) == (31, 1, 0, 0)
    assert found["in_order"]
    assert found["first_new"] <= found["all_told"] < 60
