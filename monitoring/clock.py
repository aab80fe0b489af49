"""Has the wall clock been set? Told by holding it against the machine's own count of seconds.

Wall time less uptime is the moment of the boot: it stays the same until somebody sets the clock.
One row keeps it, for each boot; whoever finds another moment claims the step and mends what a clock
that was set back would leave waiting for hours: schedules, channels that wait, back-off, alarms,
questions.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from positions import journal
from positions.models import JournalEntry
from positions.presenting.text import span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet

STEP = timedelta(seconds=3)  # less is no step: a clock is slewed by milliseconds
STEPPED = "clock_stepped"
PREFIX = "clock:"  # of the rows' names, one row for each boot
KEPT = timedelta(days=90)
# Reminders, escalation and cooldowns count from these.
ALARM_TIMES = ("raised_at", "last_at", "resolved_at", "told_at", "escalated_at", "due_at")
QUESTION_TIMES = ("ai_until", "answer_until", "not_before", "claimed_until")
LEASE_AT_MOST = timedelta(minutes=5)  # no channel is ever leased for longer


def uptime() -> float:
    """Seconds since boot, sleep included where the system can tell (Linux)."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def boot_name() -> str:
    """The row of this boot of this machine; a reboot is no step."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    except OSError:
        boot = "this"
    return f"{PREFIX}{boot.strip().replace('-', '')}"[:40]


def look(now: datetime, up: float, *, beats: Mapping[str, datetime], name: str) -> timedelta:
    """How far the clock has been set since the last look of anybody, forward above zero.

    `up`: seconds since boot at `now`; `beats`: the Heartbeat rows. The step is claimed: of several
    processes that see it, one gets it and the others zero. Raises DatabaseError.
    """
    from monitoring.heartbeat import beat
    from monitoring.models import Heartbeat

    booted, known = now - timedelta(seconds=up), beats.get(name)
    if known is None:
        forgotten = Heartbeat.objects.filter(name__startswith=PREFIX, at__lt=booted - KEPT)
        forgotten.delete()
        beat(name, at=booted)
        return timedelta(0)
    step = booted - known
    if abs(step) < STEP:
        return timedelta(0)
    with transaction.atomic():
        if not Heartbeat.objects.filter(name=name, at=known).update(at=booted):
            return timedelta(0)
        if step < timedelta(0):
            mend(now, back=-step)
        journal.append(_entry(now, step))
    return step


def _entry(now: datetime, step: timedelta) -> JournalEntry:
    seconds = step.total_seconds()
    text = (
        _("the clock was set forward by %(span)s")
        if seconds > 0
        else _("the clock was set back by %(span)s")
    )
    return journal.entry(
        STEPPED,
        text % {"span": span(abs(seconds))},
        at=now,
        urgency="medium",
        data={"seconds": round(seconds, 3)},
    )


def mend(now: datetime, *, back: timedelta) -> None:
    """Moves what was set by the clock before it went `back`, in the caller's transaction.

    Quiet hours and digests are left alone: they are moments of the day, not spans from then.
    """
    from monitoring.alerts.sending.queue import HELD
    from monitoring.models import Alarm, Channel, Feed, Notification, Question
    from monitoring.schedules import recall

    recall(now=now)
    Channel.objects.filter(lease_until__gt=now + LEASE_AT_MOST).update(lease_until=now)
    waiting = Notification.objects.filter(state=Notification.State.PENDING)
    _pull(waiting.exclude(reason=HELD), now, back, "not_before", "queued_at")
    _pull(Channel.objects.all(), now, back, "not_before", "failures_told_at")
    _pull(Alarm.objects.all(), now, back, *ALARM_TIMES)
    # A claim that moves is lost to its holder: what is being asked just now is asked anew.
    _pull(Question.objects.filter(state__in=Question.LIVE), now, back, *QUESTION_TIMES)
    _pull(Feed.objects.all(), now, back, "not_before")


def _pull(rows: QuerySet[Any], now: datetime, back: timedelta, *names: str) -> None:
    """Moves those of the columns that lie ahead."""
    for name in names:
        rows.filter(**{f"{name}__gt": now}).update(**{name: F(name) - back})
