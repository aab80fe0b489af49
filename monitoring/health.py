"""Is the watch alive? The one judgement behind /healthz, the pill on every page and the heartbeat.

An alert is overdue when it has waited for more than a minute: recorded in the journal and not yet
dispatched although a channel is on, or waiting for a channel that is on. Alerts of a channel that
is off (by a person, or by an error that is shown) wait for a person and do not count, nor do those
that quiet hours hold: their waiting begins in the morning.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.utils import timezone

from monitoring.alerts.dispatch import position_of_cursor
from monitoring.alerts.selection import told
from monitoring.heartbeat import OUTSIDE, beat
from monitoring.models import Channel, MonitorRun, Notification
from positions.models import JournalEntry

logger = logging.getLogger(__name__)

LATE_AFTER, DOWN_AFTER = 2, 5  # intervals without a complete pass
OVERDUE_AFTER = timedelta(seconds=60)
PING_SECONDS = 10.0  # and a third of the interval: a service that hangs must not delay a pass
Status = Literal["ok", "late", "down"]


@dataclass(frozen=True, slots=True)
class Health:
    """Ages and the interval in seconds; None where there has been no pass or no price yet."""

    status: Status
    last_pass_age: float | None
    interval: int
    prices_age: float | None
    alerts_overdue: int | None

    def document(self) -> dict[str, object]:
        """The body of /healthz."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def health(
    now: datetime,
    *,
    last_pass: datetime | None,
    interval: int,
    prices_at: datetime | None,
    overdue: int,
) -> Health:
    """`last_pass`: when the last complete pass ended. `interval` in seconds. Pure."""
    ages = (_age(now, last_pass), _age(now, prices_at))
    return Health(status_of(now, last_pass, interval), ages[0], interval, ages[1], overdue)


def status_of(now: datetime, last_pass: datetime | None, interval: int) -> Status:
    """ok, late above 2 intervals (of `interval` seconds) and before the first pass, down above 5.

    A pass further ahead than two intervals ended before the clock was set back: it proves nothing.
    """
    if last_pass is None:
        return "late"
    missed = (now - last_pass) / timedelta(seconds=interval)
    if missed < -LATE_AFTER:
        return "late"
    if missed > DOWN_AFTER:
        return "down"
    return "late" if missed > LATE_AFTER else "ok"


def last_complete_pass() -> datetime | None:
    """When the last complete pass ended."""
    complete = MonitorRun.objects.filter(state=MonitorRun.State.COMPLETE).order_by("-pk")
    return complete.values_list("finished_at", flat=True).first()


def newest_price() -> datetime | None:
    """When a source last told a price, as of the last pass that read any."""
    priced = MonitorRun.objects.exclude(prices_at=None).order_by("-pk")
    return priced.values_list("prices_at", flat=True).first()


def read_health(*, now: datetime) -> Health:
    """The state of this installation, by four small queries. Raises DatabaseError."""
    return health(
        now,
        last_pass=last_complete_pass(),
        interval=settings.MONITOR_INTERVAL,
        prices_at=newest_price(),
        overdue=alerts_overdue(now=now),
    )


def unreadable() -> Health:
    """What is known when the database does not answer."""
    return Health("down", None, settings.MONITOR_INTERVAL, None, None)


def alerts_overdue(*, now: datetime) -> int:
    """How many alerts have waited for more than a minute (see above)."""
    before = now - OVERDUE_AFTER
    waiting = Notification.objects.filter(
        state=Notification.State.PENDING, channel__enabled=True, queued_at__lt=before
    ).count()
    behind = JournalEntry.objects.filter(told(), pk__gt=position_of_cursor(), at__lt=before)
    if not behind.exists() or not Channel.objects.filter(enabled=True).exists():
        return waiting
    return waiting + behind.count()


def ping_heartbeat(*, complete: bool) -> bool:
    """GETs HEARTBEAT_URL after a complete pass; whether it was taken, which is noted. Never raises
    but DatabaseError.

    Failure anywhere means no ping: the dead-man's switch outside must see the whole path.
    """
    url: str = settings.HEARTBEAT_URL
    if not complete or not url:
        return False
    from positions.venues.base import VenueError
    from positions.venues.http import HttpClient

    patience = min(PING_SECONDS, max(1.5, settings.MONITOR_INTERVAL / 3))
    try:
        HttpClient(tries=1).send("GET", url, deadline=time.monotonic() + patience, as_json=False)
    except VenueError as error:
        # Its text names the path, which is the secret of most such services.
        logger.warning("the heartbeat was not taken (%s)", type(error).__name__)
        return False
    beat(OUTSIDE, at=timezone.now())
    return True


def _age(now: datetime, then: datetime | None) -> float | None:
    """Seconds since then, to a tenth; a clock that was set back gives 0."""
    return None if then is None else max(0.0, round((now - then).total_seconds(), 1))
