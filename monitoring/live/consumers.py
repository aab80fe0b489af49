"""`/ws/live/`: one socket of one page. Channels gives it session, user and routing, nothing else."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any, ClassVar

from channels.generic.websocket import AsyncWebsocketConsumer

from monitoring.live.access import asked, same_origin, session_lives
from monitoring.live.feed import feed
from monitoring.live.reading import in_thread

QUEUE = 500  # frames a slow page may lag behind before it is dropped (it comes back with ?after=)
MOST_SOCKETS = 300  # of one user in one web process: a tab has one
ENDED = 4401  # the session is over: the page goes to the login


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Refuses strangers and foreign pages before accepting; then only ever sends."""

    channel_layer_alias = "no layer: frames come from the feed"
    open: ClassVar[Counter[int]] = Counter()  # sockets by user
    owner: int | None = None

    def __init__(self, *, recheck: float = 30.0) -> None:
        """`recheck`: seconds between two looks at the session."""
        super().__init__()
        self.recheck = recheck

    async def connect(self) -> None:
        self.last = 0
        self.tasks: list[asyncio.Task[None]] = []
        user = self.scope.get("user")
        if not (user and user.is_authenticated and same_origin(dict(self.scope["headers"]))):
            await self.close()
            return
        if self.open[user.pk] >= MOST_SOCKETS:
            await self.close()
            return
        self.owner = user.pk
        self.open[user.pk] += 1
        await self.accept()
        self.queue: asyncio.Queue[str] = asyncio.Queue(QUEUE)
        work = (self._join(), self._write(), self._watch_session())
        self.tasks = [asyncio.create_task(part) for part in work]

    async def disconnect(self, code: int) -> None:
        feed.leave(self)
        if self.owner is not None:
            self.open[self.owner] -= 1
            self.owner = None
        for task in self.tasks:
            task.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Pages have nothing to say here: they act by POST, with CSRF protection."""

    def offer(self, text: str, entry: int | None = None) -> None:
        """See `feed.Outlet`."""
        if entry is not None:
            if entry <= self.last:
                return
            self.last = entry
        try:
            self.queue.put_nowait(text)
        except asyncio.QueueFull:
            self.shut()

    async def give(self, text: str, entry: int) -> None:
        """See `feed.Outlet`."""
        await self.queue.put(text)
        self.last = entry

    def shut(self) -> None:
        """See `feed.Outlet`."""
        feed.leave(self)
        self.tasks.append(asyncio.create_task(self._close(1013)))  # "try again later"

    async def _join(self) -> None:
        await feed.join(self, asked(self.scope, "after"), asked(self.scope, "epoch"))

    async def _write(self) -> None:
        with suppress(RuntimeError):  # closed between two frames
            while True:
                await self.base_send({"type": "websocket.send", "text": await self.queue.get()})

    async def _watch_session(self) -> None:
        session: Any = self.scope["session"]
        while True:
            await asyncio.sleep(self.recheck)
            if not await in_thread(session_lives, session.session_key):
                await self._close(ENDED)
                return

    async def _close(self, code: int) -> None:
        with suppress(Exception):  # the other side may be gone already
            await self.close(code)
