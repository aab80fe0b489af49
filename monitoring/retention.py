"""What is kept for how long. The journal, exits and fills are never pruned.

Price points stand closer together the younger they are: every one for a day, one a minute for a
week, one in a quarter of an hour for 90 days. No point that a rule may still look back on is
touched, however long its window.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import QuerySet
from django.utils import timezone
from django_q.models import Success

from monitoring.models import MonitorRun
from positions.domain.policy import PolicyError, loads, parse
from positions.models import ExitPolicy, PricePoint

logger = logging.getLogger(__name__)

EVERY_POINT, MINUTES, QUARTERS = timedelta(hours=24), timedelta(days=7), timedelta(days=90)
WINDOW_MARGIN = timedelta(hours=1)
RUNS_KEPT = timedelta(days=7)
TASKS_KEPT = timedelta(days=1)
CHUNK = 500  # rows a DELETE: short, for on SQLite nobody else can write meanwhile


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows went."""

    points: int
    runs: int
    tasks: int


def prune(*, now: datetime | None = None) -> Pruned:
    """Thins price points and removes old runs and finished tasks; safe at any time, again too."""
    now = now or timezone.now()
    tasks = Success.objects.filter(stopped__lt=now - TASKS_KEPT)
    return Pruned(prune_points(now=now), prune_runs(now=now), _delete(_ids(tasks), Success))


def prune_points(*, now: datetime) -> int:
    """Thins the price points, oldest tier first; nothing while a policy cannot be read."""
    try:
        needed = longest_window() + WINDOW_MARGIN
    except PolicyError as error:
        logger.warning("price points are not thinned: an exit policy is unreadable (%s)", error)
        return 0
    first, second, last = (now - max(age, needed) for age in (EVERY_POINT, MINUTES, QUARTERS))
    gone = _delete(_ids(PricePoint.objects.filter(until__lt=last)), PricePoint)
    gone += _thin(last, second, timedelta(minutes=15))
    return gone + _thin(second, first, timedelta(minutes=1))


def longest_window() -> timedelta:
    """The longest time any policy's rule looks back. Raises PolicyError."""
    texts = ExitPolicy.objects.values_list("document", flat=True).distinct()
    windows = [parse(loads(text)).window_minutes for text in texts]
    minutes = max((window for window in windows if window is not None), default=0)
    return timedelta(minutes=float(minutes))


def prune_runs(*, now: datetime) -> int:
    """Removes old passes; the last complete one stays, for health counts from it."""
    complete = MonitorRun.objects.filter(state=MonitorRun.State.COMPLETE).order_by("-pk")
    keep = complete.values_list("pk", flat=True)[:1]
    old = MonitorRun.objects.filter(started_at__lt=now - RUNS_KEPT).exclude(pk__in=list(keep))
    return _delete(_ids(old), MonitorRun)


def _thin(since: datetime, before: datetime, step: timedelta) -> int:
    """Of the points that ended in [since, before), keeps the last in each step and market."""
    tier = PricePoint.objects.filter(until__gte=since, until__lt=before)
    markets = tier.order_by().values_list("market_id", flat=True).distinct()
    gone = 0
    for market in list(markets):
        rows = tier.filter(market_id=market).order_by("until", "pk").values_list("pk", "until")
        gone += _delete(_crowded(list(rows), step), PricePoint)
    return gone


def _crowded(rows: list[tuple[int, datetime]], step: timedelta) -> Iterator[int]:
    """Ids of the rows that are followed by another one in the same step of the clock."""
    seconds = step.total_seconds()
    slots = [at.timestamp() // seconds for _, at in rows]
    for (pk, _), slot, following in zip(rows, slots, slots[1:], strict=False):
        if slot == following:
            yield pk


def _ids(rows: QuerySet[PricePoint] | QuerySet[MonitorRun] | QuerySet[Success]) -> list[object]:
    return list(rows.values_list("pk", flat=True))


def _delete(ids: Iterable[object], model: type[PricePoint | MonitorRun | Success]) -> int:
    left, gone = iter(ids), 0
    while chunk := list(islice(left, CHUNK)):
        model.objects.filter(pk__in=chunk).delete()
        gone += len(chunk)
    return gone
