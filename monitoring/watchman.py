"""Looks whether the watch is at work, and has it told when it is not: once, whoever looks.

Several look at the same time: the web process, a job of the worker, and a short-lived child of the
worker's supervisor while its cluster shows no life. So whoever has failed, another tells. What is
told is claimed in the row that remembers it, in the transaction of the journal entry.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from monitoring import clock, heartbeat
from monitoring.health import last_complete_pass
from monitoring.models import Cursor
from monitoring.watching import Trouble, judge, read_facts, starting
from positions import journal
from positions.models import JournalEntry
from positions.presenting.text import span

logger = logging.getLogger(__name__)

# Nobody has looked for so long: the machine slept, or all was down; what follows is a start.
ASLEEP = timedelta(seconds=60)
WATCH = "watch:"  # cursors of this name hold the entry that told of the trouble, 0 when it is over


@dataclass(frozen=True, slots=True)
class Watch:
    """Troubles that are told as one, and by which kind of entry."""

    name: str
    kind: str
    urgency: str
    troubles: frozenset[str]


WATCHES = (
    Watch("late", "watch_late", "critical", frozenset({"missed", "wedged", "worker_silent"})),
    Watch("leaves", "nothing_leaves", "critical", frozenset({"nothing_leaves"})),
    Watch("slow", "watch_slow", "high", frozenset({"slow", "queue"})),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look brought. `told`: kinds of the entries written; `raised`: watches in trouble;
    `overdue`: alerts wait for too long.
    """

    told: tuple[str, ...] = ()
    raised: frozenset[str] = frozenset()
    overdue: bool = False

    @property
    def deliver(self) -> bool:
        """Whether whoever looked should deliver too: the worker may be what has failed."""
        return bool(self.told or self.overdue or self.raised & {"late", "leaves"})


def begin(now: datetime) -> None:
    """Note that a part of the house starts: its first pass is on its way, and lateness until then
    is no news. Only the first start after a complete pass counts. Raises DatabaseError.
    """
    _begin(now, heartbeat.last_beat(heartbeat.STARTED))


def _begin(now: datetime, before: datetime | None) -> None:
    last = last_complete_pass()
    if before is None or (last is not None and last > before) or before > now:
        heartbeat.beat(heartbeat.STARTED, at=now)


def look(now: datetime, up: float | None = None, *, boot: str | None = None) -> Seen:
    """One look: notes it, judges, tells what began and what is over. Raises DatabaseError.

    `up`: seconds since boot at `now`, `boot` the machine's; the real ones where not given.
    """
    beats = heartbeat.beats()
    step = clock.look(
        now,
        clock.uptime() if up is None else up,
        beats=beats,
        name=boot or clock.boot_name(),
    )
    previous = beats.get(heartbeat.WATCHMAN)
    if step:
        heartbeat.beat(heartbeat.STARTED, at=now)  # all ages are wrong until the next pass
    elif previous is None or now - previous > ASLEEP:
        _begin(now, beats.get(heartbeat.STARTED))
    heartbeat.beat(heartbeat.WATCHMAN, at=now)
    facts = read_facts(now)
    seen = _tell(judge(facts, now), now, quiet=starting(facts, now))
    return replace(seen, overdue=facts.overdue > 0)


def _tell(troubles: Collection[Trouble], now: datetime, *, quiet: bool) -> Seen:
    """`quiet`: nothing new is told."""
    known = dict(Cursor.objects.filter(name__startswith=WATCH).values_list("name", "entry_id"))
    told: list[str] = []
    raised: set[str] = set()
    for watch in WATCHES:
        mine = [trouble for trouble in troubles if trouble.name in watch.troubles]
        entry = known.get(WATCH + watch.name, 0)
        if entry and not mine:
            told += _over(watch, entry, now)
        elif mine and (entry or not quiet):
            raised.add(watch.name)
            told += () if entry else _begun(watch, mine, now)
    return Seen(tuple(told), frozenset(raised))


def _begun(watch: Watch, troubles: list[Trouble], now: datetime) -> tuple[str, ...]:
    """Writes that the trouble is there, unless somebody else has just done so."""
    name = WATCH + watch.name
    Cursor.objects.get_or_create(name=name)
    since = min((one.since for one in troubles if one.since), default=None)
    entry = journal.entry(
        watch.kind,
        troubles[0].text,
        at=now,
        urgency=watch.urgency,
        data={
            "watch": watch.name,
            "troubles": [trouble.name for trouble in troubles],
            "since": since.isoformat() if since else None,
        },
    )
    with transaction.atomic():
        if not Cursor.objects.filter(name=name, entry_id=0).update(entry_id=-1):
            return ()
        journal.append(entry)
        Cursor.objects.filter(name=name).update(entry_id=entry.pk)
    logger.warning("%s: %s", watch.kind, entry.text)
    return (watch.kind,)


def _over(watch: Watch, told: int, now: datetime) -> tuple[str, ...]:
    """Writes that the trouble is over, unless somebody else has just done so."""
    began = JournalEntry.objects.filter(pk=told).first()
    since = _since(began) or now
    texts = {
        "late": _("checks are complete again after %(span)s"),
        "leaves": _("exits leave again after %(span)s"),
        "slow": _("checks are fast enough again after %(span)s"),
    }
    seconds = max(0.0, (now - since).total_seconds())
    entry = journal.entry(
        "watch_back",
        texts[watch.name] % {"span": span(seconds)},
        at=now,
        urgency="medium",
        data={
            "watch": watch.name,
            "about": told,
            "since": since.isoformat(),
            "seconds": round(seconds),
        },
    )
    with transaction.atomic():
        if not Cursor.objects.filter(name=WATCH + watch.name, entry_id=told).update(entry_id=0):
            return ()
        journal.append(entry)
    logger.warning("watch_back: %s", entry.text)
    return ("watch_back",)


def _since(began: JournalEntry | None) -> datetime | None:
    if began is None:
        return None
    text = began.data.get("since")
    return datetime.fromisoformat(text) if text else began.at
