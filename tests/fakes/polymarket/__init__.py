"""A local Polymarket: Gamma, CLOB and Data API in one server, as far as this product reads them."""

from __future__ import annotations

from tests.fakes.polymarket.server import PolymarketServer
from tests.fakes.polymarket.state import FakeMarket

__all__ = ["FakeMarket", "PolymarketServer"]
