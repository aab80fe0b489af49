"""What the feed reads from the database, each in a thread that leaves no connection behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db import connections
from django.db.models import Max, Min

from monitoring.keeping.epoch import feed_epoch
from positions.models import JournalEntry, Quote
from positions.presenting.entries import EntryView
from positions.selectors.history import view

T = TypeVar("T")
BATCH = 500


async def in_thread(work: Callable[..., T], *args: object) -> T:
    """`work(*args)` in a thread; its database connections are closed afterwards."""

    def run() -> T:
        try:
            return work(*args)
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells whether anything is new: the newest entry, and when a price was last told."""

    entry: int
    told_at: datetime | None


def read_stamp() -> Stamp:
    """Two small queries."""
    newest = JournalEntry.objects.aggregate(newest=Max("pk"))["newest"]
    told = Quote.objects.aggregate(told=Max("told_at"))["told"]
    return Stamp(newest or 0, told)


def knows(after: int | None, epoch: int | None) -> bool:
    """Whether a page that has seen journal id `after` of `epoch` needs only what came since.

    The journal must still hold that place, and be the one that the page saw: after a restore the
    same ids would mean other entries. A page that names no epoch is taken at its word.
    """
    if after is None or epoch not in {None, feed_epoch()}:
        return False
    found = JournalEntry.objects.aggregate(oldest=Min("pk"), newest=Max("pk"))
    return bool(found["newest"]) and found["oldest"] <= after <= found["newest"]


def entries_after(after: int) -> list[EntryView]:
    """The next stored entries above `after`, in order, at most BATCH."""
    rows = JournalEntry.objects.filter(pk__gt=after).select_related("position__market")
    return [view(entry) for entry in rows.order_by("pk")[:BATCH]]
