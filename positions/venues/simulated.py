"""The built-in venue: markets that need no internet, for the demo, for trying out, for tests."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from positions.domain.book import Book
from positions.venues import simulation
from positions.venues.base import (
    Instrument,
    MarketInfo,
    MarketStatus,
    PermanentError,
    Readings,
    VenueError,
)

VENUE = "sim"
OUTCOMES = ("Yes", "No")
MIN_SIZE = Decimal(5)
# What a share of the winning outcome pays in each currency, as in the course's examples.
PAYOUTS = {"PKR": Decimal(100)}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
SILENT = "the simulated price source does not answer"


def payout_in(currency: str) -> Decimal:
    """What one winning share of a simulated market pays: 100 PKR, else 1 of the currency."""
    return PAYOUTS.get(currency, Decimal(1))


def info(
    scene: simulation.Scene, outcome: str, question: str = "", currency: str = "USDC"
) -> MarketInfo:
    """All there is to know of one outcome of a simulated market."""
    return MarketInfo(
        venue=VENUE,
        key=scene.name,
        outcome=outcome,
        token="",
        question=question or scene.name.replace("-", " ").replace("_", " "),
        outcome_index=OUTCOMES.index(outcome),
        payout=scene.payout,
        currency=currency,
        tick=scene.tick,
        min_size=MIN_SIZE,
        data=simulation.script(scene),
    )


class SimulatedSource:
    """A PriceSource that invents its prices; `now` gives aware UTC."""

    venue = VENUE

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def read(self, instruments: Sequence[Instrument], *, deadline: float) -> Readings:
        """All books at one moment; a market whose script has fallen silent is an error of its own."""
        at = self._now()
        books: dict[int, Book] = {}
        errors: dict[int, str] = {}
        for instrument in instruments:
            try:
                books[instrument.id] = _book(instrument, at)
            except (VenueError, ValueError) as error:
                errors[instrument.id] = str(error)
        return Readings(books, errors=errors)

    def status(
        self, instruments: Sequence[Instrument], *, deadline: float
    ) -> Mapping[int, MarketStatus]:
        """A simulated market never ends."""
        return {instrument.id: MarketStatus("open") for instrument in instruments}

    def find(self, reference: str, outcome: str = "") -> Sequence[MarketInfo]:
        """Yes and No of the market of any name: it exists as soon as somebody names it."""
        name = reference.removeprefix(f"{VENUE}:")
        if not NAME.fullmatch(name):
            raise PermanentError(
                f"sim:{name[:40]} is not a name: letters, digits, dots, dashes, at most 100"
            )
        wanted = [side for side in OUTCOMES if outcome.casefold() in {"", side.casefold()}]
        if not wanted:
            raise PermanentError(f"sim:{name} has the outcomes Yes and No, not {outcome}")
        scene = simulation.Scene(name, payout_in("USDC"))
        return [info(scene, side) for side in wanted]


def _book(instrument: Instrument, at: datetime) -> Book:
    """Raises ValueError for a script that cannot be read, VenueError once it has fallen silent."""
    scene = simulation.scene_of(instrument.key, instrument.payout, instrument.data)
    if simulation.fails(scene, at):
        raise VenueError(SILENT)
    return simulation.book(scene, instrument.outcome, at)
