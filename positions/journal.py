"""The one way to write the journal: in the transaction of the change, under one lock, by id.

On PostgreSQL ids are handed out before commits happen: without the lock a reader that tails by id
skips entries of a slower writer (measured: a quarter of them). The lock is taken last, so that it
is held for milliseconds. SQLite has one writer at a time anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from positions.models import JournalEntry, Position

APPEND_LOCK = 0x504D4A  # "PMJ"
DOORBELL = "pm_journal"


def entry(
    kind: str,
    text: str,
    *,
    at: datetime,
    position: Position | int | None = None,
    urgency: str = "low",
    rule: str = "",
    actor: str = "watch",
    data: dict[str, Any] | None = None,
) -> JournalEntry:
    """An entry not yet written. `text` is one sentence; `data` JSON with decimals as strings."""
    return JournalEntry(
        kind=kind,
        text=text,
        at=at,
        position_id=position.pk if isinstance(position, Position) else position,
        urgency=urgency,
        rule=rule,
        actor=actor,
        data=data or {},
    )


def append(*entries: JournalEntry) -> None:
    """Writes the entries in order; must be the last write of the caller's transaction."""
    append_all(entries)


def append_all(entries: Iterable[JournalEntry]) -> None:
    """As `append`. Raises TransactionManagementError outside a transaction: an entry that can be
    written without its change, or a change without its entry, is what the journal is there against.
    """
    rows = list(entries)
    if not rows:
        return
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("the journal is written inside the change")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [APPEND_LOCK])
            cursor.execute(f"NOTIFY {DOORBELL}")
    JournalEntry.objects.bulk_create(rows)
    transaction.on_commit(ring, robust=True)


def ring() -> None:
    """Tells Redis listeners to look at the journal. Without Redis nothing happens; nothing is lost."""
    from django.conf import settings

    if not settings.ENV.redis_url:
        return
    from positions.doorbell import publish

    publish(settings.ENV.redis_url, DOORBELL)
