"""Everything that /monitor/ shows, read anew each time by small queries. Raises DatabaseError."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeGuard

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, Min, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_q.models import OrmQ, Schedule

from monitoring import heartbeat
from monitoring.facts import PRICED_WITHIN, venue_name
from monitoring.health import OVERDUE_AFTER, newest_price
from monitoring.keeping.backup import BACKUP
from monitoring.models import MonitorRun, Notification, Source
from monitoring.presenting.alarms import Way
from monitoring.presenting.passes import MOST, Bars, Ended, bars
from monitoring.schedules import Plan, plans, unacknowledged
from monitoring.selectors.alerts import channels
from positions.models import JournalEntry, Position, PricePoint

UNGUARDED_SHOWN = timedelta(days=30)
MOST_SPANS = 50
SAME_READING = timedelta(seconds=5)
JOBS: dict[str, Promise] = {
    "beat": _("Sign of life"),
    "monitor": _("Check of every position"),
    "deliver": _("Alerts"),
    "deliver_again": _("Alerts that failed before"),
    "watch": _("Look at the watch itself"),
    "sync_wallets": _("Wallets"),
    "refresh_markets": _("Facts of markets"),
    "screen": _("News and their screen"),
    "decide": _("Questions to the AI"),
    "reflect": _("Reviews, notes, lost AI calls"),
    "score": _("Looks back at decisions"),
    "prune": _("Tidying up"),
}


@dataclass(frozen=True, slots=True)
class Feed:
    """A source of prices. `state`: ok, old, blind or unused; `newest`, `oldest` price of its open
    positions, the latter None where it is hardly older.
    """

    venue: str
    held: int
    state: str
    answered_at: datetime | None
    newest: datetime | None
    oldest: datetime | None
    blind_since: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """A recurring job; `last`: when its latest turn was, `due` whether the next one is late."""

    name: str
    plan: Plan
    last: datetime | None
    next: datetime | None
    late: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """The worker's tasks; `oldest`: since when the first one waits."""

    waiting: int
    running: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Route:
    """A channel, and its alerts that wait too long or were given up."""

    way: Way
    overdue: int
    failed: int


@dataclass(frozen=True, slots=True)
class Store:
    """The database. `bytes` with what SQLite has not folded back yet."""

    kind: str
    bytes: int
    entry: int
    entry_at: datetime | None
    point_at: datetime | None


def passes() -> Bars:
    """The latest that ended."""
    rows = MonitorRun.objects.exclude(state=MonitorRun.State.RUNNING).order_by("-pk")[:MOST]
    ended = [
        Ended(
            id=row.pk,
            state=row.state,
            started_at=row.started_at,
            seconds=((row.finished_at or row.started_at) - row.started_at).total_seconds(),
            open=row.open,
            checked=row.checked,
            unpriced=row.unpriced,
            triggers=row.triggers,
            exits=row.exits,
            errors=len(row.errors),
            problem=row.problem,
        )
        for row in rows
    ]
    return bars(ended, settings.MONITOR_INTERVAL)


def feeds(now: datetime) -> list[Feed]:
    """Every venue that holds an open position or was ever asked, the ones in use first."""
    rows = Position.objects.filter(state=Position.State.OPEN).order_by()
    ages = rows.values("market__venue").annotate(
        held=Count("pk"),
        newest=Max("market__quote__told_at"),
        oldest=Min("market__quote__told_at"),
    )
    held = {row["market__venue"]: row for row in ages}
    known = {row.venue: row for row in Source.objects.all()}
    found = [_feed(venue, held.get(venue), known.get(venue), now) for venue in held.keys() | known]
    return sorted(found, key=lambda feed: (not feed.held, feed.venue))


def _feed(venue: str, held: dict[str, object] | None, source: Source | None, now: datetime) -> Feed:
    oldest = held["oldest"] if held else None
    limit = timedelta(seconds=max(PRICED_WITHIN, 2 * settings.MONITOR_INTERVAL))
    state = "ok"
    if source is not None and source.blind_since is not None:
        state = "blind"
    elif held and (not isinstance(oldest, datetime) or now - oldest > limit):
        state = "old"
    newest = held["newest"] if held else None
    return Feed(
        venue=venue_name(venue),
        held=int(str(held["held"])) if held else 0,
        state=state if held else "unused",
        answered_at=source.answered_at if source else None,
        newest=newest if isinstance(newest, datetime) else None,
        oldest=oldest if _apart(oldest, newest) else None,
        blind_since=source.blind_since if source else None,
        problem=source.problem if source else "",
    )


