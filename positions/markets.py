"""From what a person writes of a market to its row: slug, URL, ids, `sim:NAME`, `url:NAME`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from positions.models import Market, Quote
from positions.text import all_storable, storable
from positions.venues.base import Instrument, MarketInfo, PermanentError
from positions.venues.registry import source_for
from positions.venues.simulated import info as simulated_info
from positions.venues.simulated import payout_in
from positions.venues.simulation import scene_of

YES = "yes"
PREFIXES = {"sim": Market.Venue.SIMULATED, "url": Market.Venue.JSON}
LONGEST = 500
IDENTITY = ("venue", "key", "outcome")
TOLD = (
    *IDENTITY,
    "token",
    "question",
    "slug",
    "url",
    "outcome_index",
    "payout",
    "currency",
    "tick",
    "min_size",
    "fee_rate",
    "fee_exponent",
    "ends_at",
    "game_at",
    "criteria",
    "state",
)


def market_instrument(market: Market) -> Instrument:
    """The market as a venue port wants it."""
    return Instrument(
        id=market.pk,
        venue=market.venue,
        key=market.key,
        outcome=market.outcome,
        token=market.token,
        payout=market.payout,
        data=market.data,
    )


def venue_and_name(reference: str) -> tuple[str, str]:
    """The venue a reference speaks of, and its name there: `sim:x` → ("sim", "x")."""
    text = reference.strip()
    prefix, colon, name = text.partition(":")
    if colon and prefix.lower() in PREFIXES:
        return PREFIXES[prefix.lower()].value, name.strip()
    return Market.Venue.POLYMARKET.value, text


def resolve_reference(reference: str, outcome: str = "") -> MarketInfo:
    """The one outcome meant by a slug, URL, condition or token id, `sim:NAME` or `url:NAME`.

    Asks the venue: never call it inside a transaction. Without an outcome the only one is meant,
    or Yes where there is one. Raises PermanentError naming the outcomes or what is wrong, and the
    venue's own VenueError.
    """
    venue, name = venue_and_name(reference)
    if not name:
        raise PermanentError(_("Name a market: a slug, an address, an id, sim:NAME or url:NAME."))
    if len(name) > LONGEST:
        raise PermanentError(_("This is too long for a market's slug, address or id."))
    return pick(source_for(venue).find(name, outcome.strip()), reference, outcome.strip())


def pick(found: Sequence[MarketInfo], reference: str, outcome: str) -> MarketInfo:
    """The one meant among a market's outcomes. Raises PermanentError naming them."""
    names = [info.outcome for info in found]
    if len(found) > 1 and not outcome:
        found = [info for info in found if info.outcome.casefold() == YES]
    if len(found) != 1:
        wanted = {"market": reference[:80], "outcomes": ", ".join(names)}
        raise PermanentError(
            _("%(market)s has several outcomes, say which one: %(outcomes)s") % wanted
            if names
            else _("%(market)s was not found.") % wanted
        )
    return found[0]


def known_market(reference: str, outcome: str = "") -> Market | None:
    """The row this reference means if we hold it already: then nobody need be asked."""
    venue, name = venue_and_name(reference)
    ids = (
        Q(key=name)
        if venue != Market.Venue.POLYMARKET
        else Q(slug=name) | Q(token=name) | Q(key=name)
    )
    rows = Market.objects.filter(ids, venue=venue)
    if name and not outcome and (by_token := rows.filter(token=name).first()):
        return by_token
    found = [row for row in rows if row.outcome.casefold() == (outcome.strip() or YES).casefold()]
    # Two markets of one slug cannot be told apart here: the venue can.
    return found[0] if name and len(found) == 1 else None


def in_currency(info: MarketInfo, currency: str, question: str = "") -> MarketInfo:
    """`info` as the adder wants it: a simulated market takes any currency and wording.

    Raises PermanentError where the venue fixes the currency and it is another one.
    """
    wanted = currency.strip().upper() or info.currency
    if info.venue == Market.Venue.SIMULATED:
        payout = payout_in(wanted)
        if payout == info.payout:
            return replace(info, currency=wanted, question=question or info.question)
        scene = scene_of(info.key, payout, info.data)
        return simulated_info(scene, info.outcome, question or info.question, wanted)
    if wanted != info.currency:
        raise refused_currency(info, wanted)
    return info


def refused_currency(market: MarketInfo | Market, wanted: str) -> PermanentError:
    """Why a position in another currency than its market's cannot be."""
    return PermanentError(
        _("The market pays in %(currency)s, not in %(wanted)s.")
        % {"currency": market.currency, "wanted": wanted}
    )


def market_row(info: MarketInfo) -> Market:
    """What a venue told, as a row that is not stored yet."""
    return Market(
        **{name: _fit(name, getattr(info, name)) for name in TOLD}, data=all_storable(info.data)
    )


def _fit(name: str, value: Any) -> Any:
    """A venue's text as its column takes it: PostgreSQL refuses what is longer."""
    most = getattr(Market._meta.get_field(name), "max_length", None)  # noqa: SLF001 Django's API
    return storable(value, most) if isinstance(value, str) and most else value


def market_ensure(market: MarketInfo | Market) -> Market:
    """The row of this outcome with its (empty) quote row, made if it is not there.

    An existing row stays as it is: `refreshing` keeps its facts fresh, the watch its state.
    """
    row = market_row(market) if isinstance(market, MarketInfo) else market
    if not row.pk:
        values = {name: getattr(row, name) for name in (*TOLD, "data")}
        key = {name: values.pop(name) for name in IDENTITY}
        row, _made = Market.objects.get_or_create(**key, defaults=values)
    Quote.objects.get_or_create(market=row, defaults={"payout": row.payout})
    return row
