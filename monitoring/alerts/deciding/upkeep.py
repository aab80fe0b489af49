"""What time alone brings: reminders, what is owed, what is over, escalation, the end of silences.

Alarms carry the time at which they must be looked at again, so that a look with nothing due costs
a few small queries.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from monitoring.alerts.deciding import escalation, reminding, silences
from monitoring.alerts.deciding.alarms import hold, memory_of, remember, write
from monitoring.alerts.deciding.judging import source_key
from monitoring.alerts.deciding.reminders import tend
from monitoring.alerts.deciding.suppression import Around
from monitoring.alerts.deciding.truth import Facts, holds
from monitoring.alerts.dispatch import dispatch
from monitoring.models import Alarm, Silence
from positions import journal

logger = logging.getLogger(__name__)

PUT_OFF = timedelta(hours=1)  # an alarm that we stumble over: the others have their turn
MOST = 500  # alarms at a time; the others come with the next look, the longest due first


def upkeep(*, now: datetime) -> None:
    """Does what is due by now; safe at any time, again and at once from several processes."""
    silences.expire(now=now)
    dispatch(now=now)  # what stands in the journal already need not be found out
    try:
        if Alarm.objects.filter(due_at__lte=now).exists():
            _look(now)
    finally:  # what fails there must not keep the second channel from hearing of what is known
        escalation.escalate(now=now)


@transaction.atomic
def _look(now: datetime) -> None:
    hold()
    due = Alarm.objects.filter(due_at__lte=now).select_related("entry", "position")
    rows = list(due.order_by("due_at")[:MOST])
    facts = Facts(rows)
    blind = _blind(rows)
    quiet = silences.active(since=now)
    said = []
    for row in rows:
        around = _around(row, quiet, now, blind=source_key(row.entry) in blind)
        try:
            step = tend(memory_of(row), holds=holds(row, facts), now=now, around=around)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            logger.exception("alarm %s could not be looked at", row.key)
            row.due_at = now + PUT_OFF
            continue
        remember(row, step.memory, step.due)
        if step.say is not None:
            said.append((row, step.say))
    write(rows)
    journal.append_all(reminding.entries(said, now))


def _blind(rows: Sequence[Alarm]) -> set[str]:
    """Which of the sources that these blame are still known to give no prices."""
    keys = {source_key(row.entry) for row in rows} - {""}
    found = Alarm.objects.filter(key__in=keys, resolved_at=None) if keys else Alarm.objects.none()
    return set(found.values_list("key", flat=True))


def _around(row: Alarm, quiet: Sequence[Silence], now: datetime, *, blind: bool) -> Around:
    position = row.position
    strategy = position.strategy_id if position else None
    subject = silences.Subject(now, row.kind, row.rule, row.position_id, strategy)
    return Around(
        muted_until=position.muted_until if position else None,
        silenced_until=silences.until(quiet, subject),
        blind=blind,
    )
