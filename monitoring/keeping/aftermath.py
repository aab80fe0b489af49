"""What a restored database is told before it may be used: that time has passed it by.

Shares may have been sold since the backup, alerts have long been sent, and ids have been used that
it does not know of. So nothing sells until a person has compared it with the wallet, nothing old is
sent, and every id given out from here on is a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, models, transaction
from django.utils.translation import gettext as _
from django_q.models import OrmQ

from monitoring.alerts.deciding.reasons import Reason
from monitoring.alerts.dispatch import dispatch
from monitoring.keeping.epoch import begin_epoch
from monitoring.models import Channel, Lease, Notification
from monitoring.schedules import ensure_schedules, resume
from positions import journal
from positions.models import Exit, JournalEntry, Position
from positions.presenting.badges import iso
from positions.services.switches import exits_hold_restored

# What others have been told by id: the browser's place in the journal, the venue's order keys
# (`exit-<id>-<attempt>`: a used one would be answered with another position's sale), the footers
# and links of alerts.
TOLD_OUTSIDE: tuple[type[models.Model], ...] = (JournalEntry, Exit, Notification, Position)


@dataclass(frozen=True, slots=True)
class Settled:
    """How many positions are open, and how many alerts will not be sent."""

    positions: int
    expired: int


def settle(*, made_at: datetime, past: Mapping[str, int], now: datetime) -> Settled:
    """Prepares the database of these settings. `made_at`: when the backup was made; `past`: the
    highest id by table that the database it replaces has given out, as far as known.
    """
    with transaction.atomic():
        # First what the journal has not yet told: it too becomes visible rows that are not sent.
        dispatch(now=now)
        expired = _expire()
        Channel.objects.update(not_before=None, lease_until=None, lease_holder="")
        Lease.objects.update(holder="", expires_at=now)
        OrmQ.objects.all().delete()
        begin_epoch(now=now)
        for model in TOLD_OUTSIDE:
            table = model._meta.db_table  # noqa: SLF001  documented API
            _raise_sequence(table, max(past.get(table, 0), int(now.timestamp())))
        ensure_schedules(now=now)
        resume(now=now)
        positions = Position.objects.filter(state=Position.State.OPEN).count()
        _tell(made_at, positions, now)
    return Settled(positions, expired)


def _expire() -> int:
    waiting = Notification.objects.filter(state=Notification.State.PENDING)
    return waiting.update(state=Notification.State.SUPPRESSED, reason=Reason.RESTORED)


def _raise_sequence(table: str, least: int) -> None:
    """The next id of `table` is above `least` and above all that it holds.

    By the clock, because what the lost database gave out is not known; it never outruns a second.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sql = (
                "SELECT setval(s, greatest(%s, nextval(s))) FROM pg_get_serial_sequence(%s, 'id') s"
            )
            cursor.execute(sql, [least, table])
            return
        cursor.execute(
            "UPDATE sqlite_sequence SET seq = max(seq, %s) WHERE name = %s", [least, table]
        )
        if not cursor.rowcount:
            cursor.execute(
                "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, least]
            )


def _tell(made_at: datetime, positions: int, now: datetime) -> None:
    text = _("restored from the backup of %(at)s: exits are paused until confirmed") % {
        "at": f"{made_at:%Y-%m-%d %H:%M} UTC"
    }
    exits_hold_restored(made_at=made_at, now=now)
    data = {"made_at": iso(made_at), "positions": positions}
    journal.append(
        journal.entry("restored", text, at=now, urgency="critical", actor="restore", data=data)
    )
