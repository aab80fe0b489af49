"""What all open pages show, and how to tell them what changed of it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from positions.models import Quote
from positions.selectors import Book, book, spark_runs
from positions.selectors.prices import Sparks

SPARKS_EVERY = 60.0
# What never changes while a page is open; a page that lacks a row fetches it rendered.
STILL = frozenset({"url", "title", "outcome", "chip", "demo", "link", "search", "spark"})

Rows = Mapping[int, Mapping[str, Any]]


@dataclass
class Sparklines:
    """Past bids of every market, read once a minute: they move slower than prices."""

    runs: Sparks = field(default_factory=dict)
    read_at: float = float("-inf")

    def fresh(self, now: datetime, monotonic: float) -> Sparks:
        """The runs, read anew when they are a minute old or lack a market."""
        quotes = Quote.objects.filter(market__position__state="open").distinct()
        held = set(quotes.values_list("market_id", flat=True))
        if monotonic - self.read_at >= SPARKS_EVERY or not held <= self.runs.keys():
            self.runs, self.read_at = spark_runs(quotes, now), monotonic
        return self.runs


def dumps(frame: Mapping[str, Any]) -> str:
    """A frame as sent: compact JSON, Decimals are strings already."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


class Shown:
    """The present rows and totals. `look` reads them anew (in a thread), `news` is what differs."""

    def __init__(self) -> None:
        self.rows: Rows = {}
        self.totals: dict[str, Any] = {}
        self._sparklines = Sparklines()

    def look(self) -> Book:
        """The whole book now; queries."""
        now = timezone.now()
        return book(now, sparks=self._sparklines.fresh(now, time.monotonic()))

    def news(self, fresh: Book) -> dict[str, Any] | None:
        """The `prices` frame from what was shown to `fresh`, which is shown from now on.

        Changed fields only; `gone`: rows that are no longer there. None when nothing differs.
        """
        rows = {one["id"]: one for one in (*fresh.rows, *fresh.closed)}
        totals = {
            "summary": fresh.summary,
            "attention": fresh.attention,
            "counts": fresh.counts,
        }
        changed = [_changes(self.rows.get(pk, {}), row) for pk, row in rows.items()]
        frame: dict[str, Any] = {"rows": [row for row in changed if len(row) > 1]}
        frame["gone"] = [pk for pk in self.rows if pk not in rows]
        frame |= {name: value for name, value in totals.items() if self.totals.get(name) != value}
        self.rows, self.totals = rows, totals
        if not frame["rows"] and not frame["gone"] and len(frame) == 2:
            return None
        return {"type": "prices", **frame}

    def whole(self) -> dict[str, Any]:
        """Everything, for a page that has just come back; what never changes is left out."""
        rows = [
            {name: value for name, value in row.items() if name not in STILL}
            for row in self.rows.values()
        ]
        return {"type": "prices", "whole": True, "rows": rows, **self.totals}

    def snapshot(self, entry: int, pulse: Mapping[str, Any]) -> dict[str, Any]:
        """Everything as of journal id `entry`, for a page that knows nothing."""
        rows = list(self.rows.values())
        frame = {"type": "snapshot", "id": entry, "epoch": pulse.get("epoch", 0), "rows": rows}
        return {**frame, **self.totals, "pulse": pulse}


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    changed = {name: value for name, value in new.items() if old.get(name, ...) != value}
    return {"id": new["id"], **changed}
