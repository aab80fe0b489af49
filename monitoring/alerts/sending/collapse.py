"""After a long outage: one message for all that is old, so that what is new is told at once.

Looked at only when the channel's next message has not failed yet: while a service is down, the
oldest one tries its luck, and nothing is collected that would be old again when it is back.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from monitoring.alerts import collected
from monitoring.alerts.deciding.topics import louder
from monitoring.alerts.sending.queue import COLLECTED, HELD, quiet_until, sendable
from monitoring.models import Channel, Notification
from positions import journal

OLD = timedelta(minutes=10)  # counted from what happened
MANY = 10  # more old ones than this are told in one message
FEW = 3  # more than this that quiet hours have held are told in one message
ASKED_FOR = ("test", "digest")  # messages of their own, whatever their age
State = Notification.State


def worth_a_look(head: Notification, *, now: datetime) -> bool:
    """Whether there can be something to collect, as far as the channel's next message tells."""
    if head.attempts or head.reason == COLLECTED:
        return False
    return head.reason == HELD or head.entry.at <= now - OLD


def collapse(channel: Channel, *, now: datetime) -> Notification | None:
    """Makes one message of the channel's old ones, None when they are few. For the holder of the
    channel's lease, in one transaction: a crash leaves all of it or nothing.
    """
    with transaction.atomic():
        rows = _old(channel, now)
        held = [row for row in rows if row.reason == HELD]
        if len(rows) <= MANY and len(held) <= FEW:
            return None
        return _told_by_one(channel, rows, now)


def _old(channel: Channel, now: datetime) -> list[Notification]:
    """What is old, or was held by quiet hours that are over; oldest first."""
    rows = sendable(channel, now=now).exclude(reason=COLLECTED)
    rows = rows.exclude(entry__kind__in=ASKED_FOR).select_related("entry").order_by("pk")
    over = quiet_until(channel, now) is None
    return [
        row
        for row in rows.select_for_update(of=("self",))
        if row.entry.at <= now - OLD or (over and row.reason == HELD)
    ]


def _told_by_one(channel: Channel, rows: list[Notification], now: datetime) -> Notification:
    ids = [row.pk for row in rows]
    told = Notification.objects.filter(pk__in=ids, state=State.PENDING)
    told.update(state=State.COLLAPSED)
    urgency = "low"
    for row in rows:
        urgency = row.urgency if louder(row.urgency, than=urgency) else urgency
    message = collected.message(rows, channel)
    text = _("%(count)d alerts that waited for the channel “%(name)s” are told in one message") % {
        "count": len(rows),
        "name": channel.name,
    }
    data = {"channel": channel.name, "count": len(rows), "notifications": ids[:500]}
    entry = journal.entry("alerts_collapsed", text, at=now, urgency=urgency, data=data)
    journal.append(entry)
    digest = Notification.objects.create(
        entry=entry,
        channel=channel,
        reason=COLLECTED,
        urgency=urgency,
        title=message.title,
        body=message.body,
        link=message.link,
        created_at=now,
        queued_at=now,
        not_before=now,
    )
    # Of those some may tell of others, too: these are told by this one now.
    members = Q(pk__in=ids) | Q(digest__in=ids)
    Notification.objects.filter(members, state=State.COLLAPSED).update(digest=digest)
    return digest


def follow(ids: Collection[int], now: datetime, *, delivered: bool) -> None:
    """Has what these messages tell of share their end: delivered, or failed and visibly so."""
    members = Notification.objects.filter(digest__in=ids, state=State.COLLAPSED)
    if delivered:
        members.update(sent_at=now)
        return
    answer = Notification.objects.filter(pk=OuterRef("digest")).values("error")[:1]
    members.update(state=State.FAILED, failed_at=now, error=Subquery(answer))
