"""When the feed looks: Redis rings, and its absence costs a second, never an entry."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from asgiref.sync import sync_to_async

from monitoring.live.bells import REDIS_AT_LEAST
from positions.doorbell import publish
from positions.journal import DOORBELL
from tests.monitoring.live.listener import listen
from tests.monitoring.live.test_socket import written
from tests.website import member, session, website

if TYPE_CHECKING:
    from tests.servers import Redis

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.redis]
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.monitoring.live.redis_settings"}


async def test_redis_rings_the_feed(redis: Redis) -> None:
    key = session(await sync_to_async(member)())
    with website(PM_TEST_REDIS=redis.url, **SETTINGS) as site:
        async with listen(site, key) as page:
            await page.until("snapshot")
            await page.until("pulse")
            waits = []
            for _ in range(5):
                ids = await written(1)
                rung = time.monotonic()
                publish(redis.url, DOORBELL)
                assert await page.ids(ids[-1]) == ids
                waits.append(time.monotonic() - rung)
    assert sorted(waits)[2] < REDIS_AT_LEAST / 2


async def test_lost_redis_costs_a_second_and_no_entry(redis: Redis) -> None:
    key = session(await sync_to_async(member)())
    with website(PM_TEST_REDIS=redis.url, **SETTINGS) as site:
        async with listen(site, key) as page:
            await page.until("snapshot")
            redis.stop()
            ids = await written(3)
            assert await page.ids(ids[-1], seconds=6) == ids
            redis.start()
            more = await written(2)
            publish(redis.url, DOORBELL)
            assert await page.ids(more[-1], seconds=6) == more
