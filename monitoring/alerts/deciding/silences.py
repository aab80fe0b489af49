"""Silences: whose alerts are kept from the channels, visibly, and until when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from monitoring.alerts.deciding.alarms import hold
from monitoring.models import Alarm, Silence
from monitoring.presenting.kinds import what
from positions import journal
from positions.models import JournalEntry, Position, Strategy
from positions.services.base import ServiceError, facts

WATCH = "watch"


@dataclass(frozen=True, slots=True)
class Subject:
    """What an alert is about, as far as silences care, and when it happened."""

    at: datetime
    kind: str
    rule: str = ""
    position: int | None = None
    strategy: int | None = None


def silence(
    *,
    until: datetime,
    actor: str,
    now: datetime,
    reason: str = "",
    position_id: int | None = None,
    strategy_id: int | None = None,
    rule: str = "",
    kind: str = "",
) -> Silence:
    """No alerts of these until then; what is empty narrows nothing. Critical stops are told still.

    Raises ServiceError when it would already be over, or its position or strategy is not there.
    """
    if until <= now:
        raise ServiceError(_("The silence would already be over. Choose a later time."))
    with transaction.atomic():
        made = Silence.objects.create(
            position=_position(position_id),
            strategy=_strategy(strategy_id),
            rule=rule,
            kind=kind,
            until=until,
            reason=reason[:200],
            created_at=now,
            created_by=actor[:150],
        )
        text = _("alerts of %(whose)s silenced until %(until)s") % {
            "whose": whose(made),
            "until": f"{until:%Y-%m-%d %H:%M} UTC",
        }
        journal.append(_entry("silenced", text, made, actor, now))
    return made


def end_silence(*, silence_id: int, actor: str, now: datetime) -> Silence:
    """Alerts again from now on; one that is over stays as it is. Raises ServiceError."""
    with transaction.atomic():
        hold()
        found = _active(silence_id)
        if found is None:
            raise ServiceError(_("This silence is no longer there."))
        if found.ended_at is None:
            _end(found, min(found.until, now), actor, now)
    return found


def expire(*, now: datetime) -> int:
    """Ends the silences whose time is up, so that it stands in the journal; returns how many."""
    over = Silence.objects.filter(ended_at=None, until__lte=now)
    ids = list(over.values_list("pk", flat=True))
    for pk in ids:
        with transaction.atomic():
            hold()
            found = _active(pk)
            if found is not None and found.ended_at is None:
                _end(found, found.until, "", now)
    return len(ids)


def active(*, since: datetime) -> list[Silence]:
    """The silences that cover any moment from `since` on."""
    rows = Silence.objects.filter(until__gt=since)
    return list(rows.exclude(ended_at__lte=since))


def until(rows: Iterable[Silence], subject: Subject) -> datetime | None:
    """Until when the longest silence that covers it lasts; None when none does. Pure."""
    ends = [row.ended_at or row.until for row in rows if covers(row, subject)]
    return max(ends, default=None)


def covers(row: Silence, subject: Subject) -> bool:
    """Whether the silence was on at that moment and is about it: all that it names must agree."""
    at = subject.at
    on = row.created_at <= at < row.until and (row.ended_at is None or at < row.ended_at)
    named = (
        (row.position_id, subject.position),
        (row.strategy_id, subject.strategy),
        (row.rule, subject.rule),
        (row.kind, subject.kind),
    )
    return on and all(wanted == found for wanted, found in named if wanted)


def whose(row: Silence) -> str:
    """Whose alerts it is about, in words: `Fed cuts? · Yes — No usable price`, `everything`."""
    parts = [
        str(row.position) if row.position else "",
        _("strategy %(name)s") % {"name": row.strategy} if row.strategy else "",
        what(row.kind, row.rule),
    ]
    return " — ".join(part for part in parts if part) or _("everything")


def _active(silence_id: int) -> Silence | None:
    rows = Silence.objects.select_related("position__market", "strategy")
    return rows.select_for_update(of=("self",)).filter(pk=silence_id).first()


def _end(row: Silence, at: datetime, actor: str, now: datetime) -> None:
    row.ended_at, row.ended_by = at, actor[:150]
    row.save(update_fields=["ended_at", "ended_by"])
    # What was kept back and is still true is owed now.
    Alarm.objects.filter(resolved_at=None).exclude(told_as="raised").update(due_at=now)
    text = _("alerts of %(whose)s are on again") % {"whose": whose(row)}
    journal.append(_entry("silence_ended", text, row, actor or WATCH, now))


def _position(pk: int | None) -> Position | None:
    if pk is None:
        return None
    found = Position.objects.select_related("market").filter(pk=pk).first()
    if found is None:
        raise ServiceError(_("This position is no longer there."))
    return found


def _strategy(pk: int | None) -> Strategy | None:
    if pk is None:
        return None
    found = Strategy.objects.filter(pk=pk).first()
    if found is None:
        raise ServiceError(_("This strategy is no longer there."))
    return found


def _entry(kind: str, text: str, row: Silence, actor: str, now: datetime) -> JournalEntry:
    data: dict[str, Any] = facts(row.position) if row.position else {}
    data |= {
        "silence": row.pk,
        "strategy": row.strategy_id,
        "kind": row.kind,
        "until": f"{row.until:%Y-%m-%dT%H:%M:%SZ}",
        "reason": row.reason,
    }
    return journal.entry(
        kind, text, at=now, position=row.position_id, rule=row.rule, actor=actor, data=data
    )
