"""When a channel keeps quiet, by the clock on its owner's wall. Pure.

A wall clock's time comes once a day here, on every day of the year: where clocks go back, at the
first of its two; where they go forward over it, at the moment of the change. So quiet hours begin
and end once a day, and a daily digest is never skipped and never doubled.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """Quiet from `start` to `end` in `zone`; across midnight when `end` is the earlier of both."""

    zone: ZoneInfo
    start: time
    end: time

    def until(self, now: datetime) -> datetime | None:
        """The end of the quiet hours that `now` lies in, in UTC; None outside of them."""
        today = now.astimezone(self.zone).date()
        for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
            begin, end = self.span(day)
            if begin <= now < end:
                return end
        return None

    def span(self, day: date) -> tuple[datetime, datetime]:
        """Begin and end, in UTC, of the quiet hours that begin on `day`; alike: there are none."""
        last = day + timedelta(days=1) if self.end < self.start else day
        return moment(day, self.start, self.zone), moment(last, self.end, self.zone)


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first instant at which the wall clock in `zone` has reached `at` on `day`, in UTC."""
    wall = datetime.combine(day, at.replace(tzinfo=None), tzinfo=zone)
    instant = wall.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant
    # Skipped: by the offset after the change this reads as before it, and the other way round.
    return _change(wall.replace(fold=1).astimezone(UTC), instant, zone)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second at which the offset is another than at `before`; `after` lies behind it."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
