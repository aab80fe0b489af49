"""Which history the journal's ids belong to. A restore begins another one."""

from __future__ import annotations

from datetime import datetime

from monitoring.models import Cursor

FEED_EPOCH = "feed_epoch"


def feed_epoch() -> int:
    """The present one: Unix milliseconds of the latest restore, 0 before the first."""
    found = Cursor.objects.filter(name=FEED_EPOCH).values_list("entry_id", flat=True).first()
    return found or 0


def begin_epoch(*, now: datetime) -> None:
    """Has every page that comes back begin with a snapshot. By the clock: a count kept in the
    database would go back with it.
    """
    epoch = int(now.timestamp() * 1000)
    Cursor.objects.update_or_create(name=FEED_EPOCH, defaults={"entry_id": epoch})
