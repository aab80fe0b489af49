"""The venue's order book of one market, read now: the only read that leaves the house."""

from __future__ import annotations

import logging
import time

from positions.domain.book import Book
from positions.exits import instrument_of
from positions.models import Position
from positions.venues.base import VenueError
from positions.venues.registry import source_for

logger = logging.getLogger(__name__)

PATIENCE = 4.0


def live_book(position_id: int) -> tuple[Book | None, str]:
    """The book, or None and why. The position must exist. Waits PATIENCE seconds at most."""
    position = Position.objects.select_related("market").get(pk=position_id)
    instrument = instrument_of(position)
    try:
        source = source_for(instrument.venue)
        readings = source.read([instrument], deadline=time.monotonic() + PATIENCE)
    except VenueError as error:
        return None, str(error)
    except Exception as error:  # an adapter's defect must not take the dialog away
        logger.exception("the book of position %s could not be read", position_id)
        return None, type(error).__name__
    book = readings.books.get(instrument.id)
    if book is None:
        return None, readings.errors.get(instrument.id, "no book")
    return book, ""
