"""The heartbeat in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from positions.presenting.beat import Signs, State, pulse
from tests.positions.presenting.rows import NOW


def signs(age: int | None, state: State, **values: Any) -> Signs:
    check_at = None if age is None else NOW - timedelta(seconds=age)
    facts = {"prices_at": check_at, "next_at": None, "interval": 30}
    return Signs(check_at=check_at, state=state, **(facts | values))


@pytest.mark.parametrize(
    ("age", "state", "label"),
    [
        (12, "ok", "Checked 12 s ago"),
        (94, "late", "Late: 94 s since check"),
        (360, "down", "Silent 6 min"),
        (None, "late", "No check yet"),
    ],
)
def test_pill_says_the_state_and_the_age(age: int | None, state: State, label: str) -> None:
    assert pulse(signs(age, state), NOW)["label"] == label


def test_silence_says_that_stops_are_not_watched() -> None:
    found = pulse(signs(360, "down"), NOW)
    assert found["headline"] == "The monitor has not checked for 6 min."
    assert found["detail"].startswith("Stops are not being watched. Expected every 30 s")


@pytest.mark.parametrize(("ahead", "label"), [(18, "in 18 s"), (-1, "due")])
def test_next_check_is_told(ahead: int, label: str) -> None:
    due = signs(12, "ok", next_at=NOW + timedelta(seconds=ahead))
    assert pulse(due, NOW)["next_label"] == label


def test_times_are_utc_with_z() -> None:
    found = pulse(signs(12, "ok"), NOW)
    assert (found["now"], found["check_at"], found["next_at"]) == (
        "2026-11-22T12:00:00Z",
        "2026-11-22T11:59:48Z",
        None,
    )


def test_banners_come_with_the_pulse() -> None:
    found = pulse(signs(12, "ok", blind="no prices", leaves=""), NOW)
    assert (found["blind"], found["leaves"]) == ("no prices", "")
