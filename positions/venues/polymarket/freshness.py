"""When the venue last told us about a book: a quiet market is not stale, a frozen book is.

The venue documents a book's `timestamp` as the snapshot's, but not whether it is the moment of the
answer or of the book's last change. A time that stands still therefore proves nothing by itself: an
untouched market may look just so. It counts against a book only when the same book had shown us
before that it is stamped with each answer, i.e. when several readings with the same levels came
with a fresh time. A time that goes back is an older copy of the book.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from positions.venues.polymarket.parse import Snapshot

# So many readings in a row must be stamped with their own moment (within NEAR_MS) before a time
# that stands still is believed to mean a frozen book.
PROOF = 3
NEAR_MS = 5000
# So often the time may be an older one before we take it that the venue's clock was set back.
PATIENCE = 3


@dataclass
class _Seen:
    stamp: int
    told_at: datetime
    levels: int
    stamped: int = 0
    back: int = 0


class Freshness:
    """Remembers the last reading of each token, within this process only."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def told_at(self, book: Snapshot, fetched_at: datetime) -> datetime:
        """The moment (UTC) that this reading speaks of, never later than `fetched_at`."""
        levels = hash((book.bids, book.asks))
        seen = self._seen.get(book.token)
        if seen is None:
            self._seen[book.token] = _Seen(book.stamp, fetched_at, levels)
            return fetched_at
        if book.stamp < seen.stamp and seen.back + 1 < PATIENCE:
            seen.back += 1
            return min(fetched_at, seen.told_at - _ms(seen.stamp - book.stamp))
        if book.stamp == seen.stamp and seen.stamped >= PROOF:
            return seen.told_at
        self._seen[book.token] = _Seen(
            book.stamp, fetched_at, levels, _stamped(seen, book, levels, fetched_at)
        )
        return fetched_at


def _stamped(seen: _Seen, book: Snapshot, levels: int, fetched_at: datetime) -> int:
    """How many readings in a row were stamped with their own moment although nothing changed."""
    near = abs(book.stamp - int(fetched_at.timestamp() * 1000)) <= NEAR_MS
    if book.stamp <= seen.stamp or not near:
        return 0
    return seen.stamped + 1 if levels == seen.levels else seen.stamped


def _ms(milliseconds: int) -> timedelta:
    return timedelta(milliseconds=milliseconds)
