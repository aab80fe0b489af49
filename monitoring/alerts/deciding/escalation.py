"""A critical alert that nobody has taken note of goes to a second channel as well."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.alerts.collected import Late, message
from monitoring.alerts.deciding.alarms import hold
from monitoring.alerts.deciding.topics import CRITICAL
from monitoring.alerts.dispatch import link_of, worded
from monitoring.alerts.wording import alert_of, details, first_line
from monitoring.models import Alarm, Channel, Notification

SINGLY = 5  # messages; more than that become one
MOST = 500  # alarms at a time, the newest first
REASON = "escalation"
LONGEST = timedelta(days=7)  # one of thousands of years would begin before the calendar does
State = Notification.State


def escalate(*, now: datetime) -> int:
    """Tells the channels of escalation what is due; returns how many alerts.

    Counted from when the alarm was raised, by each channel's own minutes.
    """
    channels = Channel.objects.exclude(escalate_to=None).select_related("escalate_to")
    return sum(_from(channel, now) for channel in channels if _waiting(channel, now))


@transaction.atomic
def _from(source: Channel, now: datetime) -> int:
    hold()
    told = _waiting(source, now)
    target = source.escalate_to
    if not told or target is None:
        return 0
    Alarm.objects.filter(pk__in=list(told)).update(escalated_at=now)
    if not (target.enabled or target.disabled_reason):  # switched off by a person
        return 0
    heard = Notification.objects.filter(channel=target, alarm__in=list(told))
    heard = heard.exclude(state=State.SUPPRESSED).filter(entry__at__gte=F("alarm__raised_at"))
    known = set(heard.values_list("alarm", flat=True))
    rows = [_notification(row, source, now) for pk, row in told.items() if pk not in known]
    _write(rows, source, target)
    return len(rows)


def _write(rows: list[Notification], source: Channel, target: Channel) -> None:
    """Each by itself, or one message for many: a phone that rang 500 times would be put away."""
    if len(rows) <= SINGLY:
        Notification.objects.bulk_create(rows)
        return
    head, *rest = rows
    words = message(rows, target, Late(_("%(count)d NOT ACKNOWLEDGED"), _why(source)))
    head.title, head.body, head.link = words.title, words.body, words.link
    head.alarm = None  # who takes note of one has not taken note of the others
    head.save()
    for row in rest:
        row.state, row.digest = State.COLLAPSED, head
    Notification.objects.bulk_create(rest)


def _waiting(source: Channel, now: datetime) -> dict[int, Notification]:
    """By alarm: what the channel was told of it first, where nobody took note in time."""
    wait = min(timedelta(minutes=source.escalate_minutes), LONGEST)
    # One that is older was another channel's turn.
    unheard = Q(escalated_at=None) | Q(escalated_at__lt=F("raised_at") + wait)
    alarms = Alarm.objects.filter(
        unheard,
        resolved_at=None,
        acknowledged_at=None,
        urgency=CRITICAL,
        raised_at__lte=now - wait,
    )
    ids = list(alarms.order_by("-raised_at").values_list("pk", flat=True)[:MOST])
    if not ids:
        return {}
    rows = Notification.objects.filter(
        channel=source,
        origin=Notification.Origin.ROUTE,
        alarm__in=ids,
        entry__at__gte=F("alarm__raised_at"),
    )
    rows = rows.exclude(state=State.SUPPRESSED).select_related("alarm", "entry")
    # The oldest is taken last, and stays.
    return {row.alarm_id: row for row in rows.order_by("-pk") if row.alarm_id is not None}


def _notification(row: Notification, source: Channel, now: datetime) -> Notification:
    alert = alert_of(row.entry)
    title, body = worded(
        row.entry, lambda: (first_line(alert, _("NOT ACKNOWLEDGED")), details(alert))
    )
    return Notification(
        entry=row.entry,
        channel=source.escalate_to,
        alarm=row.alarm,
        origin=Notification.Origin.ESCALATION,
        reason=REASON,
        urgency=row.urgency,
        title=title,
        body="\n".join([body, _why(source)]),
        link=link_of(row.entry),
        created_at=now,
        queued_at=now,
        not_before=now,
    )


def _why(source: Channel) -> str:
    minutes = source.escalate_minutes
    text = ngettext(
        "Nobody has acknowledged this within %(n)s minute; it was told to “%(name)s”.",
        "Nobody has acknowledged this within %(n)s minutes; it was told to “%(name)s”.",
        minutes,
    )
    return text % {"n": minutes, "name": source.name}
