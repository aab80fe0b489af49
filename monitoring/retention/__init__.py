"""What is kept for how long. The journal, exits and fills are never pruned, nor what waits for a
person: alerts that are pending or failed, alarms that are not over; nor headlines that a decision
or a question rests on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from monitoring.retention.news import prune_news
from monitoring.retention.pace import Pace
from monitoring.retention.points import prune_points
from monitoring.retention.rows import prune_rows
from monitoring.retention.texts import prune_texts

__all__ = ("prune",)

BUDGET = 200.0  # seconds; django-q2 kills a task after 300, and the next hour goes on from here


def prune(
    *,
    now: datetime | None = None,
    budget: float = BUDGET,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, int]:
    """Removes what is old, in short transactions; safe at any time, again, and cut off anywhere.

    Returns how many rows went, by table; `texts`: of how many AI calls. `budget` in seconds of `clock`.
    """
    now, pace = now or timezone.now(), Pace(budget, clock, sleep)
    gone = {
        "points": prune_points(now=now, pace=pace),
        **prune_rows(now=now, pace=pace),
        **prune_news(now=now, pace=pace),
        "texts": prune_texts(now=now, pace=pace),
    }
    return {name: count for name, count in gone.items() if count}
