"""When to look at the journal. A bell carries nothing: losing one costs latency, never an entry.

SQLite is looked at every 50 ms on the event loop itself (two reads of microseconds); PostgreSQL
rings by NOTIFY, Redis by a message, and both are looked at anyway every second or two.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from positions.journal import DOORBELL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

logger = logging.getLogger(__name__)

SQLITE_EVERY = 0.05
SQLITE_AT_LEAST = 1.0
POSTGRES_AT_LEAST = 2.0
REDIS_AT_LEAST = 1.0


class Bell(Protocol):
    """Waits until something may have happened."""

    async def wait(self) -> None:
        """Returns when there may be news, at the latest after the bell's own patience."""


class SqliteBell:
    """Asks the file whether any other connection has written since."""

    def __init__(self, path: str) -> None:
        self._file = sqlite3.connect(
            f"file:{quote(path)}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        self._file.execute("PRAGMA busy_timeout=0")
        self._version: object = None

    async def wait(self) -> None:
        """Returns within 50 ms of a write by anybody."""
        for _ in range(round(SQLITE_AT_LEAST / SQLITE_EVERY)):
            await asyncio.sleep(SQLITE_EVERY)
            if self._written():
                return

    def _written(self) -> bool:
        try:
            version = self._file.execute("PRAGMA data_version").fetchone()
        except sqlite3.OperationalError:
            return True  # locked for a moment: look, whoever reads then waits properly
        changed = bool(version != self._version)
        self._version = version
        return changed

    def close(self) -> None:
        self._file.close()


class PostgresBell:
    """LISTEN on a connection of its own; a lost one is made again."""

    def __init__(self) -> None:
        self._connection: Any = None

    async def wait(self) -> None:
        """Returns at a NOTIFY, or after two seconds."""
        import psycopg

        try:
            if self._connection is None:
                await self._listen()
            async for _ in self._connection.notifies(timeout=POSTGRES_AT_LEAST, stop_after=1):
                pass
        except psycopg.Error as error:
            logger.warning("the journal's bell is silent: %s", type(error).__name__)
            await self.close()
            await asyncio.sleep(POSTGRES_AT_LEAST)

    async def _listen(self) -> None:
        import psycopg

        params = connection.get_connection_params()
        for name in ("cursor_factory", "context"):
            params.pop(name, None)
        self._connection = await psycopg.AsyncConnection.connect(**params, autocommit=True)
        await self._connection.execute(f"LISTEN {DOORBELL}")

    async def close(self) -> None:
        if self._connection is not None:
            old, self._connection = self._connection, None
            await old.close()


class RedisBell:
    """A subscription; while Redis is away the journal is looked at every second."""

    def __init__(self, url: str) -> None:
        from redis.asyncio import Redis

        self._redis = Redis.from_url(url, socket_connect_timeout=1.0)
        self._heard: Any = None

    async def wait(self) -> None:
        """Returns at a message, or after a second."""
        from redis.exceptions import RedisError

        try:
            if self._heard is None:
                self._heard = self._redis.pubsub()
                await self._heard.subscribe(DOORBELL)
            await self._heard.get_message(ignore_subscribe_messages=True, timeout=REDIS_AT_LEAST)
        except (RedisError, OSError) as error:
            logger.warning("Redis does not ring: %s", type(error).__name__)
            self._heard = None
            await asyncio.sleep(REDIS_AT_LEAST)

    async def close(self) -> None:
        await self._redis.aclose()


@asynccontextmanager
async def bell() -> AsyncIterator[Bell]:
    """The bell that these settings ask for, closed at the end."""
    async with AsyncExitStack() as stack:
        if settings.REDIS_URL:
            redis = RedisBell(settings.REDIS_URL)
            stack.push_async_callback(redis.close)
            yield redis
        elif connection.vendor == "sqlite":
            sqlite = SqliteBell(str(connection.settings_dict["NAME"]))
            stack.callback(sqlite.close)
            yield sqlite
        else:
            postgres = PostgresBell()
            stack.push_async_callback(postgres.close)
            yield postgres
