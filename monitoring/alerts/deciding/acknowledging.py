"""Taking note of an alarm: its reminders and its escalation stop at once, and can be put back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from monitoring.alerts.deciding.alarms import hold
from monitoring.models import Alarm, Notification
from positions import journal
from positions.models import JournalEntry
from positions.services.base import ServiceError

ACKNOWLEDGED = "acknowledged"
# What a person who has taken note need not hear any more.
INSISTING = Q(origin=Notification.Origin.ESCALATION) | Q(entry__kind="reminder")
State = Notification.State


def acknowledge(
    *, actor: str, now: datetime, key: str | None = None, alarm_id: int | None = None
) -> Alarm:
    """Somebody has taken note: no more reminders, nor escalation. Again changes nothing.

    Raises ServiceError when the alarm is not there, or is over.
    """
    with transaction.atomic():
        alarm = _take(key, alarm_id)
        if alarm.acknowledged_at is not None:
            return alarm
        alarm.acknowledged_at, alarm.acknowledged_by = now, actor[:150]
        alarm.save(update_fields=["acknowledged_at", "acknowledged_by"])
        rows = _insisting(alarm).filter(state=State.PENDING)
        _set(rows, state=State.SUPPRESSED, reason=ACKNOWLEDGED)
        text = _("acknowledged: %(what)s") % {"what": alarm.entry.text}
        journal.append(_entry("acknowledged", text, alarm, actor, now))
    return alarm


def unacknowledge(
    *, actor: str, now: datetime, key: str | None = None, alarm_id: int | None = None
) -> Alarm:
    """Takes that back: it is reminded of and escalated as if nobody had taken note.

    Raises ServiceError when the alarm is not there, or is over.
    """
    with transaction.atomic():
        alarm = _take(key, alarm_id)
        if alarm.acknowledged_at is None:
            return alarm
        alarm.acknowledged_at, alarm.acknowledged_by, alarm.due_at = None, "", now
        alarm.save(update_fields=["acknowledged_at", "acknowledged_by", "due_at"])
        held_back = _insisting(alarm).filter(
            state=State.SUPPRESSED, reason=ACKNOWLEDGED, created_at__gte=alarm.raised_at
        )
        _set(held_back, state=State.PENDING, reason="", not_before=now, queued_at=now)
        text = _("no longer acknowledged: %(what)s") % {"what": alarm.entry.text}
        journal.append(_entry("unacknowledged", text, alarm, actor, now))
    return alarm


def _take(key: str | None, alarm_id: int | None) -> Alarm:
    hold()
    wanted = Q(pk=alarm_id) if key is None else Q(key=key)
    alarm = Alarm.objects.select_related("entry").filter(wanted).first()
    if alarm is None:
        raise ServiceError(_("This alarm is no longer there."))
    if alarm.resolved_at is not None:
        raise ServiceError(_("This is over already: there is nothing left to take note of."))
    return alarm


def _insisting(alarm: Alarm) -> QuerySet[Notification]:
    return Notification.objects.filter(INSISTING, alarm=alarm)


def _set(rows: QuerySet[Notification], **values: Any) -> None:
    # By id: an UPDATE with a join is not known to both databases.
    Notification.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(**values)


def _entry(kind: str, text: str, alarm: Alarm, actor: str, now: datetime) -> JournalEntry:
    named = {name: alarm.entry.data.get(name) for name in ("question", "outcome", "demo")}
    data = {name: value for name, value in named.items() if value is not None}
    return journal.entry(
        kind,
        text,
        at=now,
        position=alarm.position_id,
        rule=alarm.rule,
        actor=actor,
        data=data | {"key": alarm.key, "about": alarm.entry_id},
    )
