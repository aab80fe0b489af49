"""What tests of the book share: a moment, a local Polymarket behind the product's own settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from positions.strategies import ensure_shipped
from positions.venues.registry import source_for
from tests.fakes.polymarket import FakeMarket, PolymarketServer

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def polymarket() -> Iterator[PolymarketServer]:
    """A local Polymarket at the addresses that the product reads from its environment."""
    with PolymarketServer() as server:
        urls: dict[str, Any] = {name.lower(): url for name, url in server.environment_urls.items()}
        with override_settings(ENV=replace(settings.ENV, **urls)):
            source_for.cache_clear()
            yield server
    source_for.cache_clear()


@pytest.fixture
def fed(polymarket: PolymarketServer) -> FakeMarket:
    """Fed cuts in Dec?, Yes 0.45 / 0.46, both outcomes quoted, minimum order 5."""
    made = polymarket.add_market("Fed cuts in Dec?", slug="fed-dec", event_slug="fed")
    bids = [("0.45", "20"), ("0.44", "100"), ("0.40", "500")]
    polymarket.set_book(made.tokens[0], bids, [("0.46", "10"), ("0.47", "30")], mirror=True)
    return made


@pytest.fixture
def shipped(db: None) -> None:
    """The shipped strategies, whatever a test before has flushed."""
    ensure_shipped()
