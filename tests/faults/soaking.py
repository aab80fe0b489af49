"""Hours of the watch in one process, as fast as they go: the child's side of `tests.faults.soak`.

Everything that a worker and a web process do over and over: passes over simulated prices, exits,
dispatch and delivery to a real local Discord, looks at the watch, pruning, and the live feed with
sockets that listen.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from django.db import connection, connections
from django.utils import timezone

from monitoring.alerts.delivery import deliver_due
from monitoring.engine import default_ports, run_pass
from monitoring.live.feed import Feed
from monitoring.retention import prune
from monitoring.watchman import look
from positions.markets import market_ensure, resolve_reference
from positions.models import JournalEntry, Position
from positions.services import position_open
from positions.venues.simulated import SimulatedSource

INTERVAL = 5.0
POSITIONS, SOCKETS = 100, 20
SAMPLE_EVERY = 20  # passes
BALLAST = 10_000  # pages of 4 KB: more than SQLite's page cache of 20 MB holds
TRAILING = {"trailing_stop": [{"distance_pct": "4"}], "confirm_seconds": "0", "max_spread": "1"}


class Clock:
    """Begins now; only sleeping moves it."""

    def __init__(self) -> None:
        self.began = self.at = timezone.now()

    def __call__(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Deaf:
    """A socket that takes every frame."""

    last = 0

    def __init__(self) -> None:
        self.frames = 0

    def offer(self, text: str, entry: int | None = None) -> None:
        self.frames += 1

    async def give(self, text: str, entry: int) -> None:
        self.frames += 1

    def shut(self) -> None:
        raise RuntimeError("the feed has ended")


def soak(passes: int) -> dict[str, Any]:
    """`samples`: [passes so far, private kilobytes, open files, threads]; and what was done."""
    clock, rng = Clock(), Random(1)
    source = SimulatedSource(now=clock)
    ports = replace(default_ports(), source=lambda _venue: source, now=clock, sleep=clock.sleep)
    samples: list[list[int]] = []
    _fill_page_cache()
    with _feed() as frames:
        for number in range(passes):
            _fill_up(clock, number)
            run_pass(ports)
            deliver_due(clock=clock, sleep=clock.sleep, rng=rng)
            if number % 60 == 0:
                prune(now=clock(), sleep=clock.sleep)
            look(clock(), (clock() - clock.began).total_seconds(), boot="clock:soak")
            if number % SAMPLE_EVERY == 0:
                samples.append(_sample(number))
            clock.sleep(INTERVAL)
        told = frames()
    closed = Position.objects.filter(state=Position.State.CLOSED).count()
    entries = JournalEntry.objects.count()
    return {
        "samples": samples,
        "passes": passes,
        "exits": closed,
        "entries": entries,
        "frames": told,
    }


def _fill_up(clock: Clock, number: int) -> None:
    missing = POSITIONS - Position.objects.filter(state=Position.State.OPEN).count()
    for part in range(missing):
        market = market_ensure(resolve_reference(f"sim:soak-{(number + part) % POSITIONS}"))
        position_open(
            market=market,
            entry_price=Decimal("0.50"),
            shares=Decimal(100),
            now=clock(),
            policy=TRAILING,
        )


def _fill_page_cache() -> None:
    """So that it is full from the beginning, as with a file of some months: it fills for hours."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE soak_ballast (page BLOB)")
        cursor.executemany("INSERT INTO soak_ballast VALUES (randomblob(4000))", [()] * BALLAST)
        cursor.execute("UPDATE soak_ballast SET page = randomblob(4000)")


def _sample(number: int) -> list[int]:
    """Private memory: the file that SQLite maps is not this process's own."""
    status = Path("/proc/self/status").read_text()
    kilobytes = int(status.partition("RssAnon:")[2].split()[0])
    files = len(list(Path("/proc/self/fd").iterdir()))
    return [number, kilobytes, files, threading.active_count()]


@contextmanager
def _feed() -> Iterator[Callable[[], int]]:
    """The live feed in a thread of its own, with sockets; gives how many frames they have had."""
    loop, sockets = asyncio.new_event_loop(), [Deaf() for _ in range(SOCKETS)]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    feed = Feed()

    async def begin() -> None:
        for socket in sockets:
            await feed.join(socket, None)

    async def end() -> None:
        for socket in sockets:
            feed.leave(socket)
        await asyncio.sleep(0.5)

    try:
        asyncio.run_coroutine_threadsafe(begin(), loop).result(30)
        yield lambda: sum(socket.frames for socket in sockets)
        asyncio.run_coroutine_threadsafe(end(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
        connections.close_all()
