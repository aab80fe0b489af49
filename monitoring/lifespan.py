"""The web process looks at the watch too: a thread that lives as long as the server (ASGI lifespan).

A thread, and a daemon: a look may wait for a database or a channel for seconds, and neither the
start nor the end of the server may wait for it. What it leaves half done is done again elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connections
from django.utils import timezone

logger = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
BUDGET = timedelta(seconds=10)  # of one delivery; the next look comes soon
LEAVE = 0.5  # seconds granted to a look that is under way when the server stops


class Lookout(threading.Thread):
    """Looks every few seconds until `leave`. Never raises: a database that is away is waited for."""

    def __init__(self, *, every: float, clock: Callable[[], datetime] = timezone.now) -> None:
        super().__init__(name="watchman", daemon=True)
        self.every, self.clock = every, clock
        self.left = threading.Event()
        self._away = False

    def run(self) -> None:
        self._work(self._begin)
        while not self.left.is_set():
            self._work(self._look)
            self.left.wait(self.every)

    def leave(self) -> None:
        """Ends it after the look that is under way."""
        self.left.set()

    def _begin(self) -> None:
        from monitoring.watchman import begin

        begin(self.clock())

    def _look(self) -> None:
        from monitoring.alerts.sending.delivery import deliver_due
        from monitoring.watchman import look

        seen = look(self.clock())
        if seen.deliver and not self.left.is_set():
            deliver_due(clock=self.clock, sleep=self._nap, budget=BUDGET)

    def _nap(self, seconds: float) -> None:
        self.left.wait(seconds)

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
            self._away = False
        except DatabaseError as error:
            if not self._away:  # once, not every few seconds for as long as it lasts
                logger.warning("the watchman waits for the database: %s", type(error).__name__)
            self._away = True
        except Exception:
            logger.exception("the watchman could not look")
        finally:
            connections.close_all()


def new_lookout() -> Lookout:
    """As the settings say."""
    from monitoring.schedules import look_seconds

    return Lookout(every=look_seconds())


async def lifespan(
    scope: Message,  # noqa: ARG001  the protocol's signature
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
    new: Callable[[], Lookout] = new_lookout,
) -> None:
    """ASGI's lifespan protocol: the lookout begins with the server and ends with it."""
    lookout: Lookout | None = None
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            lookout = new()
            lookout.start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            if lookout is not None:
                await _end(lookout)
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _end(lookout: Lookout) -> None:
    lookout.leave()
    for _ in range(10):
        if not lookout.is_alive():
            return
        await asyncio.sleep(LEAVE / 10)
