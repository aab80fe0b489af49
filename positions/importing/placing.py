"""From entries to the markets they mean; asks venues, so never inside a transaction."""

from __future__ import annotations

from django.utils.translation import gettext as _

from positions.importing.entry import Entry
from positions.markets import in_currency, known_market, market_ensure, resolve_reference
from positions.models import Market
from positions.venues.base import MarketInfo, PermanentError

Place = Market | MarketInfo


def place_of(entry: Entry) -> Place:
    """The market row an entry means, or what its venue told of it. Raises VenueError."""
    market = known_market(entry.market, entry.outcome)
    if market is None:
        info = resolve_reference(entry.market, entry.outcome)
        return in_currency(info, entry.currency, entry.question)
    if entry.currency and entry.currency != market.currency:
        raise PermanentError(
            _("The market pays in %(currency)s, not in %(wanted)s.")
            % {"currency": market.currency, "wanted": entry.currency}
        )
    return market


def market_at(place: Place) -> Market:
    """The market's row, made where it is new; inside the caller's transaction."""
    return place if isinstance(place, Market) else market_ensure(place)


class Places:
    """`place_of` asked once for each market of a file, however many rows name it."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str, str], Place] = {}

    def of(self, entry: Entry) -> Place:
        """Raises VenueError."""
        key = (entry.market, entry.outcome.casefold(), entry.currency, entry.question)
        if key not in self._found:
            self._found[key] = place_of(entry)
        return self._found[key]
