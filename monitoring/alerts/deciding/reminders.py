"""What an alarm needs when time has passed and nothing was written about it. Pure.

It is over without a word; or still so and nobody took note; or still so and never told, because it
was silenced or had only just been told to be over; or calm again after flapping.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitoring.alerts.deciding.reasons import Reason
from monitoring.alerts.deciding.suppression import (
    CALM,
    COOLDOWN,
    NOTHING,
    OVER,
    RAISED,
    SETTLE,
    Around,
    Memory,
    closed,
    ended,
)
from monitoring.alerts.deciding.topics import (
    CRITICAL,
    HASTY,
    TELLS_END,
    is_critical_stop,
    is_happening,
)

INTERVALS = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))
URGENT = frozenset({CRITICAL, "high"})
STANDS_FOR = timedelta(hours=24)  # what happened once is news for a day
# How often to ask whether it still holds, where the end may come without a journal entry.
SOON, OFTEN, SELDOM = timedelta(seconds=10), timedelta(seconds=60), timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Step:
    """What to write (None: nothing) and the memory afterwards; `due` is when to look again, None
    when the alarm is over and everybody knows. What people believe changes when the entry is told
    (`dispatch`), not when it is written.
    """

    say: Reason | None
    memory: Memory
    due: datetime | None


def tend(memory: Memory, *, holds: bool | None, now: datetime, around: Around = NOTHING) -> Step:
    """The next step of an alarm; `holds`: whether it is still true, None when nobody can tell."""
    if memory.stands and _outlived(memory, holds, now):
        tells = memory.kind in TELLS_END and memory.told_as == RAISED
        memory = ended(memory, now) if tells or memory.flapping else closed(memory, now)
    if memory.flapping:
        return _calm(memory, now)
    return _standing(memory, now, around) if memory.stands else _over(memory, now, around)


def due(memory: Memory, now: datetime) -> datetime | None:
    """When the alarm must be looked at next if nothing is written about it."""
    if memory.flapping:
        return memory.last_at + CALM
    if not memory.stands:
        return _end_told_at(memory, now)
    if is_happening(memory.kind):
        return memory.raised_at + STANDS_FOR
    looks = [now + _patience(memory)]
    if memory.told_as == OVER and memory.told_at is not None:
        looks.append(max(memory.told_at + COOLDOWN, now))
    if memory.told_as == RAISED and _insists(memory):
        looks.append(next_reminder(memory))
    return min(looks)


def next_reminder(memory: Memory) -> datetime:
    """When it is said again that it still stands: after 1 h, then 4 h, then every day."""
    since = memory.told_at or memory.raised_at
    return since + INTERVALS[min(memory.reminders, len(INTERVALS) - 1)]


def _outlived(memory: Memory, holds: bool | None, now: datetime) -> bool:
    if is_happening(memory.kind):
        return now >= memory.raised_at + STANDS_FOR
    return holds is False


def _calm(memory: Memory, now: datetime) -> Step:
    """Out of flapping after CALM without a change; what people believe is mended then."""
    at = memory.last_at + CALM
    if now < at:
        return Step(None, memory, at)
    calm = replace(memory, flapping=False, changes=())
    return Step(Reason.CALM, calm, now + OFTEN)


def _standing(memory: Memory, now: datetime, around: Around) -> Step:
    if is_happening(memory.kind) or memory.acknowledged_at is not None:
        return Step(None, memory, due(memory, now))
    if memory.told_as != RAISED:
        return _owed(memory, now, around)
    if not _insists(memory) or now < next_reminder(memory):
        return Step(None, memory, due(memory, now))
    if _hushed(around, now):
        return Step(None, memory, _after(around, now))
    said = replace(memory, reminders=memory.reminders + 1, told_at=now)
    return Step(Reason.REPEAT, said, due(said, now))


def _owed(memory: Memory, now: datetime, around: Around) -> Step:
    """It stands and people do not know: they are told as soon as nothing speaks against it."""
    if memory.told_as == OVER and memory.told_at and now < memory.told_at + COOLDOWN:
        return Step(None, memory, min(memory.told_at + COOLDOWN, now + OFTEN))
    stop = is_critical_stop(memory.kind, memory.rule, memory.urgency)
    if around.blind or (_hushed(around, now) and not stop):
        return Step(None, memory, _after(around, now))
    return Step(Reason.STILL, memory, now + OFTEN)


def _over(memory: Memory, now: datetime, around: Around) -> Step:
    """It is over and people believe that it stands; they hear of it once it has been so a while."""
    at = _end_told_at(memory, now)
    if at is None or now < at:
        return Step(None, memory, at)
    if _hushed(around, now):
        return Step(None, replace(memory, told_as=""), None)
    return Step(Reason.RESOLVED, memory, now + OFTEN)


def _end_told_at(memory: Memory, now: datetime) -> datetime | None:
    """When to tell that it is over; None when nobody believes that it stands, or asks."""
    if memory.told_as != RAISED or memory.kind not in TELLS_END:
        return None
    return (memory.resolved_at or now) + (SETTLE if memory.kind in HASTY else timedelta(0))


def _insists(memory: Memory) -> bool:
    return memory.urgency in URGENT and memory.acknowledged_at is None


def _hushed(around: Around, now: datetime) -> bool:
    return any(until and until > now for until in (around.muted_until, around.silenced_until))


def _after(around: Around, now: datetime) -> datetime:
    """When what hushes it may be over; looked at often, for a person can end it at any time."""
    ends = [until for until in (around.muted_until, around.silenced_until) if until]
    later = [until for until in ends if until > now]
    return min([*later, now + OFTEN])


def _patience(memory: Memory) -> timedelta:
    if memory.told_as != RAISED:
        return OFTEN
    return {"stop_blocked": SOON, "unpriced": SELDOM}.get(memory.kind, OFTEN)
