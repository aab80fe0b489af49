"""Each step of a delivery, killed once on each database; then it runs again and all is told."""

from __future__ import annotations

import pytest

from tests.faults.alerts import TROUBLES, killed_at_every_call, killed_while_held
from tests.faults.ground import Ground
from tests.faults.wire import REPEATS, STAGES


def test_delivery_killed_at_every_call_tells_once(ground: Ground) -> None:
    rows = killed_at_every_call(ground, TROUBLES["204"])
    assert tuple(rows) == STAGES
    assert [told.wrong for told in rows.values()] == [[]] * len(STAGES)
    assert {stage for stage, told in rows.items() if told.twice} == REPEATS
    assert all(told.twice == told.kills for stage, told in rows.items() if stage in REPEATS)


@pytest.mark.parametrize("after", [False, True])
def test_sender_killed_while_the_answer_is_held_back_tells_twice_at_most(
    ground: Ground, after: bool
) -> None:
    told = killed_while_held(ground, after=after)
    assert (told.wrong, told.lost, told.twice) == ([], 0, 1)
