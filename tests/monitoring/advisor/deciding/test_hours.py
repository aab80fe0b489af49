"""When it may sell by itself: over midnight, and on the days on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.advisor.deciding.hours import by_itself, outside
from positions.models import AdvicePolicy

BERLIN = "Europe/Berlin"
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 365 * 24 * 60).map(lambda minutes: NEW_YEAR + timedelta(minutes=minutes))


def night(begin: str = "23:00", end: str = "07:00", zone: str = BERLIN) -> AdvicePolicy:
    return AdvicePolicy(
        mode="auto_hours",
        auto_from=time.fromisoformat(begin),
        auto_to=time.fromisoformat(end),
        time_zone=zone,
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "found"),
    [
        ("2026-01-10T21:59:59", False),
        ("2026-01-10T22:00:00", True),  # 23:00 in Berlin
        ("2026-01-11T02:00:00", True),  # three in the morning: the course's own story
        ("2026-01-11T05:59:59", True),
        ("2026-01-11T06:00:00", False),
        # Clocks go forward in the night of 29 March: 23:00 is 22:00 UTC, 07:00 is 05:00 UTC.
        ("2026-03-29T04:59:59", True),
        ("2026-03-29T05:00:00", False),
        # And back on 25 October: 23:00 is 21:00 UTC, 07:00 is 06:00 UTC.
        ("2026-10-24T21:00:00", True),
        ("2026-10-25T05:59:59", True),
        ("2026-10-25T06:00:00", False),
    ],
)
def test_hours_over_midnight_follow_the_clock_on_the_wall(moment: str, found: bool) -> None:
    assert by_itself(night(), at(moment)) is found


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, False),
        ({"mode": "advisory", "auto_from": time(0), "auto_to": time(23)}, False),
        ({"mode": "auto"}, True),
        ({"mode": "auto_hours"}, False),
        ({"mode": "auto_hours", "auto_from": time(7), "auto_to": time(7)}, False),
    ],
)
def test_mode_decides(fields: dict[str, Any], found: bool) -> None:
    assert by_itself(AdvicePolicy(**fields), at("2026-01-10T12:00:00")) is found


@given(TIMES, TIMES, MOMENTS)
def test_hours_and_their_complement_share_no_moment_and_miss_none(
    begin: time, end: time, moment: datetime
) -> None:
    one = by_itself(night(begin.isoformat(), end.isoformat(), "UTC"), moment)
    other = by_itself(night(end.isoformat(), begin.isoformat(), "UTC"), moment)
    assert (one, other) == (False, False) if begin == end else one is not other


@given(TIMES, TIMES, MOMENTS, st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe"]))
def test_away_from_a_change_it_is_a_comparison_of_wall_times(
    begin: time, end: time, moment: datetime, zone: str
) -> None:
    here = ZoneInfo(zone)
    offsets = {
        (moment + timedelta(days=day)).astimezone(here).utcoffset() for day in (-2, -1, 0, 1, 2)
    }
    if len(offsets) > 1:
        return
    wall = moment.astimezone(here).time()
    inside = begin <= wall < end if begin <= end else wall >= begin or wall < end
    assert by_itself(night(begin.isoformat(), end.isoformat(), zone), moment) is inside


def test_outside_of_its_hours_it_says_which_they_are() -> None:
    assert [outside(night()), outside(AdvicePolicy()), outside(AdvicePolicy(mode="auto"))] == [
        ["It sells by itself from 23:00 to 07:00 (Europe/Berlin) only."],
        [],
        [],
    ]
