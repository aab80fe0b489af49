"""Open pages while Redis crashes and the web process dies: each entry once, on every one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.ground import Ground
from tests.faults.processes import Product
from tests.faults.sockets import heard
from tests.servers import Redis


@pytest.mark.redis
async def test_every_page_gets_each_entry_once(redis: Redis, tmp_path: Path) -> None:
    with Ground(tmp_path, None, venue=False, REDIS_URL=redis.url) as ground:
        product = Product(ground).begin()
        found = await heard(product, redis, sockets=20, seconds=5)
    assert (found.gaps, found.doubles, found.events) == (0, 0, 50)
    assert found.connections > found.sockets
