"""Which adapter serves which venue; the only place that knows them all."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.utils import timezone

from positions.venues.base import Executor, PriceSource


@lru_cache(maxsize=8)
def source_for(venue: str) -> PriceSource:
    """The price source of `venue` (a `Market.Venue` value), one a process. Raises KeyError."""
    env = settings.ENV
    if venue == "sim":
        from positions.venues.simulated import SimulatedSource

        return SimulatedSource(now=timezone.now)
    if venue == "polymarket":
        from positions.venues.polymarket import polymarket_source

        return polymarket_source(env)
    if venue == "url":
        from positions.venues.http_json import json_source

        return json_source(env)
    raise KeyError(venue)


@lru_cache(maxsize=1)
def executor() -> Executor:
    """Fills paper exits in-process, or at a paper exchange over HTTP when one is configured."""
    if settings.ENV.paper_exchange_url:
        from positions.venues.paper_exchange import paper_exchange

        return paper_exchange(settings.ENV)
    from positions.venues.paper import PaperExecutor

    return PaperExecutor()
