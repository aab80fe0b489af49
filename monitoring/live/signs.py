"""Signs of life as the pages and the socket show them; judged by `monitoring.health`."""

from __future__ import annotations

from datetime import datetime
from statistics import median
from typing import TypedDict

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_q.models import Schedule

from monitoring.health import health
from monitoring.keeping.epoch import feed_epoch
from monitoring.models import MonitorRun
from monitoring.watching import banners
from positions.models import JournalEntry, Position
from positions.presenting.beat import Pulse, Signs, pulse
from positions.services import exits_are_paused, restored_from

BEATS = 40


def read_signs(now: datetime) -> Signs:
    """The present signs, by a few small queries."""
    runs = MonitorRun.objects.order_by("-pk")
    complete = runs.filter(state=MonitorRun.State.COMPLETE)
    last = complete.values_list("finished_at", flat=True).first()
    prices = runs.exclude(prices_at=None).values_list("prices_at", flat=True).first()
    interval = settings.MONITOR_INTERVAL
    state = health(now, last_pass=last, interval=interval, prices_at=prices, overdue=0)
    return Signs(
        check_at=last,
        prices_at=prices,
        next_at=Schedule.objects.filter(name="monitor").values_list("next_run", flat=True).first(),
        interval=interval,
        state=state.status,
        paused=exits_are_paused(),
        restored=restored_from(),
        held=Position.objects.filter(state=Position.State.OPEN).count(),
        epoch=feed_epoch(),
        demo=Position.objects.filter(is_demo=True).exists(),
        journal=newest_entry(),
        **banners(now),
    )


def newest_entry() -> int:
    """Id of the newest journal entry; 0 while there is none."""
    newest = JournalEntry.objects.order_by("-pk").values_list("pk", flat=True).first()
    return newest or 0


def read_pulse(now: datetime) -> Pulse:
    """The heartbeat as a page or a frame carries it."""
    return pulse(read_signs(now), now)


class Beat(TypedDict):
    """One pass as a bar: `cls` b0 fine, b1 slow or incomplete, b2 failed."""

    x: str
    cls: str


class Runs(TypedDict):
    """The latest passes, oldest first, and what they say in one sentence."""

    beats: list[Beat]
    text: str


def read_runs() -> Runs:
    """The last BEATS finished passes."""
    rows = MonitorRun.objects.exclude(state=MonitorRun.State.RUNNING).order_by("-pk")[:BEATS]
    runs = list(rows)[::-1]
    seconds = [
        (run.finished_at - run.started_at).total_seconds() for run in runs if run.finished_at
    ]
    slow = settings.MONITOR_INTERVAL
    beats = [
        Beat(x=f"{7.3 * (BEATS - len(runs) + place):.1f}", cls=_bar(run, slow))
        for place, run in enumerate(runs)
    ]
    if not seconds:
        return Runs(beats=beats, text=_("No check has finished yet."))
    text = ngettext(
        "%(n)d check · median %(median).2f s · %(bad)d not complete",
        "%(n)d checks · median %(median).2f s · %(bad)d not complete",
        len(runs),
    ) % {
        "n": len(runs),
        "median": median(seconds),
        "bad": sum(run.state != MonitorRun.State.COMPLETE for run in runs),
    }
    return Runs(beats=beats, text=text)


def _bar(run: MonitorRun, slow: int) -> str:
    if run.state == MonitorRun.State.FAILED:
        return "b2"
    if run.state == MonitorRun.State.INCOMPLETE or run.finished_at is None:
        return "b1"
    return "b1" if (run.finished_at - run.started_at).total_seconds() > slow else "b0"
