"""Whose turn it is in each channel, and when: the oldest first, unless the hour is quiet.

Two things go before the oldest: the message that tells of many old ones, and, in quiet hours, what
may wake its reader. A back-off after a failure is cut short by a new alert: when the service is
back, the first alert that happens then must not wait for the end of a quarter of an hour.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from monitoring.alerts.sending.quiet import Hours
from monitoring.models import Channel, Notification
from positions.zones import zone_of

HELD = "quiet_hours"  # a notification's reason while it waits for the end of the quiet hours, and after
COLLECTED = "collected"  # the reason of a message that tells of others
WAKE_EVERY = timedelta(seconds=15)
State = Notification.State
# What a person asked for by the hour, or cannot put off, is told in quiet hours too.
LOUD = (
    Q(urgency="critical")
    | Q(entry__kind__in=("test", "digest"))
    | Q(entry__kind__in=("ask", "ai_decision"), entry__data__deadline__isnull=False)
)


def heads(*, now: datetime) -> list[Notification]:
    """The message whose turn it is, of each channel that is on and has one. Those that fail least
    come first, so that a channel that hangs does not delay the others' first tries.
    """
    waiting = Notification.objects.filter(channel=OuterRef("pk"), state=State.PENDING)
    channels = Channel.objects.filter(Exists(waiting), enabled=True)
    found = [head for channel in channels if (head := _head(channel, now))]
    return sorted(found, key=lambda head: (head.attempts, head.pk))


def sendable(channel: Channel, *, now: datetime) -> QuerySet[Notification]:
    """What waits in the channel and may be sent at this hour."""
    rows = Notification.objects.filter(channel=channel, state=State.PENDING)
    return rows.filter(LOUD) if quiet_until(channel, now) else rows


def quiet_until(channel: Channel, now: datetime) -> datetime | None:
    """When the quiet hours that `now` lies in are over; None outside of them."""
    if channel.quiet_from is None or channel.quiet_to is None:
        return None
    return Hours(zone_of(channel.time_zone), channel.quiet_from, channel.quiet_to).until(now)


def due(head: Notification, *, now: datetime) -> datetime:
    """When the head may be sent. What the service asked for, the channel's own time, always holds."""
    at = head.not_before
    if head.attempts and head.tried_at and at > now and _arrived(head, now):
        at = min(at, head.tried_at + WAKE_EVERY)
    return max(at, head.channel.not_before or at)


def _head(channel: Channel, now: datetime) -> Notification | None:
    until = quiet_until(channel, now)
    if until:
        _hold(channel, until)
    rows = sendable(channel, now=now).select_related("entry")
    head = rows.filter(reason=COLLECTED).order_by("pk").first() or rows.order_by("pk").first()
    if head is None:
        return None
    head.channel = channel
    if not until and head.queued_at > now:
        # The person has changed the hours meanwhile. Only what is held is queued for a time ahead:
        # one that is over the night and fails has its back-off like any other.
        _waiting(channel).filter(queued_at__gt=now).update(not_before=now, queued_at=now)
        head.not_before = head.queued_at = now
    return head


def _hold(channel: Channel, until: datetime) -> None:
    """Writes down until when what came in the night waits; its 24 hours count from then."""
    rows = _waiting(channel).filter(not_before__lt=until).exclude(LOUD)
    ids = list(rows.values_list("pk", flat=True))
    if ids:
        held = Notification.objects.filter(pk__in=ids, state=State.PENDING)
        held.update(not_before=until, queued_at=until)
        # A message that tells of others stays known as that.
        held.exclude(reason=COLLECTED).update(reason=HELD)


def _arrived(head: Notification, now: datetime) -> bool:
    """Whether an alert has come since the head's last try."""
    rows = _waiting(head.channel).filter(queued_at__gt=head.tried_at, not_before__lte=now)
    return rows.exclude(pk=head.pk).exists()


def _waiting(channel: Channel) -> QuerySet[Notification]:
    return Notification.objects.filter(channel=channel, state=State.PENDING)
