"""A person has what failed sent again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.models import Channel, Notification
from positions import journal
from positions.services.base import ServiceError

State = Notification.State


def retry(*, notification_id: int, actor: str, now: datetime) -> Notification:
    """Queues a failed notification anew, with 24 hours of its own; what a failed digest told of may
    be retried one by one, too. One that waits already is left as it is.

    Raises ServiceError, which says what to do, for what cannot be retried.
    """
    with transaction.atomic():
        row = _take(notification_id)
        if row.state == State.PENDING:
            return row
        _refuse(row)
        _again([row.pk], now)
        text = _("“%(title)s” is sent to the channel “%(name)s” again") % {
            "title": row.title,
            "name": row.channel.name,
        }
        data = {"channel": row.channel.name, "notification": row.pk, "about": row.entry_id}
        position = row.entry.position_id
        journal.append(
            journal.entry("alert_retried", text, at=now, position=position, actor=actor, data=data)
        )
    row.refresh_from_db()
    return row


def retry_all(*, channel_id: int, actor: str, now: datetime) -> int:
    """Queues anew all that failed in the channel; returns how many. Raises ServiceError."""
    with transaction.atomic():
        channel = Channel.objects.select_for_update().filter(pk=channel_id).first()
        if channel is None:
            raise ServiceError(_("This channel is no longer there."))
        _refuse_when_off(channel)
        # What a failed digest told of goes with the digest.
        rows = Notification.objects.filter(channel=channel, state=State.FAILED, digest=None)
        ids = list(rows.select_for_update().values_list("pk", flat=True))
        if ids:
            _again(ids, now)
            text = ngettext(
                "%(count)d failed alert is sent to the channel “%(name)s” again",
                "%(count)d failed alerts are sent to the channel “%(name)s” again",
                len(ids),
            ) % {"count": len(ids), "name": channel.name}
            data = {"channel": channel.name, "count": len(ids)}
            journal.append(journal.entry("alert_retried", text, at=now, actor=actor, data=data))
    return len(ids)


def _take(notification_id: int) -> Notification:
    rows = Notification.objects.select_related("channel", "entry")
    row = rows.select_for_update(of=("self",)).filter(pk=notification_id).first()
    if row is None:
        raise ServiceError(_("This alert is no longer there."))
    return row


def _refuse(row: Notification) -> None:
    if row.state == State.SENT:
        raise ServiceError(_("This alert was delivered: there is nothing to send again."))
    if row.state == State.SUPPRESSED:
        raise ServiceError(_("This alert was held back on purpose: it is not sent."))
    if row.state == State.COLLAPSED:
        raise ServiceError(
            _("This alert is told in a digest; if that fails, it can be sent again.")
        )
    _refuse_when_off(row.channel)


def _refuse_when_off(channel: Channel) -> None:
    if channel.enabled:
        return
    why = channel.disabled_reason or _("somebody switched it off")
    raise ServiceError(
        _(
            "The channel “%(name)s” is off (%(why)s): put in a working address in admin where that"
            " is the reason, switch the channel on, then try again."
        )
        % {"name": channel.name, "why": why}
    )


def _again(ids: list[int], now: datetime) -> None:
    """Back into the queue, with the memory of the old tries gone. What they tell of goes along."""
    rows = Notification.objects.filter(pk__in=ids, state=State.FAILED)
    rows.update(
        state=State.PENDING,
        digest=None,
        attempts=0,
        queued_at=now,
        not_before=now,
        failed_at=None,
        error="",
    )
    told = Notification.objects.filter(state=State.FAILED, digest__in=ids)
    told.update(state=State.COLLAPSED, failed_at=None, error="")
