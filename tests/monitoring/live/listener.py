"""A page's side of the socket, without a page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.website import COOKIE, Website

JOURNAL_FREE = ("prices", "pulse", "snapshot")


class Listener:
    """Frames as they come; `upto` collects until one fits."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def next(self, seconds: float = 10) -> dict[str, Any]:
        async with asyncio.timeout(seconds):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
            return frame

    async def until(self, kind: str, seconds: float = 10) -> dict[str, Any]:
        """The next frame of this type; others are passed over."""
        async with asyncio.timeout(seconds):
            while True:
                frame = await self.next(seconds)
                if frame["type"] == kind:
                    return frame

    async def entry(self, seconds: float = 10) -> dict[str, Any]:
        """The next frame that comes from the journal."""
        async with asyncio.timeout(seconds):
            while True:
                frame = await self.next(seconds)
                if frame["type"] not in JOURNAL_FREE:
                    return frame

    async def ids(self, last: int, seconds: float = 10) -> list[int]:
        """Ids of the journal's frames until `last` has come."""
        found: list[int] = []
        async with asyncio.timeout(seconds):
            while not found or found[-1] != last:
                found.append((await self.entry(seconds))["id"])
        return found

    async def end(self, seconds: float = 10) -> int | None:
        """The code with which the other side closes; what it still sends is passed over."""
        async with asyncio.timeout(seconds):
            with suppress(ConnectionClosed):
                while True:
                    await self.socket.recv()
            return self.socket.close_code


@asynccontextmanager
async def listen(
    site: Website, key: str, *, after: int | str | None = None, origin: str | None = None
) -> AsyncIterator[Listener]:
    """A socket with the session `key`, opened by a page of `origin` (default: the site itself)."""
    url = site.socket_url if after is None else f"{site.socket_url}?after={after}"
    headers = {"Cookie": f"{COOKIE}={key}"} if key else {}
    opened = connect(
        url,
        additional_headers=headers,
        origin=origin or site.url,  # type: ignore[arg-type]
        max_size=None,
    )
    async with opened as socket:
        yield Listener(socket)
