"""Price points stand closer together the younger they are: every one for a day, one a minute for a
week, one in a quarter of an hour for 90 days. No point that a rule may still look back on is
touched, however long its window.

Points are written in the order of time, so each tier is thinned by one walk over the ids from where
the last one ended: what a run costs follows from what is new, not from how many markets or points
there are.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from monitoring.models import Cursor
from monitoring.retention.pace import Pace
from positions.domain.policy import PolicyError, loads, parse
from positions.models import ExitPolicy, PricePoint

logger = logging.getLogger(__name__)

EVERY_POINT, MINUTES, QUARTERS = timedelta(hours=24), timedelta(days=7), timedelta(days=90)
MINUTE, QUARTER = timedelta(minutes=1), timedelta(minutes=15)
WINDOW_MARGIN = timedelta(hours=1)
SCAN = 5000  # points read at once
Row = tuple[int, int, datetime]  # id, market, until


def prune_points(*, now: datetime, pace: Pace) -> int:
    """Thins the price points, oldest tier first; nothing while a policy cannot be read."""
    try:
        needed = longest_window() + WINDOW_MARGIN
    except PolicyError as error:
        logger.warning("price points are not thinned: an exit policy is unreadable (%s)", error)
        return 0
    first, second, last = (now - max(age, needed) for age in (EVERY_POINT, MINUTES, QUARTERS))
    gone = _forget(last, now, pace)
    gone += Walk("points_by_quarter", second, QUARTER, now).go(pace)
    return gone + Walk("points_by_minute", first, MINUTE, now).go(pace)


def longest_window() -> timedelta:
    """The longest time any policy's rule looks back. Raises PolicyError."""
    texts = ExitPolicy.objects.values_list("document", flat=True).distinct()
    windows = [parse(loads(text)).window_minutes for text in texts]
    minutes = max((window for window in windows if window is not None), default=0)
    return timedelta(minutes=float(minutes))


def _forget(edge: datetime, now: datetime, pace: Pace) -> int:
    """Deletes the points that ended before `edge`."""
    gone, place = 0, 0
    while not pace.over:
        old = list(_until(edge, now, _after(place)))
        if not old:
            break
        place = old[-1][0]
        gone += pace.delete(PricePoint, (pk for pk, _market, at in old if at < edge))
    return gone


@dataclass(slots=True)
class Walk:
    """One tier: of the points that ended before `edge` the last in each `step` and market stays.

    The cursor `name` holds the id of the last point looked at.
    """

    name: str
    edge: datetime
    step: timedelta
    now: datetime
    latest: dict[int, tuple[int, int]] = field(
        default_factory=dict
    )  # market: (slot, id) that stays

    def go(self, pace: Pace) -> int:
        """Walks until the edge or the end of the time; returns how many points went."""
        self.edge = _floor(self.edge, self.step)  # no slot is cut in two between runs
        place = Cursor.objects.filter(name=self.name).values_list("entry_id", flat=True).first()
        gone = 0
        while not pace.over:
            rows = list(_until(self.edge, self.now, _after(place or 0)))
            if not rows:
                break
            gone += pace.delete(PricePoint, list(self._crowded(rows)))
            place = rows[-1][0]
            # After the deletion: who dies between the two walks this stretch again.
            Cursor.objects.update_or_create(name=self.name, defaults={"entry_id": place})
        return gone

    def _crowded(self, rows: Iterable[Row]) -> Iterator[int]:
        """Ids of the points that are followed by another one in the same step of the clock."""
        seconds = self.step.total_seconds()
        for pk, market, until in rows:
            slot = int(until.timestamp() // seconds)
            before = self.latest.get(market)
            if before is not None and before[0] == slot:
                yield before[1]
            self.latest[market] = (slot, pk)


def _after(place: int) -> Iterable[Row]:
    rows = PricePoint.objects.filter(pk__gt=place).order_by("pk")
    return rows.values_list("pk", "market_id", "until")[:SCAN]


def _until(edge: datetime, now: datetime, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows up to the first that is younger than `edge`; one of the future, written while the
    clock was wrong, must not stand in the way until its time has come.
    """
    for row in rows:
        if edge <= row[2] <= now:
            return
        yield row


def _floor(at: datetime, step: timedelta) -> datetime:
    seconds = step.total_seconds()
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)
