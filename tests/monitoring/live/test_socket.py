"""`/ws/live/` of a real web process: who may listen, what comes, and that nothing is lost."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from websockets.exceptions import InvalidStatus

from positions import journal, services
from positions.models import JournalEntry
from tests.monitoring.live.listener import listen
from tests.website import Website, checked, hold, member, session, tell, website

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_dbs]


def write(count: int, size: int) -> list[int]:
    """So many journal entries of `size` letters; their ids."""
    with transaction.atomic():
        journal.append_all(
            journal.entry("note", "x" * size, at=timezone.now()) for _ in range(count)
        )
    rows = JournalEntry.objects.order_by("-pk").values_list("pk", flat=True)[:count]
    return sorted(rows)


async def written(count: int, size: int = 20) -> list[int]:
    return await sync_to_async(write)(count, size)


async def refusal(site: Website, key: str, origin: str | None = None) -> int:
    """The HTTP status with which the socket was refused."""
    with pytest.raises(InvalidStatus) as caught:
        async with listen(site, key, origin=origin):
            pass
    return caught.value.response.status_code


async def test_stranger_is_refused(site: Website) -> None:
    assert await refusal(site, "") == 403


async def test_invented_session_is_refused(site: Website) -> None:
    assert await refusal(site, "x" * 32) == 403


async def test_page_of_another_host_is_refused(site: Website) -> None:
    key = session(await sync_to_async(member)())
    assert await refusal(site, key, "https://example.org") == 403


async def test_page_of_another_port_is_refused(site: Website) -> None:
    key = session(await sync_to_async(member)())
    assert await refusal(site, key, "http://127.0.0.1:1") == 403


async def test_connecting_brings_a_snapshot_of_the_book(site: Website) -> None:
    key = session(await sync_to_async(member)())
    position = await sync_to_async(hold)(bid="0.634")
    newest = await JournalEntry.objects.order_by("-pk").afirst()
    async with listen(site, key) as page:
        frame = await page.next()
    assert newest is not None
    assert (frame["type"], frame["id"]) == ("snapshot", newest.pk)
    (row,) = frame["rows"]
    assert (row["id"], row["bid"], row["px"]) == (position.pk, "0.634", "63.4¢")
    assert (row["pnl"], row["pl"]) == ("51.3", "+$51.30")
    assert frame["counts"]["all"] == 1


async def test_entries_arrive_as_they_are_written(site: Website) -> None:
    key = session(await sync_to_async(member)())
    async with listen(site, key) as page:
        await page.until("snapshot")
        ids = await written(5)
        assert await page.ids(ids[-1]) == ids


async def test_after_brings_every_later_entry_once_and_in_order(site: Website) -> None:
    key = session(await sync_to_async(member)())
    ids = await written(40)
    async with listen(site, key, after=ids[9]) as page:
        assert await page.ids(ids[-1]) == ids[10:]


async def test_after_of_more_than_a_queue_brings_every_later_entry(site: Website) -> None:
    key = session(await sync_to_async(member)())
    ids = await written(1300)
    async with listen(site, key, after=ids[0]) as page:
        assert await page.ids(ids[-1], seconds=30) == ids[1:]


async def test_after_the_newest_brings_no_old_entry(site: Website) -> None:
    key = session(await sync_to_async(member)())
    ids = await written(3)
    async with listen(site, key, after=ids[-1]) as page:
        assert (await page.next())["type"] == "pulse"
        assert (await page.next())["type"] == "prices"
        new = await written(1)
        assert await page.ids(new[-1]) == new


@pytest.mark.parametrize("after", ["older", "newer", "nonsense"])
async def test_after_outside_the_journal_brings_a_snapshot(site: Website, after: str) -> None:
    key = session(await sync_to_async(member)())
    ids = await written(3)
    asked = {"older": str(ids[0] - 1), "newer": str(ids[-1] + 1), "nonsense": "1;drop"}[after]
    async with listen(site, key, after=asked) as page:
        frame = await page.next()
    assert (frame["type"], frame["id"]) == ("snapshot", ids[-1])


async def trickle(count: int) -> list[int]:
    """Writes entries one by one, so that some are written while nobody listens."""
    ids = []
    for _ in range(count):
        ids += await written(1)
        await asyncio.sleep(0.01)
    return ids


async def test_reconnecting_while_entries_are_written_loses_and_doubles_none(site: Website) -> None:
    key = session(await sync_to_async(member)())
    last = (await written(1))[0]
    writing = asyncio.create_task(trickle(120))
    seen: list[int] = []
    while len(seen) < 120:
        async with listen(site, key, after=last) as page:
            for _ in range(min(7, 120 - len(seen))):
                frame = await page.entry()
                seen.append(frame["id"])
        last = seen[-1]
    assert seen == await writing


async def test_page_that_cannot_keep_up_is_dropped_and_the_others_are_not(site: Website) -> None:
    key = session(await sync_to_async(member)())
    async with listen(site, key) as slow, listen(site, key) as quick:
        await quick.until("snapshot")
        for _ in range(15):
            ids = await written(100, size=20_000)
            assert await quick.ids(ids[-1], seconds=30) == ids
        assert await slow.end(seconds=30) == 1013


async def test_many_entries_of_one_transaction_reach_a_page_that_keeps_up(site: Website) -> None:
    key = session(await sync_to_async(member)())
    async with listen(site, key) as page:
        await page.until("snapshot")
        ids = await written(1500)
        assert await page.ids(ids[-1], seconds=30) == ids


async def test_new_price_reaches_the_page_with_its_profit(site: Website) -> None:
    key = session(await sync_to_async(member)())
    position = await sync_to_async(hold)(bid="0.634")
    async with listen(site, key) as page:
        await page.until("snapshot")
        await sync_to_async(tell)(position, "0.60")
        frame = await page.until("prices", seconds=3)
    assert "id" not in frame
    (row,) = frame["rows"]
    assert (row["id"], row["bid"], row["pnl"]) == (position.pk, "0.6", "19")


async def test_closed_position_is_told_as_closed(site: Website) -> None:
    key = session(await sync_to_async(member)())
    position = await sync_to_async(hold)()
    async with listen(site, key) as page:
        await page.until("snapshot")

        def end() -> None:
            position.state, position.closed_at = "closed", timezone.now()
            position.shares, position.realised_pnl = Decimal(0), Decimal("51.3")
            position.close_reason = "take_profit"
            position.save()
            tell(position, "0.70")

        await sync_to_async(end)()
        frame = await page.until("prices", seconds=7)
    (row,) = frame["rows"]
    assert (row["id"], row["state"], row["group"]) == (position.pk, "closed", "closed")
    assert frame["counts"]["all"] == 0


async def test_pulse_tells_the_ages_of_the_data(site: Website) -> None:
    key = session(await sync_to_async(member)())
    run = await sync_to_async(checked)()
    async with listen(site, key) as page:
        frame = await page.until("pulse", seconds=5)
    assert run.finished_at is not None
    assert frame["state"] == "ok"
    assert frame["check_at"] == run.finished_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert frame["interval"] == 30


async def test_pausing_exits_reaches_the_pulse(site: Website) -> None:
    key = session(await sync_to_async(member)())
    pause = sync_to_async(services.exits_pause)
    async with listen(site, key) as page:
        await page.until("snapshot")
        await pause(actor="alice", now=timezone.now())
        assert (await page.until("exits_paused"))["urgency"] == "critical"
        assert (await page.until("pulse"))["paused"] is True


async def test_ended_session_closes_the_socket() -> None:
    def begin() -> tuple[str, Website]:
        return session(member()), Website("tests.monitoring.live.quick:application")

    key, quick = await sync_to_async(begin)()
    try:
        async with listen(quick, key) as page:
            await page.until("snapshot")
            await Session.objects.all().adelete()
            code = await page.end()
    finally:
        quick.stop()
    assert code == 4401


async def test_web_process_that_stops_says_so_and_a_new_one_goes_on() -> None:
    key = session(await sync_to_async(member)())
    ids = await written(2)
    with website() as first:
        async with listen(first, key) as page:
            await page.until("snapshot")
            first.process.terminate()
            assert await page.end() == 1012
    more = await written(3)
    with website() as second:
        async with listen(second, key, after=ids[-1]) as page:
            assert await page.ids(more[-1]) == more
