"""The ends that a person can choose, on every clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from monitoring.views.until import CHOICES, clock_text, until

ZURICH, UTC_ZONE = ZoneInfo("Europe/Zurich"), ZoneInfo("UTC")
EVENING = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("15", "22 Nov 22:45 CET"),
        ("60", "22 Nov 23:30 CET"),
        ("240", "23 Nov 02:30 CET"),
        ("tomorrow", "23 Nov 08:00 CET"),
    ],
)
def test_every_choice_ends_when_it_says(choice: str, expected: str) -> None:
    end = until(choice, EVENING, ZURICH)
    assert end is not None
    assert clock_text(end) == expected


def test_tomorrow_is_the_day_of_the_persons_own_calendar() -> None:
    """23:30 UTC is the next day in Zurich already: its tomorrow is one day later."""
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    ends = [until("tomorrow", late, zone) for zone in (UTC_ZONE, ZURICH)]
    assert [end.astimezone(UTC) for end in ends if end] == [
        datetime(2026, 11, 23, 8, tzinfo=UTC),
        datetime(2026, 11, 24, 7, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 6, tzinfo=UTC)),
        (datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 7, tzinfo=UTC)),
    ],
)
def test_eight_in_the_morning_is_eight_on_days_when_clocks_change(
    now: datetime, expected: datetime
) -> None:
    assert until("tomorrow", now, ZURICH) == expected


@pytest.mark.parametrize("choice", ["", "0", "-15", "1e9", "99999999999", "forever"])
def test_what_nobody_can_have_chosen_has_no_end(choice: str) -> None:
    assert until(choice, EVENING, ZURICH) is None


def test_every_offered_choice_can_be_chosen() -> None:
    assert [choice for choice, _text in CHOICES if until(choice, EVENING, UTC_ZONE) is None] == []
