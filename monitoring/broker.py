"""django-q2's database queue with a scheduler that looks twice a second.

django-q2 looks at its schedules every 30 s, a literal in its guard loop. Its pusher calls the
broker's `dequeue()` every 0.2 s, so the look is taken here (`"scheduler": False` turns the
guard's off). It runs inside the pusher: a full queue pauses scheduling too, instead of piling up.
"""

from __future__ import annotations

import time
from typing import Any

from django.utils import timezone
from django_q.brokers.orm import ORM

LOOK_EVERY = 0.5  # seconds


class SchedulingORM(ORM):  # type: ignore[misc]
    _looked = float("-inf")

    def dequeue(self) -> list[tuple[int, Any]] | None:
        """Queue what is due, then what django-q2's own broker does: [(row id, payload)] or None."""
        if time.monotonic() - self._looked >= LOOK_EVERY:
            self._looked = time.monotonic()
            self._schedule()
        tasks: list[tuple[int, Any]] | None = super().dequeue()
        return tasks

    def _schedule(self) -> None:
        from django_q.models import Schedule  # the apps are not ready when settings name us
        from django_q.scheduler import scheduler

        # scheduler() takes SQLite's write lock even when nothing is due: read first.
        if Schedule.objects.filter(next_run__lt=timezone.now()).exclude(repeats=0).exists():
            scheduler(broker=self)
