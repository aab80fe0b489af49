"""A batch of entries before the alarms: what is read of them once, judged in order, written once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from monitoring.alerts.deciding import reminders, silences
from monitoring.alerts.deciding.alarms import memory_of, remember, topic_of, write
from monitoring.alerts.deciding.suppression import Around, Event, Memory, Verdict, closed, judge
from monitoring.alerts.deciding.topics import Act, Topic, is_happening, louder
from monitoring.alerts.selection import is_told
from monitoring.models import Alarm, Silence
from positions.models import JournalEntry


@dataclass(frozen=True, slots=True)
class Judged:
    """An entry and what came of it; `urgency` is the louder of its own and its alarm's, so that
    whoever heard of a trouble hears of its end.
    """

    entry: JournalEntry
    verdict: Verdict
    urgency: str
    alarm: Alarm | None
    around: Around


@dataclass
class Bench:
    """The alarms and silences that concern a batch; made inside the transaction that holds them."""

    now: datetime
    topics: dict[int, Topic]
    rows: dict[str, Alarm]
    silences: list[Silence]
    blinding: frozenset[str]  # sources that the batch itself tells to be blind
    memories: dict[str, Memory] = field(default_factory=dict)
    touched: dict[str, datetime | None] = field(default_factory=dict)

    def judge(self, entry: JournalEntry) -> Judged:
        """Judges the next entry; to be called in the journal's order."""
        topic = self.topics[entry.pk]
        before = self._memory(topic.key)
        around = self._around(entry)
        verdict = judge(_event(entry, topic), before, around)
        told = is_told(entry.kind, entry.urgency)
        alarm = self._keep(entry, topic, verdict.memory) if told else None
        for key in self._ended_by(entry, topic, told=told):
            self._set(key, closed(self.memories[key], entry.at))
        return Judged(entry, verdict, _urgency(entry, topic, before), alarm, around)

    def write(self) -> None:
        """Stores what has changed, in one statement."""
        for key, due_at in self.touched.items():
            remember(self.rows[key], self.memories[key], due_at)
        write([self.rows[key] for key in self.touched])

    def _memory(self, key: str) -> Memory | None:
        if key and key not in self.memories and key in self.rows:
            self.memories[key] = memory_of(self.rows[key])
        return self.memories.get(key)

    def _keep(self, entry: JournalEntry, topic: Topic, memory: Memory | None) -> Alarm | None:
        if memory is None:
            return None
        alarm = self.rows.get(topic.key)
        if alarm is None:
            alarm = Alarm(key=topic.key, position_id=entry.position_id)
            self.rows[topic.key] = alarm
        if topic.act in {Act.RAISE, Act.HAPPEN}:
            alarm.entry = entry
        self._set(topic.key, memory)
        return alarm

    def _ended_by(self, entry: JournalEntry, topic: Topic, *, told: bool) -> list[str]:
        """What is over because of this entry, and is not told by it as an end."""
        keys = set(topic.ends)
        if topic.act is Act.RESOLVE and not told:
            keys.add(topic.key)
        if topic.ends_position:
            keys |= {key for key, row in self.rows.items() if row.position_id == entry.position_id}
        if topic.ends_kind:
            keys |= {key for key, row in self.rows.items() if row.kind == topic.ends_kind}
        found = ((key, self._memory(key)) for key in keys)
        return [
            key for key, known in found if known and known.stands and not is_happening(known.kind)
        ]

    def _set(self, key: str, memory: Memory) -> None:
        self.memories[key] = memory
        self.touched[key] = reminders.due(memory, self.now)

    def _around(self, entry: JournalEntry) -> Around:
        position = entry.position
        kind = subject_kind(entry)
        subject = silences.Subject(
            entry.at,
            kind,
            entry.rule,
            entry.position_id,
            position.strategy_id if position else None,
        )
        return Around(
            muted_until=position.muted_until if position else None,
            silenced_until=silences.until(self.silences, subject),
            blind=self._blind(entry),
        )

    def _blind(self, entry: JournalEntry) -> bool:
        key = source_key(entry)
        if not key:
            return False
        memory = self._memory(key)
        return key in self.blinding or (memory is not None and memory.stands)


def bench(entries: Sequence[JournalEntry], now: datetime) -> Bench:
    """Reads what the entries need in two queries, however many they are."""
    topics = {entry.pk: topic_of(entry) for entry in entries}
    keys = {topic.key for topic in topics.values()} | {source_key(entry) for entry in entries}
    keys |= {key for topic in topics.values() for key in topic.ends}
    wanted = Q(key__in=keys - {""})
    closing = {entry.position_id for entry in entries if topics[entry.pk].ends_position}
    if closing:
        wanted |= Q(resolved_at=None, position_id__in=closing)
    kinds = {topic.ends_kind for topic in topics.values()} - {""}
    if kinds:
        wanted |= Q(resolved_at=None, kind__in=kinds)
    rows = Alarm.objects.filter(wanted).select_related("entry")
    raised = {topics[entry.pk].key for entry in entries if entry.kind == "source_down"}
    since = min(entry.at for entry in entries)
    return Bench(
        now=now,
        topics=topics,
        rows={row.key: row for row in rows},
        silences=silences.active(since=since),
        blinding=frozenset(raised),
    )


def subject_kind(entry: JournalEntry) -> str:
    """The kind an entry is about: a reminder is about that of its alarm."""
    kind: Any = entry.data.get("kind") if entry.kind == "reminder" else None
    return kind if isinstance(kind, str) and kind else entry.kind


def _urgency(entry: JournalEntry, topic: Topic, before: Memory | None) -> str:
    """That of the entry, or of the alarm that it ends or reminds of where that is louder."""
    if before is None or topic.act in {Act.RAISE, Act.HAPPEN}:
        return entry.urgency
    return before.urgency if louder(before.urgency, entry.urgency) else entry.urgency


def source_key(entry: JournalEntry) -> str:
    """The alarm of the price source that an entry blames for it; "" for none."""
    venue = entry.data.get("venue")
    return f"source:{venue}" if entry.data.get("blind") is True and venue else ""


def _event(entry: JournalEntry, topic: Topic) -> Event:
    return Event(
        topic=topic,
        kind=subject_kind(entry),
        at=entry.at,
        urgency=entry.urgency,
        rule=entry.rule,
        why=str(entry.data.get("why", "")),
    )
