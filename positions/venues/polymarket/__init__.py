"""Polymarket, read only: prices, markets, results and public wallets. No key is needed."""

from __future__ import annotations

from pmsite.env import Env
from positions.venues.http import HttpClient
from positions.venues.polymarket.client import PolymarketClient
from positions.venues.polymarket.source import PolymarketSource

__all__ = ["PolymarketClient", "PolymarketSource", "polymarket_source"]


def polymarket_source(env: Env) -> PolymarketSource:
    """The source at the addresses of the environment (POLYMARKET_*_URL)."""
    client = PolymarketClient(
        HttpClient(),
        gamma=env.polymarket_gamma_url,
        clob=env.polymarket_clob_url,
        data=env.polymarket_data_url,
    )
    return PolymarketSource(client)
