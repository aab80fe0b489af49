"""Reminders as journal entries: they take the way to the channels that every entry takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.alerts.deciding.grouping import MOST
from monitoring.alerts.deciding.reasons import Reason
from monitoring.alerts.deciding.topics import CRITICAL
from monitoring.models import Alarm
from positions import journal
from positions.models import JournalEntry

# What the first line of an alert shows of its entry, and what its causes are known by.
SHOWN = ("question", "outcome", "currency", "payout", "demo", "mode", "bid", "level", "problem")
BLAMED = ("venue", "blind", "channel", "watch", "provider")
# What it says of a question, and where that is answered.
ASKED = ("question_id", "verdict", "confidence", "quote", "sources", "state")
NAMES = 10


def entries(said: Sequence[tuple[Alarm, Reason]], now: datetime) -> list[JournalEntry]:
    """One entry for each alarm; one for all of a kind where many are repeated at once, for the
    journal is never pruned, and forty markets without a bid need not be named there every day.
    """
    alike: dict[str, list[Alarm]] = defaultdict(list)
    for row, why in said:
        if why is Reason.REPEAT and row.urgency != CRITICAL:
            alike[row.kind].append(row)
    grouped = {kind: rows for kind, rows in alike.items() if len(rows) > MOST}
    alone = [
        _one(row, why, now)
        for row, why in said
        if why is not Reason.REPEAT or row.urgency == CRITICAL or row.kind not in grouped
    ]
    return alone + [_many(kind, rows, now) for kind, rows in grouped.items()]


def _one(row: Alarm, why: Reason, now: datetime) -> JournalEntry:
    found = row.entry.data
    data = {name: found[name] for name in (*SHOWN, *BLAMED, *ASKED) if name in found}
    stands = row.resolved_at is None
    return journal.entry(
        "reminder",
        _text(why, stands=stands)
        % {"since": f"{row.raised_at:%Y-%m-%d %H:%M} UTC", "what": row.entry.text},
        at=now,
        position=row.position_id,
        urgency=row.urgency if stands else "medium",
        rule=row.rule,
        data=data | {"kind": row.kind, "key": row.key, "about": row.entry_id, "why": why.value},
    )


def _many(kind: str, rows: Sequence[Alarm], now: datetime) -> JournalEntry:
    names = [name for row in rows if (name := _name(row.entry.data))]
    text = ngettext("%(n)d is still so: %(names)s", "%(n)d are still so: %(names)s", len(rows))
    shown = ", ".join(names[:NAMES]) + (", …" if len(names) > NAMES else "")
    return journal.entry(
        "reminder",
        text % {"n": len(rows), "names": shown},
        at=now,
        urgency="high",
        data={"kind": kind, "why": Reason.REPEAT.value, "count": len(rows)},
    )


def _name(data: dict[str, Any]) -> str:
    return " · ".join(str(data[name]) for name in ("question", "outcome") if data.get(name))


def _text(why: Reason, *, stands: bool) -> str:
    if why is Reason.CALM and stands:
        return _("no longer comes and goes, and still so: %(what)s")
    if why is Reason.CALM:
        return _("no longer comes and goes, and over: %(what)s")
    if why is Reason.RESOLVED:
        return _("over: %(what)s")
    return _("still so, since %(since)s: %(what)s")