def _apart(oldest: object, newest: object) -> TypeGuard[datetime]:
    return (
        isinstance(oldest, datetime)
        and isinstance(newest, datetime)
        and newest - oldest > SAME_READING
    )


def queue(now: datetime) -> Queue:
    """What waits for the worker; a waiting row carries the time at which it was put there."""
    found = OrmQ.objects.filter(lock__lte=now).aggregate(n=Count("pk"), oldest=Min("lock"))
    return Queue(found["n"], unacknowledged(now=now), found["oldest"])


def turns(now: datetime, beats: dict[str, datetime]) -> list[Turn]:
    """The recurring jobs. django-q2 keeps no record of what went well: where nothing of ours tells
    when a job ran last, it is its turn before the next one.
    """
    due = dict(Schedule.objects.values_list("name", "next_run"))
    began = MonitorRun.objects.order_by("-pk").values_list("started_at", flat=True).first()
    seen = {
        "monitor": began,
        "beat": beats.get(heartbeat.WORKER),
        "watch": beats.get(heartbeat.WATCHMAN),
    }
    return [_turn(plan, due.get(plan.name), seen.get(plan.name), now) for plan in plans()]


def _turn(plan: Plan, due: datetime | None, seen: datetime | None, now: datetime) -> Turn:
    before = due - timedelta(seconds=plan.seconds) if due else None
    if before is not None and before > now:
        before = None
    late = due is None or now - due > timedelta(seconds=max(30, 2 * plan.seconds))
    return Turn(str(JOBS.get(plan.name, plan.name)), plan, seen or before, due, late)


def routes(now: datetime) -> list[Route]:
    """The channels."""
    rows = Notification.objects.filter(
        Q(state=Notification.State.FAILED)
        | Q(state=Notification.State.PENDING, created_at__lt=now - OVERDUE_AFTER)
    )
    counts = rows.order_by().values_list("channel", "state").annotate(n=Count("pk"))
    found = {(channel, state): n for channel, state, n in counts}
    return [
        Route(
            way,
            # As alerts_overdue has it: what waits for a person does not count.
            found.get((way.channel.pk, "pending"), 0) if way.channel.enabled else 0,
            found.get((way.channel.pk, "failed"), 0),
        )
        for way in channels(now)
    ]


def store() -> Store:
    """The database, its journal and its oldest price point (ids grow with time)."""
    entry = JournalEntry.objects.order_by("-pk").values_list("pk", "at").first()
    point = PricePoint.objects.order_by("pk").values_list("since", flat=True).first()
    kind = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(connection.vendor, "?")
    newest, at = entry or (0, None)
    return Store(kind, _size(), newest, at, point)


def _size() -> int:
    """Bytes."""
    if connection.vendor == "sqlite":
        path = str(connection.settings_dict["NAME"])
        files = (Path(path + end) for end in ("", "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def unguarded(now: datetime) -> list[JournalEntry]:
    """Spans in which nobody watched, newest first."""
    rows = JournalEntry.objects.filter(kind="unguarded", at__gte=now - UNGUARDED_SHOWN)
    return list(rows.select_related("position__market").order_by("-pk")[:MOST_SPANS])


@dataclass(frozen=True, slots=True)
class Signs:
    """When each part last showed life. `version` of the code stands beside them on the page."""

    worker: datetime | None
    watchman: datetime | None
    outside: datetime | None
    backup: datetime | None
    started: datetime | None
    price: datetime | None


def signs(beats: dict[str, datetime]) -> Signs:
    """From the rows of `heartbeat.beats()`."""
    return Signs(
        worker=beats.get(heartbeat.WORKER),
        watchman=beats.get(heartbeat.WATCHMAN),
        outside=beats.get(heartbeat.OUTSIDE),
        backup=beats.get(BACKUP),
        started=beats.get(heartbeat.STARTED),
        price=newest_price(),
    )
