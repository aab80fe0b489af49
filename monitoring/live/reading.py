"""What the feed reads from the database, each in a thread that leaves no connection behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db import connections
from django.db.models import Max, Min

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


def journal_span() -> tuple[int, int] | None:
    """Ids of the oldest and the newest stored entry; None while there is none."""
    found = JournalEntry.objects.aggregate(oldest=Min("pk"), newest=Max("pk"))
    return (found["oldest"], found["newest"]) if found["newest"] else None


def entries_after(after: int) -> list[EntryView]:
    """The next stored entries above `after`, in order, at most BATCH."""
    rows = JournalEntry.objects.filter(pk__gt=after).select_related("position__market")
    return [view(entry) for entry in rows.order_by("pk")[:BATCH]]
