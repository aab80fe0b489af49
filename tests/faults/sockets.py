"""Many sockets, steady events, Redis and the web process killed: `python -m tests.faults.sockets`.

Each client keeps the newest id it has seen and comes back with it, as the page does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.faults.ground import Ground
from tests.faults.printing import lines
from tests.faults.processes import Product
from tests.servers import Redis

JOURNAL_FREE = frozenset({"prices", "pulse", "snapshot"})
EVENTS_A_SECOND = 10
SETTLE = 30.0  # seconds at most until every client has the last entry


@dataclass
class Client:
    """`ids` as they came over all its connections."""

    ids: list[int] = field(default_factory=list)
    last: int | None = None
    joined: int | None = None  # the newest entry of its first snapshot
    connections: int = 0

    async def stay(self, url: str, origin: str, cookie: str) -> None:
        """Listens, for ever; comes back after each break."""
        while True:
            after = "" if self.last is None else f"?after={self.last}"
            with suppress(ConnectionClosed, InvalidStatus, OSError, TimeoutError):
                async with connect(
                    url + after,
                    additional_headers={"Cookie": cookie},
                    origin=origin,  # type: ignore[arg-type]
                    max_size=None,
                ) as socket:
                    self.connections += 1
                    async for text in socket:
                        self._take(json.loads(text))
            await asyncio.sleep(0.3)

    def _take(self, frame: dict[str, object]) -> None:
        number = frame.get("id")
        if frame["type"] == "snapshot" and self.last is None and isinstance(number, int):
            self.joined = self.last = number
        elif frame["type"] not in JOURNAL_FREE and isinstance(number, int):
            self.ids.append(number)
            self.last = number


@dataclass(frozen=True)
class Heard:
    """Of all clients: `gaps` lack an entry, `doubles` had one twice."""

    sockets: int
    events: int
    connections: int
    gaps: int
    doubles: int
    seconds: float  # from the last entry until every client had it


async def heard(
    product: Product, redis: Redis, *, sockets: int, seconds: float, kill_web: bool = True
) -> Heard:
    """So many sockets for so long: Redis away in the second third, web killed after it."""
    ground = product.ground
    cookie = await asyncio.to_thread(ground.hand.ask, "login")
    site = ground.installation.url
    url = f"{site.replace('http', 'ws', 1)}/ws/live/"
    clients = [Client() for _ in range(sockets)]
    tasks = [asyncio.create_task(client.stay(url, site, cookie)) for client in clients]
    try:
        await _until(lambda: all(client.joined is not None for client in clients), 60)
        acts: list[tuple[float, Callable[[], object]]]
        acts = [(1 / 3, redis.crash), (1 / 2, redis.start)]
        if kill_web:
            acts.append((2 / 3, lambda: product.kill("web")))
        await asyncio.to_thread(_write, ground, seconds, acts)
        wrote = time.monotonic()
        rows = ground.installation.query("SELECT id FROM positions_journalentry ORDER BY id")
        known = [row[0] for row in rows]
        await _until(lambda: all(client.last == known[-1] for client in clients), SETTLE)
        took = time.monotonic() - wrote
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return _counted(clients, known, took)


def _counted(clients: list[Client], known: list[int], seconds: float) -> Heard:
    gaps = doubles = 0
    for client in clients:
        wanted = [number for number in known if number > (client.joined or 0)]
        gaps += set(client.ids) != set(wanted)
        doubles += len(client.ids) - len(set(client.ids))
    first = min(client.joined or 0 for client in clients)
    return Heard(
        len(clients),
        sum(number > first for number in known),
        sum(client.connections for client in clients),
        gaps,
        doubles,
        seconds,
    )


def _write(ground: Ground, seconds: float, acts: list[tuple[float, Callable[[], object]]]) -> None:
    """Steady entries; each act at its part of the time."""
    began = time.monotonic()
    waiting = list(acts)
    for number in range(int(seconds * EVENTS_A_SECOND)):
        while waiting and time.monotonic() - began >= waiting[0][0] * seconds:
            waiting.pop(0)[1]()
        ground.hand.ask("note")
        time.sleep(max(0.0, began + (number + 1) / EVENTS_A_SECOND - time.monotonic()))


async def _until(done: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:  # noqa: ASYNC110  nobody tells of it
        await asyncio.sleep(0.05)


def main() -> int:
    """Prints the figures; 1 when a client lacks an entry or had one twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    redis = Redis().start()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="pm-sockets-", ignore_cleanup_errors=True) as home,
            Ground(Path(home), None, venue=False, REDIS_URL=redis.url) as ground,
        ):
            product = Product(ground).begin()
            found = asyncio.run(
                heard(product, redis, sockets=options.sockets, seconds=options.seconds)
            )
    finally:
        redis.close()
    print(
        f"\n{found.sockets} sockets, {EVENTS_A_SECOND} entries a second, {os.cpu_count()} cores\n"
    )
    lines(
        {
            "entries": found.events,
            "connections made": found.connections,
            "clients that lack an entry": found.gaps,
            "entries that came twice": found.doubles,
            "seconds from the last entry until all had it": f"{found.seconds:.1f}",
        }
    )
    return int(bool(found.gaps or found.doubles))


if __name__ == "__main__":
    sys.exit(main())
