"""Two writers never meet: whoever changes positions or their marks holds the book.

SQLite has one writer at a time (transactions begin IMMEDIATE). On PostgreSQL a pass would read a
position, a user would change its rules, and the pass would write its older memory over the change:
the advisory lock, taken first in the transaction, puts them in a row.
"""

from __future__ import annotations

from django.db import connection

BOOK_LOCK = 0x504D42  # "PMB"


def hold_book() -> None:
    """Takes the book until the transaction ends; the first statement of a write."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [BOOK_LOCK])
