"""The alarms as rows: their lock, and the way between a row and what `suppression` remembers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime

from monitoring.alerts.deciding.suppression import Memory
from monitoring.alerts.deciding.topics import Topic, topic
from monitoring.models import Alarm, Cursor
from positions.models import JournalEntry

CURSOR = "alerts"
SHARED = tuple(field.name for field in fields(Memory) if field.name not in {"detail", "changes"})
STORED = (*SHARED, "changes", "position", "entry", "due_at")


def hold() -> Cursor:
    """Locks the alarms until the transaction ends, and returns how far the journal has been read.

    Dispatch, upkeep and acknowledging all change the same rows: without the lock a batch could
    write back an alarm as it was before a person took note of it.
    """
    Cursor.objects.get_or_create(name=CURSOR)
    return Cursor.objects.select_for_update().get(name=CURSOR)


def topic_of(entry: JournalEntry) -> Topic:
    """What a stored entry is about."""
    return topic(
        entry.kind,
        entry=entry.pk,
        position=entry.position_id,
        rule=entry.rule,
        urgency=entry.urgency,
        data=entry.data,
    )


def memory_of(alarm: Alarm) -> Memory:
    """What is remembered; the alarm's `entry` must have been read with it."""
    return Memory(
        **{name: getattr(alarm, name) for name in SHARED},
        detail=topic_of(alarm.entry).detail,
        changes=tuple(datetime.fromisoformat(text) for text in alarm.changes),
    )


def remember(alarm: Alarm, memory: Memory, due_at: datetime | None) -> None:
    """Puts the memory into the row, which is not yet written."""
    for name in SHARED:
        setattr(alarm, name, getattr(memory, name))
    alarm.changes = [moment.isoformat() for moment in memory.changes]
    alarm.due_at = due_at


def write(alarms: Collection[Alarm]) -> None:
    """Stores new and changed rows in one statement; each has its id afterwards."""
    if alarms:
        Alarm.objects.bulk_create(
            alarms, update_conflicts=True, unique_fields=["key"], update_fields=STORED
        )
