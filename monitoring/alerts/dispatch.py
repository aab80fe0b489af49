"""Turns journal entries into notification rows: one for each entry and channel, exactly once.

Rows and cursor are written in one transaction, so a crash at any moment repeats or loses nothing.
Journal ids are in commit order (positions.journal), so nothing is ever written behind the cursor.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from monitoring.alerts.selection import is_told
from monitoring.alerts.wording import Alert, details, first_line
from monitoring.models import Channel, Cursor, Notification
from positions.models import JournalEntry

CURSOR = "alerts"
BATCH = 500
MUTED = "muted"


def dispatch(*, now: datetime, batch: int = BATCH) -> int:
    """Brings the notifications up to date with the journal; returns how many were made."""
    made = 0
    while _behind():
        made += _step(now, batch)
    return made


def position_of_cursor() -> int:
    """The id of the last journal entry that was looked at; 0 before the first."""
    found = Cursor.objects.filter(name=CURSOR).values_list("entry_id", flat=True).first()
    return found or 0


def _behind() -> bool:
    # Read first: on SQLite a transaction that finds nothing would still take the only write lock.
    return JournalEntry.objects.filter(pk__gt=position_of_cursor()).exists()


@transaction.atomic
def _step(now: datetime, batch: int) -> int:
    Cursor.objects.get_or_create(name=CURSOR)
    # A second dispatcher waits here, then goes on where this one stopped.
    cursor = Cursor.objects.select_for_update().get(name=CURSOR)
    rows = JournalEntry.objects.filter(pk__gt=cursor.entry_id).select_related("position")
    entries = list(rows.order_by("pk")[:batch])
    if not entries:
        return 0
    channels = _listening()
    notifications = [
        _notification(entry, channel, now)
        for entry in entries
        if is_told(entry.kind, entry.urgency)
        for channel in channels
        if _concerns(entry, channel)
    ]
    # Ignored: rows that a cursor set back (a restored backup, a hand in the database) would double.
    Notification.objects.bulk_create(notifications, ignore_conflicts=True)
    cursor.entry_id = entries[-1].pk
    cursor.save(update_fields=["entry_id"])
    return len(notifications)


def _listening() -> list[Channel]:
    """Channels that want alerts: also those an error has disabled, whose alerts wait for the cure."""
    return list(Channel.objects.filter(Q(enabled=True) | ~Q(disabled_reason="")).order_by("pk"))


def _concerns(entry: JournalEntry, channel: Channel) -> bool:
    named = entry.data.get("channel")
    if entry.kind == "test":
        return named is None or named == channel.name
    # That a channel is off is news for the others.
    return not (entry.kind == "channel_disabled" and named == channel.name)


def _notification(entry: JournalEntry, channel: Channel, now: datetime) -> Notification:
    alert = Alert(entry.kind, entry.text, entry.rule, entry.data)
    muted = _muted(entry)
    return Notification(
        entry=entry,
        channel=channel,
        state=Notification.State.SUPPRESSED if muted else Notification.State.PENDING,
        reason=MUTED if muted else "",
        urgency=entry.urgency,
        title=first_line(alert),
        body=details(alert),
        link=_link(entry),
        created_at=now,
        not_before=now,
    )


def _muted(entry: JournalEntry) -> bool:
    """A mute keeps a position's alerts from the channels, visibly; its exits go on."""
    until = entry.position.muted_until if entry.position else None
    return until is not None and until > entry.at


def _link(entry: JournalEntry) -> str:
    page = f"/positions/{entry.position_id}/" if entry.position_id else "/"
    return f"{settings.SITE_URL}{page}"
