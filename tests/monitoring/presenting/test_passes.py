from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitoring.presenting.passes import MOST, Ended, bars, kind_of, took_text

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def ended(state: str = "complete", seconds: float = 0.4) -> Ended:
    return Ended(1, state, NOON, seconds)


@pytest.mark.parametrize(
    ("state", "seconds", "kind"),
    [
        ("complete", 0.4, "ok"),
        ("complete", 30, "ok"),
        ("complete", 30.1, "slow"),
        ("incomplete", 99, "incomplete"),
        ("failed", 0.1, "failed"),
    ],
)
def test_kind_is_by_state_and_interval(state: str, seconds: float, kind: str) -> None:
    assert kind_of(state, seconds, 30) == kind


def test_bars_are_drawn_oldest_first_and_stand_at_the_right_end() -> None:
    drawn = bars([ended("failed"), ended(seconds=15)], 30)
    assert [(bar.kind, bar.x, bar.y, bar.height) for bar in drawn.bars] == [
        ("ok", "581.8", "13.0", "21.0"),
        ("failed", "591.8", "0.0", "34.0"),
    ]
    assert [bar.kind for bar in drawn.newest_first] == ["failed", "ok"]


def test_no_more_bars_than_there_is_room_for_and_none_taller() -> None:
    drawn = bars([ended(seconds=29 + place) for place in range(MOST + 5)], 30)
    assert len(drawn.bars) == MOST
    assert max(float(bar.height) for bar in drawn.bars) == 34
    assert min(float(bar.x) for bar in drawn.bars) > 0


def test_sentence_says_what_the_drawing_shows() -> None:
    passes = [ended("failed", 1), ended("incomplete", 4), *[ended()] * 3]
    assert bars(passes, 30).said == (
        "The latest 5 checks: 3 complete, 1 incomplete, 1 failed; median 0.40 s, longest 4.00 s"
    )
    assert bars([], 30).said == "No check has ended yet."


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0.40 s"), (9.994, "9.99 s"), (75.2, "75 s")])
def test_duration_is_short(seconds: float, text: str) -> None:
    assert took_text(seconds) == text
