"""The whole list page in one read: rows, totals, cards, counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from positions.presenting.rows import Row
from positions.presenting.summary import Card, Counts, Summary, cards, counts, summaries
from positions.presenting.view import RowView, row_view, worst_first
from positions.selectors.history import realised_today
from positions.selectors.prices import Sparks
from positions.selectors.rows import closed_rows, open_rows


@dataclass(frozen=True, slots=True)
class Book:
    """What `/` shows, as it shows it; open rows worst first, then what closed within a day."""

    rows: list[RowView]
    closed: list[RowView]
    summary: list[Summary]
    attention: list[Card]
    counts: Counts
    demo: bool
    views: dict[int, RowView] = field(default_factory=dict)

    def group(self, name: str) -> list[RowView]:
        """Rows of the group `att` or `open`."""
        return [one for one in self.rows if one["group"] == name]


def book(now: datetime, *, sparks: Sparks | None = None) -> Book:
    """Everything on the list page at `now`."""
    rows = open_rows(now, sparks=sparks)
    gone = closed_rows(now)
    views = worst_first([row_view(one, now) for one in rows])
    by_id = {one["id"]: one for one in views}
    return Book(
        rows=views,
        closed=[row_view(one, now) for one in gone],
        summary=summaries(rows, by_id, realised_today(now), now),
        attention=cards(views),
        counts=counts(views),
        demo=any(one.demo for one in rows) or any(one.demo for one in gone),
        views=by_id,
    )


def open_views(ids: list[int], now: datetime) -> list[RowView]:
    """Single rows, for the page that has just learnt of them."""
    found: list[Row] = open_rows(now, ids=ids)
    return [row_view(one, now) for one in found]
