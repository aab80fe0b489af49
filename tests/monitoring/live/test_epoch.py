"""A restored journal is another history: its ids mean other entries, whatever a page has seen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from monitoring.keeping.epoch import begin_epoch, feed_epoch
from tests.monitoring.live.listener import listen
from tests.monitoring.live.test_socket import written
from tests.website import Website, member, session

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_dbs]


@sync_to_async
def restored() -> int:
    begin_epoch(now=timezone.now() - timedelta(days=1))
    return feed_epoch()


async def test_snapshot_and_pulse_name_the_epoch(site: Website) -> None:
    key, epoch = session(await sync_to_async(member)()), await restored()
    async with listen(site, key) as page:
        frame = await page.next()
        pulse = await page.until("pulse")
    assert (frame["type"], frame["epoch"], frame["pulse"]["epoch"]) == ("snapshot", epoch, epoch)
    assert pulse["epoch"] == epoch


@pytest.mark.parametrize("seen", [-1, 0, 1])
async def test_only_a_page_of_this_epoch_is_given_what_it_lacks(site: Website, seen: int) -> None:
    key, epoch = session(await sync_to_async(member)()), await restored()
    ids = await written(3)
    async with listen(site, key, after=f"{ids[0]}&epoch={epoch + seen}") as page:
        if seen == 0:
            assert await page.ids(ids[-1]) == ids[1:]
        else:
            frame = await page.next()
            assert (frame["type"], frame["id"]) == ("snapshot", ids[-1])


async def test_page_without_an_epoch_is_taken_at_its_word(site: Website) -> None:
    key = session(await sync_to_async(member)())
    await restored()
    ids = await written(3)
    async with listen(site, key, after=ids[0]) as page:
        assert await page.ids(ids[-1]) == ids[1:]


async def test_before_the_first_restore_the_epoch_is_zero(site: Website) -> None:
    key = session(await sync_to_async(member)())
    ids = await written(3)
    async with listen(site, key, after=f"{ids[0]}&epoch=0") as page:
        assert await page.ids(ids[-1]) == ids[1:]
