"""An alert that was not delivered within a day has failed: visibly, and the other channels hear of it.

They hear once for all that failed since they heard last, not once for each: an outage of a day must
not become a flood elsewhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.alerts.sending.collapse import follow
from monitoring.alerts.sending.queue import COLLECTED
from monitoring.alerts.sending.retry import GIVE_UP
from monitoring.models import Channel, Notification
from positions import journal

TELL_EVERY = timedelta(minutes=30)  # for each channel
# After that no transaction can still bring a failure of an earlier time.
SETTLED = timedelta(seconds=5)
State = Notification.State


def expire(*, now: datetime) -> int:
    """Fails what has waited for a day; returns how many. Its last answer stays readable."""
    late = Notification.objects.filter(state=State.PENDING, queued_at__lte=now - GIVE_UP)
    if not late.exists():
        return 0
    with transaction.atomic():
        ids = list(late.select_for_update().values_list("pk", flat=True))
        rows = Notification.objects.filter(pk__in=ids, state=State.PENDING)
        rows.filter(error="").update(error=_("not delivered within 24 hours"))
        count = rows.update(state=State.FAILED, failed_at=now)
        follow(ids, now, delivered=False)
    return count


def tell_failures(*, now: datetime) -> int:
    """One critical journal entry for each channel that failed alerts since the last one; returns
    how many entries were written. Several at once write it once.
    """
    return sum(_tell(pk, now) for pk in _untold(now).values_list("pk", flat=True).distinct())


def _untold(now: datetime) -> QuerySet[Channel]:
    """Channels with failures that nobody was told of; the hour of the last telling is respected."""
    news = Q(failures_told_at=None) | Q(notifications__failed_at__gt=F("failures_told_at"))
    calm = Q(failures_told_at=None) | Q(failures_told_at__lte=now - SETTLED - TELL_EVERY)
    failed = Q(notifications__state=State.FAILED, notifications__failed_at__lte=now - SETTLED)
    return Channel.objects.filter(news & failed, calm).order_by("pk")


@transaction.atomic
def _tell(channel_id: int, now: datetime) -> int:
    channel = _untold(now).filter(pk=channel_id).first()
    # no_key: `collapse` refers to the channel while it holds the journal, which is waited for here.
    locked = Channel.objects.select_for_update(no_key=True).filter(pk=channel_id).first()
    if channel is None or locked is None or locked.failures_told_at != channel.failures_told_at:
        return 0
    since = locked.failures_told_at
    until = now - SETTLED
    rows = Notification.objects.filter(channel=locked, state=State.FAILED, failed_at__lte=until)
    rows = rows.filter(failed_at__gt=since) if since else rows
    alerts = rows.exclude(reason=COLLECTED)
    count, critical = alerts.count(), alerts.filter(urgency="critical").count()
    error = rows.order_by(F("tried_at").desc(nulls_last=True)).values_list("error", flat=True)[0]
    Channel.objects.filter(pk=channel_id).update(failures_told_at=until)
    text = ngettext(
        "%(count)d alert to the channel “%(name)s” could not be delivered: %(error)s",
        "%(count)d alerts to the channel “%(name)s” could not be delivered, %(critical)d of them"
        " critical; the last answer: %(error)s",
        count,
    ) % {"count": count, "critical": critical, "name": locked.name, "error": error}
    data = {"channel": locked.name, "count": count, "critical": critical, "error": error}
    journal.append(journal.entry("alerts_failed", text, at=now, urgency="critical", data=data))
    return 1
