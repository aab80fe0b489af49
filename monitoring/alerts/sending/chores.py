"""What is looked after beside sending, every ten seconds whoever sends: by one process at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from monitoring.alerts.deciding.upkeep import upkeep
from monitoring.alerts.sending.daily import daily
from monitoring.alerts.sending.fallback import fall_back
from monitoring.alerts.sending.giving_up import tell_failures
from monitoring.models import Heartbeat

logger = logging.getLogger(__name__)

EVERY = timedelta(seconds=10)
NAME = "alerts"
Job = Callable[..., object]
JOBS: tuple[Job, ...] = (upkeep, daily, tell_failures, fall_back)


def chores(*, now: datetime, jobs: Iterable[Job] = JOBS) -> bool:
    """Does what is due; False when another process has just done it. One that fails is logged and
    does not keep the others, nor the sending, from their turn.
    """
    if not _turn(now):
        return False
    for job in jobs:
        try:
            job(now=now)
        except Exception:
            logger.exception("%s failed", getattr(job, "__name__", job))
    return True


def _turn(now: datetime) -> bool:
    # Read first: on SQLite an UPDATE that changes nothing would still wait for the only write lock.
    last = Heartbeat.objects.filter(name=NAME).values_list("at", flat=True).first()
    if last is None:
        return Heartbeat.objects.get_or_create(name=NAME, defaults={"at": now})[1]
    # A time that lies ahead is from a clock that was set back since.
    if now - EVERY < last <= now + EVERY:
        return False
    stale = Q(at__lte=now - EVERY) | Q(at__gt=now + EVERY)
    return bool(Heartbeat.objects.filter(stale, name=NAME).update(at=now))
