"""The recurring jobs as django-q2 schedules, down to seconds.

django-q2 counts in whole minutes. A schedule's minutes are only the watchdog here: when a run ends,
it pulls its schedule's `next_run` forward to the next multiple of its seconds, counted from when it
was due, so that nothing drifts, or from when it began where that was late. A run that dies leaves
the watchdog standing. A run that takes long is not overtaken before the watchdog's minute, and
after downtime there is one run, not many.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """A recurring job: `monitoring.tasks.<name>` every so many seconds."""

    name: str
    seconds: int
    at_start: bool = True  # due at once when a worker starts

    @property
    def func(self) -> str:
        return f"monitoring.tasks.{self.name}"

    @property
    def minutes(self) -> int:
        return math.ceil(self.seconds / 60)


def look_seconds() -> int:
    """Seconds between two looks at the watch itself: half an interval, 5 s at most."""
    return max(2, min(5, int(settings.MONITOR_INTERVAL) // 2))


def plans() -> tuple[Plan, ...]:
    """The jobs of this installation; the pass runs at MONITOR_INTERVAL."""
    return (
        Plan("beat", 2),
        Plan("monitor", settings.MONITOR_INTERVAL),
        Plan("deliver", 2),
        Plan("deliver_again", 2),
        Plan("watch", look_seconds()),
        Plan("sync_wallets", 300),
        Plan("refresh_markets", 600),
        Plan("decide", 2),
        Plan("reflect", 60),
        Plan("score", 3600),
        Plan("screen", 60 * settings.AI_SCREEN_MINUTES),
        Plan("prune", 3600, at_start=False),
    )


def next_due(due: datetime, now: datetime, seconds: int) -> datetime:
    """The first time after `now` that lies a whole number of `seconds` after `due`."""
    missed = max(0, (now - due) // timedelta(seconds=seconds))
    return due + timedelta(seconds=seconds * (missed + 1))


def ensure_schedules(*, now: datetime) -> None:
    """Make or mend the schedules; idempotent. A schedule that a person switched off stays off."""
    for plan in plans():
        twins = Schedule.objects.filter(name=plan.name).order_by("id").values_list("id", flat=True)
        Schedule.objects.filter(id__in=list(twins[1:])).delete()
        Schedule.objects.update_or_create(
            name=plan.name,
            defaults={
                "func": plan.func,
                "schedule_type": Schedule.MINUTES,
                "minutes": plan.minutes,
                "intended_date_kwarg": "due",
            },
            create_defaults={
                "func": plan.func,
                "schedule_type": Schedule.MINUTES,
                "minutes": plan.minutes,
                "intended_date_kwarg": "due",
                "repeats": -1,
                "next_run": now,
            },
        )


def resume(*, now: datetime) -> None:
    """Have a starting worker begin at once, whatever its predecessor left behind.

    What a killed worker had pulled stays locked for `retry` seconds in the queue: those rows go,
    and the schedules are due now instead. Tasks put there by hand stay.
    """
    ours = {plan.func for plan in plans()}
    stale = [row.pk for row in OrmQ.objects.all() if row.func() in ours]
    OrmQ.objects.filter(pk__in=stale).delete()
    names = [plan.name for plan in plans() if plan.at_start]
    Schedule.objects.filter(name__in=names).update(next_run=now)
    recall(now=now)


def recall(*, now: datetime) -> None:
    """Bring back what a clock that was set back has left far in the future: due now.

    No run is ever planned further ahead than the watchdog's minutes.
    """
    for plan in plans():
        latest = now + timedelta(minutes=plan.minutes + 1)
        Schedule.objects.filter(name=plan.name, next_run__gt=latest).update(next_run=now)


def unacknowledged(*, now: datetime) -> int:
    """How many tasks a worker has pulled and not yet reported done."""
    # A pulled row is locked for `retry` seconds from the pull; a waiting one carries a past time.
    count: int = OrmQ.objects.filter(lock__gt=now).count()
    return count


def every(name: str) -> Callable[[Callable[[], object]], Callable[..., None]]:
    """Make a django-q2 task of a callable: it logs errors and pulls its own schedule forward."""

    def wrap(work: Callable[[], object]) -> Callable[..., None]:
        @wraps(work)
        def run(due: str | None = None) -> None:
            began = timezone.now()
            try:
                work()
            except Exception:
                # Not raised on: django-q2 would keep the text, which may hold a secret, in a row
                # that nothing redacts, one every two seconds for as long as the trouble lasts.
                logger.exception("%s failed", name)
            finally:
                _advance(name, datetime.fromisoformat(due) if due else began, began)

        return run

    return wrap


def look_again(name: str, at: datetime | None) -> None:
    """Have the job run at `at` if that is before its turn: a breach that waits for its second
    reading must not wait for half an hour because the interval is that long.
    """
    if at is not None:
        Schedule.objects.filter(name=name, next_run__gt=at).update(next_run=at)


def _advance(name: str, due: datetime, began: datetime) -> None:
    seconds = next(plan.seconds for plan in plans() if plan.name == name)
    # One that began late catches up for all it missed; the next comes a whole interval after it.
    late = began - due > timedelta(seconds=seconds) / 2
    then = next_due(began if late else due, timezone.now(), seconds)
    # Only forward in time: a later run may have set an earlier one already.
    Schedule.objects.filter(name=name, next_run__gt=then).update(next_run=then)
