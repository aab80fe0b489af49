"""The daily digest of a channel: once on each day of its own calendar, at its own clock's time."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from monitoring.alerts.sending import daily_words
from monitoring.alerts.sending.quiet import moment
from monitoring.models import Channel, Notification
from positions import journal
from positions.zones import zone_of

DAY = timedelta(days=1)


def daily(*, now: datetime) -> int:
    """Writes and queues the digests that are due; returns how many. Several at once write one."""
    channels = Channel.objects.filter(enabled=True).exclude(digest_at=None)
    return sum(_digest(channel, now) for channel in channels if due_day(channel, now))


def due_day(channel: Channel, now: datetime) -> date | None:
    """The channel's present day when its digest is due on it, else None. A day that passed while
    nothing ran is not made up for: its digest would be about yesterday's yesterday.
    """
    if channel.digest_at is None:
        return None
    zone = zone_of(channel.time_zone)
    today = now.astimezone(zone).date()
    if channel.digested_on is not None and channel.digested_on >= today:
        return None
    return today if now >= moment(today, channel.digest_at, zone) else None


def begin_with_the_next(channel: Channel, now: datetime) -> None:
    """Marks, in memory, today's digest as sent where its time is past: whoever sets a digest's time
    means the next one.
    """
    channel.digested_on = None
    channel.digested_on = due_day(channel, now)


def _digest(channel: Channel, now: datetime) -> int:
    today = due_day(channel, now)
    if today is None or channel.digest_at is None:
        return 0
    since = moment(today - DAY, channel.digest_at, zone_of(channel.time_zone))
    report = daily_words.report(channel, since=since, now=now)
    with transaction.atomic():
        open_ = Q(digested_on=None) | Q(digested_on__lt=today)
        if not Channel.objects.filter(open_, pk=channel.pk).update(digested_on=today):
            return 0
        data = {"channel": channel.name, "day": today.isoformat()} | report.data
        entry = journal.entry("digest", report.title, at=now, data=data)
        journal.append(entry)
        Notification.objects.create(
            entry=entry,
            channel=channel,
            reason="daily",
            title=report.title,
            body=report.body,
            link=report.link,
            created_at=now,
            queued_at=now,
            not_before=now,
        )
    return 1
