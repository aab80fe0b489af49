"""Keeps the facts of markets fresh: a match is postponed, a minimum order or a fee is changed.

The pass reads prices only; this runs beside it. What a venue does not say stays as it was: a
missing end is no word that there is none.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from positions import journal
from positions.domain.pnl import plain
from positions.locks import hold_book
from positions.markets import market_instrument
from positions.models import JournalEntry, Mark, Market, Position
from positions.services import facts
from positions.venues.base import FactSource, MarketFacts, PriceSource, VenueError
from positions.venues.registry import source_for

logger = logging.getLogger(__name__)

CHANGED = "market_changed"
PATIENCE = 120.0  # seconds for all venues: the worker's task has a limit of its own
# Field of Market and of MarketFacts: how a person calls it.
NAMES = {
    "ends_at": gettext_noop("end"),
    "game_at": gettext_noop("game start"),
    "tick": gettext_noop("tick"),
    "min_size": gettext_noop("minimum order"),
    "fee_rate": gettext_noop("fee rate"),
    "fee_exponent": gettext_noop("fee exponent"),
}


def refresh_open(now: datetime, *, source: Callable[[str], PriceSource] = source_for) -> list[int]:
    """Reads the facts of every market that holds an open position; ids of those that changed.

    Venues are asked before anything is written, and only those that tell facts (`FactSource`). One
    that cannot be read leaves the facts as they are.
    """
    deadline = time.monotonic() + PATIENCE
    changed = []
    for venue, markets in _held().items():
        for pk, told in _told(source(venue), markets, now, deadline).items():
            try:
                if _take_over(pk, told, now):
                    changed.append(pk)
            except (DatabaseError, ValueError):
                logger.exception("facts of market %s could not be stored", pk)
    return changed


def _held() -> dict[str, list[Market]]:
    rows = Market.objects.filter(position__state=Position.State.OPEN).exclude(
        state=Market.State.RESOLVED
    )
    found: dict[str, list[Market]] = {}
    for market in rows.distinct():
        found.setdefault(market.venue, []).append(market)
    return found


def _told(
    source: PriceSource, markets: Sequence[Market], now: datetime, deadline: float
) -> Mapping[int, MarketFacts]:
    if not isinstance(source, FactSource):
        return {}
    instruments = [market_instrument(market) for market in markets]
    # Another order each time: where the time is too short for all, it is not always the same ones.
    Random(now.timestamp()).shuffle(instruments)
    try:
        return source.facts(instruments, deadline=deadline)
    except VenueError as error:
        logger.warning("market facts of %s could not be read: %s", source.venue, error)
    except Exception:  # an adapter's defect must not leave the other venues' facts to age
        logger.exception("market facts of %s could not be read", source.venue)
    return {}


def _take_over(market_id: int, told: MarketFacts, now: datetime) -> bool:
    """Stores what differs, has the market's positions judged anew and tells each of them."""
    with transaction.atomic():
        hold_book()
        market = Market.objects.select_for_update(of=("self",)).filter(pk=market_id).first()
        if market is None:
            return False
        if told.criteria and told.criteria != market.criteria:
            # Read by the AI stage only; nobody is told of a comma in a thousand words.
            Market.objects.filter(pk=market_id).update(criteria=told.criteria)
        old = {name: getattr(market, name) for name in NAMES}
        new = {name: _new(getattr(told, name), old[name]) for name in NAMES}
        names = [name for name in NAMES if new[name] != old[name]]
        if not names:
            return False
        for name in names:
            setattr(market, name, new[name])
        market.save(update_fields=names)
        held = list(Position.objects.filter(market=market, state=Position.State.OPEN))
        _judge_anew(market, held)
        journal.append_all(_entries(market, held, names, old, now))
    return True


def _new(told: Any, old: Any) -> Any:
    return old if told is None else told


def _judge_anew(market: Market, held: Iterable[Position]) -> None:
    ids = [position.pk for position in held]
    quiet: dict[str, Any] = dict.fromkeys(("quiet_low", "quiet_high", "quiet_until"))
    Mark.objects.filter(position__in=ids).update(**quiet)
    # A lower minimum frees what was too small to sell; what is too small now, its exit finds out.
    if market.min_size is not None:
        rows = Position.objects.filter(pk__in=ids, is_dust=True)
        rows.filter(shares__gte=market.min_size).update(is_dust=False)


def _entries(
    market: Market,
    held: Iterable[Position],
    names: Sequence[str],
    old: Mapping[str, Any],
    now: datetime,
) -> list[JournalEntry]:
    """One for each position, so that its own page tells why it is judged otherwise from now on."""
    values = {name: (_text(old[name]), _text(getattr(market, name))) for name in names}
    parts = [
        f"{_(NAMES[name])} {before or _('none')} → {after}"
        for name, (before, after) in values.items()
    ]
    text = _("the market changed: %(what)s") % {"what": "; ".join(parts)}
    changes = {name: {"old": before, "new": after} for name, (before, after) in values.items()}
    entries = []
    for position in held:
        position.market = market
        data = facts(position) | {"changes": changes}
        entries.append(
            journal.entry(CHANGED, text, at=now, position=position, urgency="medium", data=data)
        )
    return entries


def _text(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Decimal):
        return plain(value)
    return None if value is None else str(value)
