"""The judgement of a soak, and a few minutes of one."""

from __future__ import annotations

import pytest

from tests.faults.soak import WARM, judged, regression, soaked

FLAT = [[number, 60_000 + number % 3, 20, 6] for number in range(0, WARM + 1440, 20)]


def test_regression_is_the_slope_of_a_line() -> None:
    assert regression([0, 1, 2, 3], [5.0, 7.0, 9.0, 11.0]) == pytest.approx(2.0)


def test_memory_and_files_that_stay_are_flat() -> None:
    assert judged(FLAT, 5.0).is_flat


def test_growth_before_the_warm_up_s_end_does_not_count() -> None:
    warming = [[number, 60_000 + 10 * min(number, WARM), 20, 6] for number, *_ in FLAT]
    assert judged(warming, 5.0).is_flat


def test_memory_that_grows_is_not_flat() -> None:
    growing = [[number, 60_000 + 3 * number, 20, 6] for number, *_ in FLAT]
    found = judged(growing, 5.0)
    # 3 KB a pass, 720 passes an hour.
    assert (round(found.slope, 3), found.is_flat) == (round(3 * 720 / 1024, 3), False)


def test_files_that_stay_open_are_not_flat() -> None:
    leaking = [[number, 60_000, 20 + number // 200, 6] for number, *_ in FLAT]
    assert not judged(leaking, 5.0).is_flat


def test_a_minute_of_the_soak_passes_and_is_shown() -> None:
    done, clients = soaked(12)
    assert (done["passes"], done["entries"] >= 100) == (12, True)
    assert [number for number, *_ in done["web"]] == [0]
    assert all(client.joined is not None for client in clients)
