"""P13: quiet hours and daily times hold in every zone of the world, on both days of the change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.alerts.sending.quiet import Hours, moment
from positions.zones import zone_names, zone_of

ZONES = sorted(available_timezones())
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
DAY = timedelta(days=1)
MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def changes(zone: ZoneInfo, year: int = 2026) -> list[datetime]:
    """The instants of a year at which the zone's offset changes, to the minute."""
    found = []
    at, step = datetime(year, 1, 1, tzinfo=UTC), timedelta(hours=6)
    while at.year == year:
        low, high = at, at + step
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) // 2
                same = middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(high.replace(second=0, microsecond=0))
        at = at + step
    return found


CHANGES = {name: changes(ZoneInfo(name)) for name in ZONES}


def wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def first_reached(day: date, at: time, zone: ZoneInfo) -> datetime:
    """`moment` by looking at the clock every minute."""
    look, aim = (
        datetime.combine(day, at, tzinfo=UTC) - timedelta(hours=27),
        datetime.combine(day, at),
    )
    while wall(look, zone) < aim:
        look += timedelta(minutes=1)
    return look


def around_changes() -> st.SearchStrategy[tuple[ZoneInfo, date]]:
    """A zone of the world and a day next to one of its changes, or any day where it has none."""

    def days(name: str) -> st.SearchStrategy[tuple[ZoneInfo, date]]:
        zone = ZoneInfo(name)
        near = [at.astimezone(zone).date() for at in CHANGES[name]] or [date(2026, 7, 1)]
        offsets = st.sampled_from([-DAY, timedelta(0), DAY])
        day = st.builds(lambda base, offset: base + offset, st.sampled_from(near), offsets)
        return day.map(lambda chosen: (zone, chosen))

    return st.sampled_from(ZONES).flatmap(days)


def test_zones_change_somewhere() -> None:
    assert sum(len(found) == 2 for found in CHANGES.values()) > 100


@given(around_changes(), MINUTES)
@settings(deadline=None, max_examples=150)
def test_moment_is_the_first_minute_at_which_the_clock_has_come_that_far(
    place: tuple[ZoneInfo, date], at: time
) -> None:
    zone, day = place
    assert moment(day, at, zone) == first_reached(day, at, zone)


@pytest.mark.parametrize(
    ("start", "end"),
    [(time(22), time(7)), (time(1, 30), time(5)), (time(23), time(2, 30)), (time(0), time(0, 15))],
)
def test_every_zone_is_quiet_once_a_day_on_both_days_of_the_change(start: time, end: time) -> None:
    for name in ZONES:
        zone, hours = ZoneInfo(name), Hours(ZoneInfo(name), start, end)
        days = {at.astimezone(zone).date() for at in CHANGES[name]} | {date(2026, 7, 1)}
        for day in days:
            begin, over = hours.span(day)
            nominal = (datetime.combine(day, end) - datetime.combine(day, start)) % DAY
            assert abs((over - begin) - nominal) <= timedelta(hours=3), name
            assert wall(begin, zone).date() == day, name
            if begin < over:
                assert hours.until(begin) == hours.until(over - timedelta(seconds=1)) == over, name
                assert hours.until(begin - timedelta(seconds=1)) is None, name
            assert hours.until(over) is None, name


@given(around_changes(), MINUTES, MINUTES, st.integers(0, 24 * 60 - 1))
@settings(deadline=None, max_examples=300)
def test_quiet_ends_where_it_says_and_not_before(
    place: tuple[ZoneInfo, date], start: time, end: time, minute: int
) -> None:
    zone, day = place
    now = moment(day, time(0), zone) + timedelta(minutes=minute)
    hours = Hours(zone, start, end)
    until = hours.until(now)
    inside = [
        (begin, over)
        for begin, over in (hours.span(day + DAY * shift) for shift in range(-2, 3))
        if begin <= now < over
    ]
    assert [until] * len(inside) == [over for _, over in inside]
    assert (until is None) == (not inside)


@given(around_changes(), MINUTES)
@settings(deadline=None, max_examples=150)
def test_a_daily_time_comes_once_a_day(place: tuple[ZoneInfo, date], at: time) -> None:
    zone, day = place
    times = [moment(day + DAY * shift, at, zone) for shift in range(-2, 3)]
    assert times == sorted(set(times))
    assert [wall(each, zone).date() for each in times] == [day + DAY * n for n in range(-2, 3)]


@pytest.mark.parametrize(
    ("zone", "start", "end", "now", "until"),
    [
        (BERLIN, "22:00", "07:00", "2026-11-22T20:59:59", None),
        (BERLIN, "22:00", "07:00", "2026-11-22T21:00", "2026-11-23T06:00"),
        (BERLIN, "22:00", "07:00", "2026-11-23T05:59:59", "2026-11-23T06:00"),
        (BERLIN, "22:00", "07:00", "2026-11-23T06:00", None),
        (BERLIN, "13:00", "14:00", "2026-11-22T12:30", "2026-11-22T13:00"),
        # Clocks go forward, 02:00 to 03:00: the night is an hour shorter.
        (BERLIN, "22:00", "07:00", "2026-03-28T23:00", "2026-03-29T05:00"),
        # 02:30 does not come: it is over when the clock is past it.
        (BERLIN, "22:00", "02:30", "2026-03-29T00:59:59", "2026-03-29T01:00"),
        (NEW_YORK, "22:00", "02:30", "2026-03-08T06:59", "2026-03-08T07:00"),
        # Clocks go back, 03:00 to 02:00: the night is an hour longer, and 02:30 comes twice.
        (BERLIN, "22:00", "07:00", "2026-10-24T23:00", "2026-10-25T06:00"),
        (BERLIN, "22:00", "02:30", "2026-10-25T00:29", "2026-10-25T00:30"),
        (BERLIN, "22:00", "02:30", "2026-10-25T01:15", None),
        (BERLIN, "02:30", "05:00", "2026-10-25T01:15", "2026-10-25T04:00"),
        # Nothing is left of quiet hours that the clocks jump over; alike times are none.
        (BERLIN, "02:10", "02:50", "2026-03-29T01:00", None),
        (BERLIN, "08:00", "08:00", "2026-11-22T07:00", None),
    ],
)
def test_quiet_hours_by_example(
    zone: ZoneInfo, start: str, end: str, now: str, until: str | None
) -> None:
    hours = Hours(zone, time.fromisoformat(start), time.fromisoformat(end))
    assert hours.until(utc(now)) == (utc(until) if until else None)


def test_a_day_that_a_zone_left_out_begins_with_the_next() -> None:
    apia = ZoneInfo("Pacific/Apia")  # went from the 29th to the 31st of December 2011
    assert moment(date(2011, 12, 30), time(8), apia) == utc("2011-12-30T10:00")
    assert moment(date(2011, 12, 31), time(8), apia) == utc("2011-12-30T18:00")


@pytest.mark.parametrize("name", ["", "Mars/Base", "../etc/passwd", "Europe", "/etc/localtime"])
def test_unknown_zone_is_utc(name: str) -> None:
    assert zone_of(name) == ZoneInfo("UTC")


def test_zones_to_choose_from_are_known_and_without_copies() -> None:
    names = zone_names()
    assert {"UTC", "Europe/Berlin", "America/New_York"} <= set(names)
    assert [name for name in names if zone_of(name).key != name or name.startswith("right/")] == []
