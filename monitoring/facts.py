"""What the watch over the watch goes by: a dozen small facts, each from one cheap query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, QuerySet
from django_q.models import OrmQ

from monitoring import heartbeat, lease
from monitoring.clock import STEPPED
from monitoring.health import alerts_overdue, last_complete_pass
from monitoring.models import Channel, Lease, MonitorRun, Notification, Source
from positions.models import Exit, JournalEntry, Market, Position
from positions.services import exits_are_paused

LOST_FOR = timedelta(days=3)  # how long an alert that failed is a trouble of today
PRICED_WITHIN = 120  # seconds, and two intervals: an older price sells nothing


@dataclass(frozen=True, slots=True)
class PassSeen:
    """A pass that has ended. `watched`: it read and judged all, complete or not."""

    state: str
    started_at: datetime
    finished_at: datetime
    problem: str = ""
    watched: bool = False

    @property
    def seconds(self) -> float:
        return (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Blind:
    """A venue that answers nothing."""

    venue: str
    since: datetime
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Off:
    """A channel that an error has switched off."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All times UTC, None where nothing of the kind has happened; `interval` in seconds.

    `last_pass`: end of the last complete one; `finished`: the latest two that ended, newest first;
    `running`: start of the one under way, `renewed`: when it last committed or claimed something;
    `started`: when this house began to run; `worker`: its latest beat; `stuck`: exits decided that
    nobody has tried to send, `stuck_since` the oldest's moment; `stepped`: when the clock was last
    set and by how many seconds; `outside`: the latest ping that HEARTBEAT_URL took.
    """

    interval: int
    last_pass: datetime | None = None
    finished: tuple[PassSeen, ...] = ()
    running: datetime | None = None
    renewed: datetime | None = None
    started: datetime | None = None
    worker: datetime | None = None
    overdue: int = 0
    stuck: int = 0
    stuck_since: datetime | None = None
    blind: tuple[Blind, ...] = ()
    queued: int = 0
    stepped: tuple[datetime, float] | None = None
    pings: bool = False
    outside: datetime | None = None
    failed: int = 0
    off: tuple[Off, ...] = ()


def venue_name(venue: str) -> str:
    """As a person knows it."""
    return str(dict(Market.Venue.choices).get(venue, venue))


def read_facts(now: datetime) -> Facts:
    """The facts of this installation. Raises DatabaseError."""
    beats = heartbeat.beats()
    running, renewed = _under_way()
    stuck, stuck_since = read_stuck(now)
    return Facts(
        interval=settings.MONITOR_INTERVAL,
        last_pass=last_complete_pass(),
        finished=_finished(),
        running=running,
        renewed=renewed,
        started=beats.get(heartbeat.STARTED),
        worker=beats.get(heartbeat.WORKER),
        overdue=alerts_overdue(now=now),
        stuck=stuck,
        stuck_since=stuck_since,
        blind=read_blind(),
        queued=OrmQ.objects.filter(lock__lte=now).count(),
        stepped=_stepped(),
        pings=bool(settings.HEARTBEAT_URL),
        outside=beats.get(heartbeat.OUTSIDE),
        failed=read_failed(now),
        off=read_off(),
    )


def _finished() -> tuple[PassSeen, ...]:
    rows = MonitorRun.objects.exclude(state=MonitorRun.State.RUNNING).exclude(finished_at=None)
    return tuple(
        PassSeen(
            row.state,
            row.started_at,
            row.finished_at or row.started_at,
            row.problem,
            watched=row.checked + row.unpriced >= row.open and (row.checked > 0 or not row.open),
        )
        for row in rows.order_by("-pk")[:2]
    )


def _under_way() -> tuple[datetime | None, datetime | None]:
    """Start of the pass that runs, and when it last renewed its lease."""
    rows = MonitorRun.objects.filter(state=MonitorRun.State.RUNNING).order_by("-pk")
    found = rows.values_list("started_at", "fence").first()
    if found is None:
        return None, None
    held = Lease.objects.filter(name="monitor", fence=found[1]).exclude(holder="")
    expires = held.values_list("expires_at", flat=True).first()
    return found[0], None if expires is None else expires - lease.LENGTH


def stuck_exits(now: datetime, interval: float) -> QuerySet[Exit]:
    """Exits decided more than two intervals (seconds) ago that nobody has ever tried to send,
    although their price is there: "nothing is leaving". One that waits for a price is not stuck:
    its position is told as unpriced.
    """
    before = now - timedelta(seconds=2 * interval)
    fresh = now - timedelta(seconds=max(PRICED_WITHIN, 2 * interval))
    rows = Exit.objects.filter(state=Exit.State.PENDING, attempt=0, created_at__lt=before)
    return rows.filter(
        position__state=Position.State.OPEN,
        position__is_dust=False,
        position__mark__problem="",
        position__market__state="open",
        position__market__quote__problem="",
        position__market__quote__told_at__gte=fresh,
    )


def nothing_leaves(now: datetime, interval: float) -> int:
    """How many exits are stuck; 0 while exits are paused. One query, two when there are any."""
    found = stuck_exits(now, interval).count()
    return 0 if found and exits_are_paused() else found


def read_stuck(now: datetime) -> tuple[int, datetime | None]:
    """How many exits are stuck, and since when the oldest is decided."""
    rows = stuck_exits(now, settings.MONITOR_INTERVAL)
    found = rows.aggregate(n=Count("pk"), oldest=Min("created_at"))
    if not found["n"] or exits_are_paused():
        return 0, None
    return found["n"], found["oldest"]


def read_blind() -> tuple[Blind, ...]:
    """Venues that answer nothing and hold open positions."""
    held = Position.objects.filter(state=Position.State.OPEN).values("market__venue")
    rows = Source.objects.filter(venue__in=held, blind_since__isnull=False).order_by("venue")
    return tuple(Blind(row.venue, row.blind_since, row.problem) for row in rows if row.blind_since)


def read_failed(now: datetime) -> int:
    """Alerts of the last days that were given up and not sent again."""
    lost = Notification.objects.filter(state=Notification.State.FAILED)
    return lost.filter(queued_at__gte=now - LOST_FOR).count()


def read_off() -> tuple[Off, ...]:
    """Channels that an error has switched off."""
    rows = Channel.objects.filter(enabled=False).exclude(disabled_reason="").order_by("name")
    return tuple(Off(name, why) for name, why in rows.values_list("name", "disabled_reason"))


def _stepped() -> tuple[datetime, float] | None:
    steps = JournalEntry.objects.filter(kind=STEPPED).order_by("-pk")
    found = steps.values_list("at", "data").first()
    return None if found is None else (found[0], float(found[1].get("seconds", 0)))
