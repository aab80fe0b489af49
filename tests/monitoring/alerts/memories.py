"""The pure alarm, driven by hand: events in, reasons out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitoring.alerts.deciding.reasons import Reason
from monitoring.alerts.deciding.reminders import due, tend
from monitoring.alerts.deciding.suppression import NOTHING, Around, Event, Memory, judge
from monitoring.alerts.deciding.topics import topic
from tests.monitoring.alerts.book import NOON


def event(kind: str, at: float = 0, *, urgency: str = "high", rule: str = "", **data: str) -> Event:
    """An entry about position 12, `at` seconds after noon."""
    about = topic(kind, entry=int(at) + 1, position=12, rule=rule, urgency=urgency, data=data)
    moment = NOON + timedelta(seconds=at)
    return Event(about, kind, moment, urgency, rule, data.get("why", ""))


@dataclass
class Story:
    """One alarm's life: what entries and the passing of time made of it."""

    memory: Memory | None = None
    due: datetime | None = None
    told: list[tuple[float, Reason]] = field(default_factory=list)
    kept: list[tuple[float, Reason]] = field(default_factory=list)

    def take(self, given: Event, around: Around = NOTHING) -> Reason:
        """An entry comes; the reason it was told or kept back for."""
        verdict = judge(given, self.memory, around)
        self.memory = verdict.memory
        self.due = due(self.memory, given.at) if self.memory else None
        into = self.told if verdict.tell else self.kept
        into.append(((given.at - NOON).total_seconds(), verdict.reason))
        return verdict.reason

    def wait(
        self, at: float, *, holds: bool | None = None, around: Around = NOTHING
    ) -> Reason | None:
        """It is `at` seconds after noon: whatever is due by then is done, and told at once."""
        now = later(at)
        if self.memory is None or self.due is None or self.due > now:
            return None
        step = tend(self.memory, holds=holds, now=now, around=around)
        self.memory, self.due = step.memory, step.due
        if step.say is None:
            return None
        said = event("reminder", at, urgency=self.memory.urgency, key="x", why=step.say.value)
        return self.take(replace(said, kind=self.memory.kind), around)

    @property
    def reasons(self) -> list[str]:
        """Why it was told, in order."""
        return [reason.value for _, reason in self.told]


def later(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)
