"""The same alert on another channel, when its own does not deliver: the channel's fallback.

An entry reaches each channel once at most, so two channels that stand in for each other make no loop.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from monitoring.alerts.wording import DOT, clipped
from monitoring.models import Channel, Notification

PATIENCE = timedelta(minutes=2)  # with a critical alert that is on its way
FRESH = timedelta(hours=1)  # a fallback that is set up later does not hear of older failures
UNASKED = ("test",)  # is about the one channel
State = Notification.State
FIELDS = ("entry_id", "alarm_id", "urgency", "body", "link")


def fall_back(*, now: datetime) -> int:
    """Queues on the fallback channels what did not get through; returns how many. Safe at once from
    several processes and again: the row is unique.
    """
    made = 0
    for channel in Channel.objects.exclude(fallback=None).select_related("fallback"):
        instead = stand_in(channel)
        if instead is not None:
            made += _copy(channel, instead, now)
    return made


def stand_in(channel: Channel) -> Channel | None:
    """The first channel down the line of fallbacks that no person has switched off. One that an
    error has switched off still counts: its own fallback takes over from there.
    """
    seen, other = {channel.pk}, channel.fallback
    while other is not None and other.pk not in seen:
        if other.enabled or other.disabled_reason:
            return other
        seen.add(other.pk)
        other = other.fallback
    return None


def _copy(channel: Channel, instead: Channel, now: datetime) -> int:
    rows = [_instead(row, channel, instead, now) for row in _stuck(channel, instead, now)]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _stuck(channel: Channel, instead: Channel, now: datetime) -> QuerySet[Notification]:
    off = not channel.enabled and bool(channel.disabled_reason)
    slow = Q(urgency="critical", queued_at__lte=now - PATIENCE)
    waiting = Q(state=State.PENDING) & (Q() if off else slow)
    # What a failed digest told of is told by its copy.
    failed = Q(state=State.FAILED, failed_at__gt=now - FRESH, digest=None)
    known = Notification.objects.filter(entry=OuterRef("entry"), channel=instead)
    nobody_knows = Q(alarm=None) | Q(alarm__acknowledged_at=None)
    rows = Notification.objects.filter(waiting | failed, nobody_knows, channel=channel)
    return rows.exclude(Exists(known)).exclude(entry__kind__in=UNASKED).order_by("pk")


def _instead(row: Notification, channel: Channel, instead: Channel, now: datetime) -> Notification:
    title = _("“%(name)s” DOES NOT DELIVER") % {"name": channel.name}
    return Notification(
        channel=instead,
        origin=Notification.Origin.FALLBACK,
        reason="fallback",
        title=clipped(f"{title}{DOT}{row.title}", 500),
        created_at=now,
        queued_at=now,
        not_before=now,
        **{name: getattr(row, name) for name in FIELDS},
    )
