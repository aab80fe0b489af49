"""Whether what an alarm says still holds: read from the book itself, in a few queries for all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from monitoring.models import (
    AIProvider,
    AISpend,
    Alarm,
    Channel,
    Cursor,
    MonitorRun,
    Question,
    Source,
)
from positions.domain.state import EMPTY, WatchState, load
from positions.models import LIVE_EXIT_STATES, Exit, Mark, Position
from positions.services.switches import exits_are_paused


@dataclass
class Facts:
    """What the book says about these alarms' subjects; each is read once, and only if asked for."""

    alarms: Collection[Alarm]
    states: dict[int, WatchState] = field(default_factory=dict)

    @cached_property
    def ids(self) -> set[int]:
        """The positions they are about."""
        return {alarm.position_id for alarm in self.alarms if alarm.position_id is not None}

    @cached_property
    def open(self) -> Mapping[int, bool]:
        """Open positions by id; the value: missing from its wallet."""
        rows = Position.objects.filter(pk__in=self.ids, state=Position.State.OPEN)
        return {pk: gone is not None for pk, gone in rows.values_list("pk", "absent_since")}

    @cached_property
    def marks(self) -> Mapping[int, tuple[bool, frozenset[str], str]]:
        """By position: unpriced, the rules that are not armed, the watch state as JSON."""
        rows = Mark.objects.filter(position_id__in=self.ids)
        return {
            pk: (since is not None, frozenset(filter(None, unarmed.split(","))), state)
            for pk, since, unarmed, state in rows.values_list(
                "position_id", "unpriced_since", "unarmed", "state"
            )
        }

    @cached_property
    def selling(self) -> frozenset[tuple[int, str]]:
        """Exits under way: (position, rule)."""
        rows = Exit.objects.filter(position_id__in=self.ids, state__in=LIVE_EXIT_STATES)
        return frozenset(rows.values_list("position_id", "rule"))

    @cached_property
    def unjudged(self) -> frozenset[int]:
        """The positions that the newest finished pass could not judge."""
        done = (MonitorRun.State.COMPLETE, MonitorRun.State.INCOMPLETE)
        rows = MonitorRun.objects.filter(state__in=done).order_by("-pk")
        errors = rows.values_list("errors", flat=True).first() or []
        return frozenset(error.get("position", 0) for error in errors)

    @cached_property
    def dead_channels(self) -> frozenset[str]:
        """Channels that an error has switched off."""
        rows = Channel.objects.filter(enabled=False).exclude(disabled_reason="")
        return frozenset(rows.values_list("name", flat=True))

    @cached_property
    def blind(self) -> Mapping[str, bool]:
        """By venue: whether it answers nothing, and something is held there that this concerns."""
        held = Position.objects.filter(state=Position.State.OPEN)
        venues = set(held.values_list("market__venue", flat=True).distinct())
        rows = Source.objects.values_list("venue", "blind_since")
        return {venue: since is not None and venue in venues for venue, since in rows}

    @cached_property
    def watches(self) -> Mapping[str, bool]:
        """By the watchman's cursor, which is named like the alarm: whether it is in trouble."""
        rows = Cursor.objects.filter(name__startswith="watch:").values_list("name", "entry_id")
        return {name: entry != 0 for name, entry in rows}

    @cached_property
    def asked(self) -> frozenset[tuple[int, str]]:
        """Questions that wait for an answer: (position, rule)."""
        rows = Question.objects.filter(position_id__in=self.ids, state__in=Question.LIVE)
        return frozenset(rows.values_list("position_id", "rule"))

    @cached_property
    def advisers(self) -> Mapping[str, bool]:
        """By provider of the AI stage: whether its trouble stands; "budget" is our own cap."""
        told = dict(AIProvider.objects.values_list("name", "told"))
        return told | {"budget": AISpend.objects.filter(told=True).exists()}

    @cached_property
    def paused(self) -> bool:
        """Whether exits are paused."""
        return exits_are_paused()

    def state(self, position: int) -> WatchState:
        """The position's watch state."""
        if position not in self.states:
            found = self.marks.get(position)
            self.states[position] = load(found[2]) if found else EMPTY
        return self.states[position]


def holds(alarm: Alarm, facts: Facts) -> bool | None:
    """Whether the alarm still says the truth; None when only the journal can tell."""
    if alarm.position_id is not None and alarm.position_id not in facts.open:
        return False
    ask = ASK.get(alarm.kind)
    return None if ask is None else ask(alarm, facts)


def _unpriced(alarm: Alarm, facts: Facts) -> bool | None:
    mark = facts.marks.get(alarm.position_id or 0)
    return None if mark is None else mark[0]


def _unarmed(alarm: Alarm, facts: Facts) -> bool | None:
    mark = facts.marks.get(alarm.position_id or 0)
    return None if mark is None else alarm.rule in mark[1]


def _source(alarm: Alarm, facts: Facts) -> bool | None:
    return facts.blind.get(alarm.key.partition(":")[2])


def _watch(alarm: Alarm, facts: Facts) -> bool | None:
    return facts.watches.get(alarm.key)


def _selling(alarm: Alarm, facts: Facts) -> bool:
    return (alarm.position_id, alarm.rule) in facts.selling


def _asked(alarm: Alarm, facts: Facts) -> bool:
    return (alarm.position_id, alarm.rule) in facts.asked


def _held_back(alarm: Alarm, facts: Facts) -> bool:
    return facts.paused and bool(facts.state(alarm.position_id or 0).paused)


ASK: Mapping[str, Callable[[Alarm, Facts], bool | None]] = {
    "unpriced": _unpriced,
    "unarmed": _unarmed,
    "stop_blocked": lambda alarm, facts: facts.state(alarm.position_id or 0).blocked,
    "exit_paused": _held_back,
    "exit_failed": _selling,
    "exit_partial": _selling,
    "error": lambda alarm, facts: alarm.position_id in facts.unjudged,
    "wallet_vanished": lambda alarm, facts: facts.open.get(alarm.position_id or 0),
    "exits_paused": lambda _alarm, facts: facts.paused,
    "channel_disabled": lambda alarm, facts: alarm.key.partition(":")[2] in facts.dead_channels,
    "source_down": _source,
    "watch_late": _watch,
    "watch_slow": _watch,
    "nothing_leaves": _watch,
    "ask": _asked,
    "ai_alert": _asked,
    "ai_decision": _asked,
    "ai_down": lambda alarm, facts: facts.advisers.get(alarm.key.partition(":")[2]),
}
