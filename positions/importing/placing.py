"""From entries to the markets they mean; asks venues, so never inside a transaction."""

from __future__ import annotations

from positions.importing.entry import Entry
from positions.markets import (
    in_currency,
    known_market,
    market_row,
    refused_currency,
    resolve_reference,
)
from positions.models import Market


def market_named(
    reference: str, outcome: str = "", currency: str = "", question: str = ""
) -> Market:
    """The market a reference means: its row, or an unstored one of what the venue told.

    `markets.market_ensure` stores it. `currency` and `question` make a simulated market what the
    adder wants; elsewhere another currency is an error. Raises VenueError.
    """
    market = known_market(reference, outcome)
    if market is None:
        return market_row(in_currency(resolve_reference(reference, outcome), currency, question))
    if currency and currency != market.currency:
        raise refused_currency(market, currency)
    return market


def market_of(entry: Entry) -> Market:
    """The market an entry means, as `market_named`."""
    return market_named(entry.market, entry.outcome, entry.currency, entry.question)


class Markets:
    """`market_of` asked once for each market of a file, however many rows name it."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, str, str, str], Market] = {}
        self._found: dict[tuple[str, str, str], Market] = {}

    def of(self, entry: Entry) -> Market:
        """Raises VenueError; so does a second currency for a market that is new in this file."""
        key = (entry.market, entry.outcome.casefold(), entry.currency, entry.question)
        if key not in self._asked:
            self._asked[key] = self._same(market_of(entry), entry)
        return self._asked[key]

    def _same(self, market: Market, entry: Entry) -> Market:
        first = self._found.setdefault((market.venue, market.key, market.outcome), market)
        if entry.currency and entry.currency != first.currency:
            raise refused_currency(first, entry.currency)
        return first
