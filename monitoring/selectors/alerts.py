"""What was told, what was not, and what needs a person. Pages by id, however many rows there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.utils import timezone

from monitoring.models import Alarm, Channel, Notification, Silence
from monitoring.presenting.alarms import Raised, Way, raised, way
from monitoring.presenting.alerts import Line, line
from positions.models import Position, Strategy
from positions.presenting.entries import EntryView
from positions.selectors.history import view

State = Notification.State
SHOWS: Mapping[str, str] = {
    "failed": State.FAILED,
    "waiting": State.PENDING,
    "suppressed": State.SUPPRESSED,
    "delivered": State.SENT,
    "collapsed": State.COLLAPSED,
}
PAGE = 40
MOST_WORDS, MOST_TEXT = 6, 100
MOST_ALARMS = 50
MOST_POSITIONS = 200  # in a list to choose from; the others are silenced from their own page
RECENT = timedelta(days=3)  # so long every page speaks of a failed alert; then its own page alone
BIGGEST = 19  # digits of an id


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for. `show`: a key of SHOWS or "" for all; `before`: an entry's id."""

    show: str = ""
    text: str = ""
    channel: str = ""
    position: int | None = None
    digest: int | None = None
    before: int | None = None
    alone: bool = False  # without what a digest tells of: it shares the digest's fate


@dataclass(frozen=True, slots=True)
class Told:
    """One journal entry and what became of it on each channel. `title`: the alert's first line."""

    id: int
    view: EntryView
    title: str
    lines: list[Line]


def wanted(query: Mapping[str, str]) -> Wanted:
    """What a query string asks for; nonsense in it asks for nothing."""
    show = query.get("show", "")
    return Wanted(
        show=show if show in SHOWS else "",
        text=" ".join(query.get("q", "").replace("\0", "").split())[:MOST_TEXT],
        channel=query.get("channel", "").replace("\0", "")[:50],
        position=number(query.get("position", "")),
        digest=number(query.get("digest", "")),
        before=number(query.get("before", "")),
    )


def number(text: str) -> int | None:
    """An id of an address, or None."""
    fits = text.isascii() and text.isdigit() and len(text) < BIGGEST
    return int(text) if fits else None


def counts(asked: Wanted) -> dict[str, int]:
    """Entries by state, under the keys of SHOWS and "" for all; an entry counts in each it is in."""
    rows = _rows(asked)
    found = dict(rows.values_list("state").annotate(n=Count("entry", distinct=True)))
    numbers = {show: found.get(state, 0) for show, state in SHOWS.items()}
    return numbers | {"": rows.aggregate(n=Count("entry", distinct=True))["n"]}


def page(asked: Wanted, now: datetime, *, size: int = PAGE) -> tuple[list[Told], int | None]:
    """One page, newest first, and the id to go on before; None at the end."""
    rows = _rows(asked)
    if asked.show:
        rows = rows.filter(state=SHOWS[asked.show])
    if asked.before is not None:
        rows = rows.filter(entry__lt=asked.before)
    newest = rows.order_by("-entry_id").values_list("entry_id", flat=True).distinct()
    ids = list(newest[: size + 1])
    return _told(ids[:size], now), ids[size - 1] if len(ids) > size else None


def failed_count(asked: Wanted) -> int:
    """Messages that were given up; each waits for a person."""
    return _rows(asked).filter(state=State.FAILED).count()


def alarms(asked: Wanted, silences: Iterable[Silence], now: datetime) -> tuple[list[Raised], int]:
    """What is open: unacknowledged first, the newest of each first, MOST_ALARMS; and how many."""
    rows = Alarm.objects.filter(resolved_at=None)
    if asked.position is not None:
        rows = rows.filter(position=asked.position)
    found = rows.select_related("position", "entry__position__market").order_by(
        F("acknowledged_at").desc(nulls_first=True), "-raised_at", "-pk"
    )
    running = list(silences)
    shown = [raised(alarm, view(alarm.entry), running, now) for alarm in found[:MOST_ALARMS]]
    return shown, rows.count() if len(shown) == MOST_ALARMS else len(shown)


def silences(now: datetime) -> list[Silence]:
    """Those that run, the first to end first."""
    rows = Silence.objects.filter(until__gt=now, ended_at=None)
    return list(rows.select_related("position__market", "strategy").order_by("until", "pk"))


def channels(now: datetime) -> list[Way]:
    """All, by name; three queries."""
    rows = Notification.objects.filter(state=State.PENDING).order_by()
    waiting = dict(rows.values_list("channel").annotate(n=Count("pk")))
    sent = Notification.objects.filter(channel=OuterRef("pk"), state=State.SENT).order_by("-pk")
    found = Channel.objects.order_by("name")
    last = dict(found.values_list("pk", Subquery(sent.values("sent_at")[:1])))
    return [way(one, waiting.get(one.pk, 0), last.get(one.pk), now) for one in found]


class Troubles(NamedTuple):
    """What every page says: how many alerts were given up of late, and which channels an error has
    switched off.
    """

    failed: int
    off: list[str]


def troubles() -> Troubles:
    """Two small queries."""
    since = timezone.now() - RECENT
    failed = Notification.objects.filter(state=State.FAILED, failed_at__gt=since).count()
    off = Channel.objects.filter(enabled=False).exclude(disabled_reason="").order_by("name")
    return Troubles(failed, list(off.values_list("name", flat=True)))


def to_silence(asked: Wanted) -> tuple[list[Strategy], list[Position], bool]:
    """Strategies and open positions to choose from, the asked one first; whether some are missing."""
    rows = Position.objects.filter(state=Position.State.OPEN).select_related("market")
    raised = Alarm.objects.filter(resolved_at=None, position=OuterRef("pk"))
    rows = rows.order_by(
        Case(When(pk=asked.position or 0, then=0), default=1), Exists(raised).desc(), "-pk"
    )
    positions = list(rows[: MOST_POSITIONS + 1])
    strategies = list(Strategy.objects.order_by("name"))
    return strategies, positions[:MOST_POSITIONS], len(positions) > MOST_POSITIONS


def _rows(asked: Wanted) -> QuerySet[Notification]:
    """Everything but the state and the page."""
    rows = Notification.objects.order_by()
    if asked.position is not None:
        rows = rows.filter(entry__position=asked.position)
    if asked.channel:
        rows = rows.filter(channel__name=asked.channel)
    if asked.digest is not None:
        rows = rows.filter(Q(digest=asked.digest) | Q(pk=asked.digest))
    if asked.alone:
        rows = rows.filter(digest=None)
    for word in asked.text.split()[:MOST_WORDS]:
        rows = rows.filter(
            Q(title__icontains=word)
            | Q(body__icontains=word)
            | Q(channel__name__icontains=word)
            | Q(error__icontains=word)
        )
    return rows


def _told(ids: list[int], now: datetime) -> list[Told]:
    rows = Notification.objects.filter(entry__in=ids).order_by("-entry_id", "pk")
    found = list(rows.select_related("channel", "digest", "entry__position__market"))
    members = Notification.objects.filter(digest__in=[row.pk for row in found]).order_by()
    tells = dict(members.values_list("digest").annotate(n=Count("pk")))
    grouped: dict[int, list[Notification]] = {}
    for row in found:
        grouped.setdefault(row.entry_id, []).append(row)
    return [
        Told(
            id=entry_id,
            view=view(group[0].entry),
            title=group[0].title,
            lines=[line(row, now, tells=tells.get(row.pk, 0)) for row in group],
        )
        for entry_id, group in grouped.items()
    ]
