"""Paper execution: the same way to the end, filled against the very book the rules have read."""

from __future__ import annotations

from positions.domain.book import Book, walk
from positions.venues.base import Order, Report


class PaperExecutor:
    """Walks the bids for the size, best first, none below the floor, fees per level."""

    def sell(self, order: Order, book: Book) -> Report:
        """Fills at once; never raises."""
        fills = walk(
            book,
            order.shares,
            order.floor,
            fee_rate=order.fee_rate,
            fee_exponent=order.fee_exponent,
            payout=order.instrument.payout,
        )
        return Report(order.key, fills)

    def lookup(self, order: Order) -> Report | None:
        """Paper keeps no orders of its own: what was not recorded has not happened."""
        return None
