"""Whether an entry is told: pure, with a named reason, from what is remembered of its alarm.

People believe what they were told last. An alert is worth its noise when it changes that belief;
what is kept back although it would is owed, and `reminders` tells it later if it is still true.
Hysteresis: a trouble that came and went six times within ten minutes flaps. That is told once, and
once more when nothing has moved for five minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitoring.alerts.deciding.reasons import Reason
from monitoring.alerts.deciding.topics import (
    APART,
    BEGINS_ANEW,
    CRITICAL,
    HASTY,
    QUESTIONS,
    Act,
    Topic,
    is_critical_stop,
    louder,
)

WINDOW, FLAPS, CALM = timedelta(minutes=10), 6, timedelta(minutes=5)
SETTLE = timedelta(seconds=60)  # so long a hasty trouble must have lasted for its end to be told
COOLDOWN = timedelta(minutes=5)  # between "it is over" and the next beginning, below critical
DETAIL_EVERY = timedelta(seconds=60)
ASK_AGAIN = timedelta(minutes=15)  # the same question about the same position
REPEAT = timedelta(hours=1)
RAISED, OVER, UNSURE = "raised", "over", "flaps"


@dataclass(frozen=True, slots=True)
class Event:
    """An entry as far as suppression cares; `why`: the reason a reminder carries."""

    topic: Topic
    kind: str
    at: datetime
    urgency: str = "low"
    rule: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of an alarm; the fields of `models.Alarm` that time and entries change.

    `told_as`: what people were told last: it stands (`raised`), is `over`, comes and goes (`flaps`);
    "" when they know nothing of it.
    """

    kind: str
    raised_at: datetime
    last_at: datetime
    urgency: str = "low"
    rule: str = ""
    detail: str = ""
    resolved_at: datetime | None = None
    told_at: datetime | None = None
    told_as: str = ""
    reminders: int = 0
    escalated_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    flapping: bool = False
    changes: tuple[datetime, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether it is not over yet."""
        return self.resolved_at is None


@dataclass(frozen=True, slots=True)
class Around:
    """What else holds at the moment of the event: until when it is muted and silenced, and whether
    a blind price source is its cause.
    """

    muted_until: datetime | None = None
    silenced_until: datetime | None = None
    blind: bool = False


NOTHING = Around()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Tell it or not, why, and what is remembered afterwards (None: nothing)."""

    reason: Reason
    memory: Memory | None

    @property
    def tell(self) -> bool:
        """Whether it goes out."""
        return self.reason.tells


def judge(event: Event, memory: Memory | None, around: Around = NOTHING) -> Verdict:
    """What to do with one entry."""
    step = {
        Act.RAISE: _raised,
        Act.RESOLVE: _resolved,
        Act.HAPPEN: _happened,
        Act.REMIND: _reminded,
    }[event.topic.act]
    reason, after = step(event, memory)
    reason = _hindered(reason, event, after, around)
    return Verdict(reason, after and _remembered(after, reason, event))


def ended(memory: Memory, at: datetime) -> Memory:
    """The memory of an alarm that is over; whether that is told is another question."""
    return replace(memory, resolved_at=at, last_at=at, changes=_changes(memory, at))


def closed(memory: Memory, at: datetime) -> Memory:
    """The same where nobody waits to hear of it, because something else told it."""
    return replace(ended(memory, at), told_as="", flapping=False)


def _raised(event: Event, memory: Memory | None) -> tuple[Reason, Memory]:
    if memory is None:
        return Reason.FIRST, _new(event, (event.at,))
    if not memory.stands and not _one_episode(event, memory):
        fresh = _new(event, _changes(memory, event.at))
        if memory.told_as == OVER:
            fresh = replace(fresh, told_at=memory.told_at, told_as=OVER)
        return _flapping(_first(event, memory), fresh)
    if _presses(event, memory):
        return _pressing(event, memory)
    if not memory.stands:  # its end was not told yet, so nobody need hear of its beginning
        back = replace(memory, resolved_at=None, changes=_changes(memory, event.at))
        return _flapping(Reason.DUPLICATE, _seen(back, event))
    anew = event.kind in BEGINS_ANEW
    seen = _seen(memory, event)
    if anew:  # it ended unseen since the last time
        seen = replace(seen, changes=_changes(memory, event.at, event.at))
    if memory.told_as not in {RAISED, UNSURE}:
        return _flapping(_first(event, memory), seen)
    return _flapping(_repeated(event, memory), seen)


def _presses(event: Event, memory: Memory) -> bool:
    """Whether it has become critical, or is an answer that people do not have yet."""
    if event.topic.at_once:
        return memory.told_as != RAISED or event.topic.detail != memory.detail
    return event.urgency == CRITICAL and louder(event.urgency, memory.urgency)


def _pressing(event: Event, memory: Memory) -> tuple[Reason, Memory]:
    """It is told although it comes and goes: people know of something smaller."""
    back = replace(memory, resolved_at=None, changes=_changes(memory, event.at))
    known = memory.told_as in {RAISED, UNSURE}
    after = _seen(memory if memory.stands else back, event)
    return (Reason.CHANGED if known else _first(event, memory)), after


def _repeated(event: Event, memory: Memory) -> Reason:
    """The same trouble once more, which people know of."""
    other = event.kind != memory.kind and event.kind not in QUESTIONS
    if louder(event.urgency, memory.urgency) or other:
        return Reason.CHANGED
    since = event.at - (memory.told_at or memory.raised_at)
    if event.kind in QUESTIONS:
        return Reason.REPEAT if since >= ASK_AGAIN else Reason.DUPLICATE
    if event.topic.detail != memory.detail:
        soon = since < DETAIL_EVERY and event.urgency != CRITICAL
        return Reason.COOLDOWN if soon else Reason.CHANGED
    return Reason.REPEAT if since >= REPEAT else Reason.DUPLICATE


def _first(event: Event, before: Memory) -> Reason:
    """A beginning that people do not know of: at once, unless they heard of its end just now."""
    told = before.told_at
    soon = told is not None and before.told_as == OVER and event.at - told < COOLDOWN
    waits = soon and event.urgency != CRITICAL and not event.topic.at_once
    return Reason.COOLDOWN if waits else Reason.FIRST


def _resolved(event: Event, memory: Memory | None) -> tuple[Reason, Memory | None]:
    if memory is None:  # raised before alarms were remembered
        return Reason.RESOLVED, None
    if not memory.stands:
        known = memory.told_as != RAISED or memory.flapping
        return (Reason.DUPLICATE if known else Reason.RESOLVED), memory
    over = ended(memory, event.at)
    if memory.told_as not in {RAISED, UNSURE}:
        return Reason.NEVER_TOLD, over
    brief = memory.kind in HASTY and event.at - memory.raised_at < SETTLE
    return _flapping(Reason.BRIEF if brief else Reason.RESOLVED, over)


def _happened(event: Event, memory: Memory | None) -> tuple[Reason, Memory | None]:
    if not event.topic.key:
        return Reason.FIRST, None
    told = memory.told_at if memory is not None else None
    if memory is not None and told is not None and event.at - told < ASK_AGAIN:
        return Reason.COOLDOWN, _seen(memory, event)
    fresh = _new(event, ())
    if event.urgency != CRITICAL:  # nothing that anybody must take note of
        fresh = replace(fresh, resolved_at=event.at)
    return Reason.FIRST, fresh


def _reminded(event: Event, memory: Memory | None) -> tuple[Reason, Memory | None]:
    reason = Reason(event.why) if event.why in Reason.__members__.values() else Reason.REPEAT
    if memory is None or reason is Reason.CALM:
        return reason, memory
    # Something else may have told it between the look and now.
    known = {Reason.RESOLVED: OVER, Reason.STILL: RAISED}.get(reason) == memory.told_as
    outdated = memory.stands is (reason is Reason.RESOLVED)
    return (Reason.DUPLICATE if known or outdated else reason), memory


def _hindered(reason: Reason, event: Event, memory: Memory | None, around: Around) -> Reason:
    """The reason, or what keeps it from being told; a critical stop is told all the same."""
    if reason is Reason.NEVER_TOLD and around.blind:
        return Reason.BLIND_SOURCE
    obstacle = _obstacle(event, memory, around) if reason.tells else None
    if obstacle is None:
        return reason
    despite = DESPITE.get(obstacle)
    stop = is_critical_stop(event.kind, event.rule, event.urgency)
    return despite if despite and stop and not _insists(event, reason) else obstacle


def _insists(event: Event, reason: Reason) -> bool:
    """Whether it says again what people know. A reminder of what they do not know is news."""
    return event.topic.act is Act.REMIND and reason is Reason.REPEAT


DESPITE = {
    Reason.MUTED: Reason.DESPITE_MUTE,
    Reason.SILENCED: Reason.DESPITE_SILENCE,
    Reason.ACKNOWLEDGED: Reason.DESPITE_ACKNOWLEDGEMENT,
}


def _obstacle(event: Event, memory: Memory | None, around: Around) -> Reason | None:
    if event.kind in APART:  # whoever sends a test wants to see the path, not the rules
        return None
    if around.blind and event.topic.act is not Act.RESOLVE:
        return Reason.BLIND_SOURCE
    if around.muted_until is not None and around.muted_until > event.at:
        return Reason.MUTED
    if around.silenced_until is not None and around.silenced_until > event.at:
        return Reason.SILENCED
    insists = event.topic.act in {Act.RAISE, Act.REMIND} and not event.topic.at_once
    noted = memory is not None and memory.acknowledged_at is not None and memory.stands
    return Reason.ACKNOWLEDGED if insists and noted else None


def _remembered(memory: Memory, reason: Reason, event: Event) -> Memory:
    """What people believe after this."""
    if reason is Reason.FLAPS:
        return replace(memory, told_at=event.at, told_as=UNSURE)
    if reason.tells:
        return replace(memory, told_at=event.at, told_as=RAISED if memory.stands else OVER)
    kept = reason in {Reason.MUTED, Reason.SILENCED}
    if kept and event.topic.act is Act.RESOLVE:  # nobody waits for the end of what was hushed
        return replace(memory, told_as="")
    return memory


def _flapping(reason: Reason, memory: Memory) -> tuple[Reason, Memory]:
    """Hysteresis: enters after FLAPS changes within WINDOW; leaves by `reminders` after CALM."""
    if memory.flapping:
        return Reason.FLAPPING, memory
    if len(memory.changes) < FLAPS:
        return reason, memory
    return Reason.FLAPS, replace(memory, flapping=True)


def _one_episode(event: Event, memory: Memory) -> bool:
    """Whether it was away so shortly that nobody was told: then it never was over."""
    away = event.at - (memory.resolved_at or event.at)
    return memory.told_as in {RAISED, UNSURE} and away <= CALM


def _new(event: Event, changes: tuple[datetime, ...]) -> Memory:
    """A new episode: nobody has acknowledged it, nobody was reminded."""
    return Memory(
        kind=event.kind,
        raised_at=event.at,
        last_at=event.at,
        urgency=event.urgency,
        rule=event.rule,
        detail=event.topic.detail,
        changes=changes,
    )


def _seen(memory: Memory, event: Event) -> Memory:
    return replace(
        memory,
        kind=event.kind,
        last_at=event.at,
        urgency=event.urgency,
        rule=event.rule,
        detail=event.topic.detail,
    )


def _changes(memory: Memory, *at: datetime) -> tuple[datetime, ...]:
    """The latest comings and goings within the window, at most as many as count."""
    recent = [moment for moment in memory.changes if moment > at[-1] - WINDOW]
    return tuple([*recent, *at][-FLAPS:])
