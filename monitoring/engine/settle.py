"""Markets that closed or resolved: settle by the payout, which is never a stop or a profit."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import transaction

from monitoring.engine.look import Watched
from monitoring.engine.sql import REFUSALS, exact, stamp, update_many
from monitoring.questions.overtaking import overtake
from positions import exits, journal
from positions.models import Exit, JournalEntry, Market, Position
from positions.venues.base import MarketStatus

logger = logging.getLogger(__name__)


def apply_statuses(
    statuses: Mapping[int, MarketStatus], markets: Iterable[Watched], *, now: datetime
) -> list[Exit]:
    """Stores market states and settles the open positions of resolved ones; in the caller's
    transaction. A position whose order may still be out waits until that is known.

    Returns the exits that settled them.
    """
    _store(statuses, now)
    resolved = {pk for pk, status in statuses.items() if status.state == "resolved"}
    resolved |= {market.instrument.id for market in markets if market.state == "resolved"}
    entries: list[JournalEntry] = []
    settled: list[Exit] = []
    for position in _held_in(resolved) if resolved else ():
        price = position.market.settle_price
        if price is None:
            continue
        try:
            with transaction.atomic():
                exit_, told = exits.settle(position, price, now=now)
                told += overtake(position, now=now, by=exit_.rule)
        except REFUSALS:
            logger.exception("position %s could not be settled", position.pk)
            continue
        settled.append(exit_)
        entries += told
    journal.append_all(entries)
    return settled


def _store(statuses: Mapping[int, MarketStatus], now: datetime) -> None:
    states = [(status.state, stamp(now), pk) for pk, status in statuses.items()]
    update_many("positions_market", "id", [("state", "text"), ("status_at", "time")], states)
    prices = [
        (exact(status.settle_price), pk)
        for pk, status in statuses.items()
        if status.state == "resolved" and status.settle_price is not None
    ]
    update_many("positions_market", "id", [("settle_price", "numeric")], prices)


def _held_in(resolved: Collection[int]) -> list[Position]:
    rows = Position.objects.select_related("market").filter(
        state=Position.State.OPEN, market__in=resolved, market__state=Market.State.RESOLVED
    )
    return list(rows.exclude(exits__state=Exit.State.WORKING))
