"""Turns journal entries into notification rows: one for each entry and channel, exactly once.

Rows, alarms and cursor are written in one transaction, so a crash at any moment repeats or loses
nothing. Journal ids are in commit order (positions.journal), so nothing is ever written behind the
cursor. A batch takes the same few queries however many entries it holds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from monitoring.alerts.deciding import grouping
from monitoring.alerts.deciding.alarms import CURSOR, hold
from monitoring.alerts.deciding.judging import Bench, Judged, bench, subject_kind
from monitoring.alerts.deciding.reasons import Reason
from monitoring.alerts.deciding.remarks import mark, remark
from monitoring.alerts.deciding.routing import routes
from monitoring.alerts.deciding.suppression import NOTHING, Verdict
from monitoring.alerts.selection import is_told
from monitoring.alerts.wording import DOT, alert_of, clipped, details, first_line, kind_words
from monitoring.models import Channel, Cursor, Notification
from positions.models import JournalEntry

logger = logging.getLogger(__name__)

BATCH = 500
State = Notification.State


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


def link_of(entry: JournalEntry) -> str:
    """Where a person reads on: the question, the position's page, the AI's state, or the dashboard."""
    page = f"/positions/{entry.position_id}/" if entry.position_id else "/"
    if entry.kind in {"ai_down", "ai_back"}:
        page = "/monitor/"
    asked = entry.data.get("question_id") if isinstance(entry.data, dict) else None
    if isinstance(asked, int):
        page = f"/decisions/{asked}/"
    return f"{settings.SITE_URL}{page}"


def listening() -> list[Channel]:
    """Channels that want alerts: also those an error has disabled, whose alerts wait for the cure."""
    return list(Channel.objects.filter(Q(enabled=True) | ~Q(disabled_reason="")).order_by("pk"))


def worded(entry: JournalEntry, words: Callable[[], tuple[str, str]]) -> tuple[str, str]:
    """First line and body; plainly the entry's own sentence where `words` stumble over its data, for
    one entry that cannot be put into words must not keep all that follow from being told.
    """
    try:
        return words()
    except Exception:
        logger.exception("entry %s could not be put into words", entry.pk)
        return clipped(f"{kind_words(entry.kind)}{DOT}{entry.text}", 500), entry.text


def _behind() -> bool:
    # Read first: on SQLite a transaction that finds nothing would still take the only write lock.
    return JournalEntry.objects.filter(pk__gt=position_of_cursor()).exists()


@transaction.atomic
def _step(now: datetime, batch: int) -> int:
    cursor = hold()  # a second dispatcher waits here, then goes on where this one stopped
    rows = JournalEntry.objects.filter(pk__gt=cursor.entry_id).select_related("position")
    entries = [_readable(entry) for entry in rows.order_by("pk")[:batch]]
    if not entries:
        return 0
    channels = listening()
    desk = bench(entries, now)
    judged = [_judged(desk, entry) for entry in entries]
    desk.write()
    told = [one for one in judged if is_told(one.entry.kind, one.entry.urgency)]
    made = grouping.create(_new(_notifications(told, channels, now), entries))
    cursor.entry_id = entries[-1].pk
    cursor.save(update_fields=["entry_id"])
    return made


def _readable(entry: JournalEntry) -> JournalEntry:
    """The entry; without its data where these are no object, which a hand in the database may leave."""
    if not isinstance(entry.data, dict):
        entry.data = {}
    return entry


def _judged(desk: Bench, entry: JournalEntry) -> Judged:
    """The entry judged. One that we stumble over is told: neither it nor those behind it may wait."""
    try:
        return desk.judge(entry)
    except Exception:
        logger.exception("entry %s could not be judged", entry.pk)
        return Judged(entry, Verdict(Reason.FIRST, None), entry.urgency, None, NOTHING)


def _notifications(
    told: Iterable[Judged], channels: Sequence[Channel], now: datetime
) -> list[Notification]:
    return [
        _notification(one, channel, now)
        for one in told
        for channel in routes(subject_kind(one.entry), one.urgency, one.entry.data, channels)
    ]


def _new(rows: list[Notification], entries: Sequence[JournalEntry]) -> list[Notification]:
    """Without those that a cursor set back (a restored backup, a hand in the database) would double."""
    found = Notification.objects.filter(entry__gte=entries[0].pk, entry__lte=entries[-1].pk)
    known = set(found.values_list("entry_id", "channel_id"))
    return [row for row in rows if (row.entry_id, row.channel_id) not in known]


def _notification(one: Judged, channel: Channel, now: datetime) -> Notification:
    entry, verdict = one.entry, one.verdict
    title, body = worded(entry, lambda: _words(one))
    return Notification(
        entry=entry,
        channel=channel,
        alarm=one.alarm,
        state=State.PENDING if verdict.tell else State.SUPPRESSED,
        reason=verdict.reason.value,
        urgency=entry.urgency,
        title=title,
        body=body,
        link=link_of(entry),
        created_at=now,
        queued_at=now,
        not_before=now,
    )


def _words(one: Judged) -> tuple[str, str]:
    """First line and body."""
    verdict, alert = one.verdict, alert_of(one.entry)
    lines = (details(alert), remark(verdict.reason, verdict.memory, one.around))
    return first_line(alert, mark(verdict.reason)), "\n".join(line for line in lines if line)
