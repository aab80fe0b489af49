from __future__ import annotations

import pytest

from tests.benchmarks.retention import expected_points, extrapolated


@pytest.mark.parametrize(
    ("moves", "kept"),
    [
        (0.0, 0),
        (1.0, 2880 + 6 * 1440 + 83 * 96),  # every slot of every tier
        (
            0.5,
            1440 + 0.75 * 6 * 1440 + 83 * 96,
        ),  # one of two passes in a minute, surely in a quarter
    ],
)
def test_market_keeps_a_point_for_each_slot_in_which_it_moved(moves: float, kept: float) -> None:
    assert expected_points(moves, 30) == pytest.approx(kept, abs=0.01)


def test_what_is_never_pruned_is_told_for_each_year() -> None:
    sizes = {"points": 100.0, "runs": 100.0, "journal": 400.0, "alerts": 500.0}
    lines = list(extrapolated(sizes, {"journal": 25.0}, {"alerts": 2.0}))
    assert lines[-2:] == [
        "alerts and alarms of 90 days: 10 MB",
        "never pruned (journal, exits, fills, positions): 100 MB a year more",
    ]
