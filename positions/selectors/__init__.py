"""Reads for the pages and the feed. A constant number of queries, whatever the number of rows."""

from __future__ import annotations

from positions.selectors.book import Book, book, open_views
from positions.selectors.books import live_book
from positions.selectors.history import history, marks, page, realised_today
from positions.selectors.prices import runs_of, spark_runs
from positions.selectors.rows import closed_rows, open_rows, row

__all__ = [
    "Book",
    "book",
    "closed_rows",
    "history",
    "live_book",
    "marks",
    "open_rows",
    "open_views",
    "page",
    "realised_today",
    "row",
    "runs_of",
    "spark_runs",
]
