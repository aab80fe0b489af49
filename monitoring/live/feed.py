"""One journal feed per web process: tails the journal by id and fans out to every socket.

The journal is the truth and the bell only says when to look, so nothing is lost or doubled: a
socket is first given what it lacks by id, then joins, then is given what came meanwhile.
Prices and heartbeats carry no id; the latest wins.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, Protocol

from django.db import DatabaseError
from django.utils import timezone

from monitoring.live.bells import bell
from monitoring.live.reading import Stamp, entries_after, in_thread, knows, read_stamp
from monitoring.live.shown import Shown, dumps
from monitoring.live.signs import read_pulse

if TYPE_CHECKING:
    from collections.abc import Coroutine

logger = logging.getLogger(__name__)

PULSE_EVERY = 2.0
LOOK_EVERY = 5.0  # ages, mutes and time rules move without any write
LOOK_PAUSE = 0.2  # at most five price frames a second
LOOK_SHARE = 3  # and at most a quarter of the time spent looking
AFTER_ERROR = 1.0


class Outlet(Protocol):
    """A socket as the feed sees it. `last`: newest journal id handed to it."""

    last: int

    def offer(self, text: str, entry: int | None = None) -> None:
        """Queue a frame; a socket that cannot keep up closes itself. Older entries are skipped."""

    async def give(self, text: str, entry: int) -> None:
        """Queue an entry, waiting for room."""

    def shut(self) -> None:
        """Close: the feed has ended and a reconnect begins anew."""


class Feed:
    """Made once per process; its tasks run while there is at least one socket."""

    def __init__(self) -> None:
        self.members: set[Outlet] = set()  # from join to leave
        self.outlets: set[Outlet] = set()  # up to date: every new frame goes to them
        self.last = 0
        self.shown = Shown()
        self.pulse: dict[str, Any] = {}
        self._stamp: Stamp | None = None
        self._main: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._look = asyncio.Event()

    async def join(self, outlet: Outlet, after: int | None, epoch: int | None = None) -> None:
        """Bring a socket up to date and keep it so. `after`: the last id it saw, None: nothing;
        `epoch`: of which history.
        """
        self.members.add(outlet)
        if self._main is None or self._main.done():
            self._ready = asyncio.Event()
            self._main = asyncio.create_task(self._run(), name="journal feed")
        main = self._main
        await self._ready.wait()
        known = await in_thread(knows, after, epoch)
        if after is not None and known:
            outlet.last = after
            await self._replay(outlet)
        if main.done():
            outlet.shut()
            return
        # From here no await: what is shown now and what is fanned out next fit without a seam.
        self.outlets.add(outlet)
        if known:
            outlet.offer(dumps({"type": "pulse", **self.pulse}))
            outlet.offer(dumps(self.shown.whole()))
        else:
            outlet.last = self.last
            outlet.offer(dumps(self.shown.snapshot(self.last, self.pulse)))

    def leave(self, outlet: Outlet) -> None:
        """Forget a socket; the last one ends the feed's tasks."""
        self.outlets.discard(outlet)
        self.members.discard(outlet)
        if not self.members and self._main is not None:
            self._main.cancel()
            self._main = None

    async def _replay(self, outlet: Outlet) -> None:
        """Every stored entry above `outlet.last`, until it is at least where the feed is.

        Then all later ones come by fan-out, in order; what both would bring is skipped by its id.
        """
        while True:
            entries = await in_thread(entries_after, outlet.last)
            for entry in entries:
                await outlet.give(dumps(entry), entry["id"])
            if not entries and outlet.last >= self.last:
                return

    async def _run(self) -> None:
        try:
            await self._begin()
            self._ready.set()
            async with asyncio.TaskGroup() as group:
                for part in (self._tail(), self._prices(), self._pulses()):
                    group.create_task(part)
        except Exception:
            logger.exception("the live feed has ended; pages reconnect")
        finally:
            self._ready.set()
            for outlet in list(self.outlets):
                outlet.shut()

    async def _begin(self) -> None:
        self._stamp = await in_thread(read_stamp)
        self.last = self._stamp.entry
        self.pulse = dict(await in_thread(read_pulse, timezone.now()))
        self.shown.news(await in_thread(self.shown.look))

    async def _tail(self) -> None:
        """Hands on every new entry in order, and wakes the prices when something moved."""
        async with bell() as ring:
            while True:
                await ring.wait()
                await self._forgiving(self._take_news())

    async def _take_news(self) -> None:
        stamp = await in_thread(read_stamp)
        if stamp == self._stamp:
            return
        while self.last < stamp.entry and (entries := await in_thread(entries_after, self.last)):
            for entry in entries:
                self._fan_out(dumps(entry), entry["id"])
                self.last = entry["id"]
                # A thousand entries of one pass must not overrun those who keep up: let them send.
                await asyncio.sleep(0)
        self._stamp = stamp
        self._look.set()

    async def _prices(self) -> None:
        """Looks at the book when something moved, and every few seconds because time does."""
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._look.wait()
            except TimeoutError:
                pass
            self._look.clear()
            began = time.monotonic()
            await self._forgiving(self._take_prices())
            await asyncio.sleep(max(LOOK_PAUSE, LOOK_SHARE * (time.monotonic() - began)))

    async def _take_prices(self) -> None:
        frame = self.shown.news(await in_thread(self.shown.look))
        if frame is not None:
            self._fan_out(dumps(frame))

    async def _pulses(self) -> None:
        while True:
            await asyncio.sleep(PULSE_EVERY)
            await self._forgiving(self._take_pulse())

    async def _take_pulse(self) -> None:
        self.pulse = dict(await in_thread(read_pulse, timezone.now()))
        self._fan_out(dumps({"type": "pulse", **self.pulse}))

    async def _forgiving(self, work: Coroutine[Any, Any, None]) -> None:
        """A database that is away for a moment is waited for: the pages see the silence."""
        try:
            await work
        except DatabaseError as error:
            logger.warning("the live feed waits for the database: %s", type(error).__name__)
            await asyncio.sleep(AFTER_ERROR)

    def _fan_out(self, text: str, entry: int | None = None) -> None:
        for outlet in list(self.outlets):
            outlet.offer(text, entry)


feed = Feed()
