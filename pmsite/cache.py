from __future__ import annotations

import logging
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class ForgivingClient(RedisCacheClient):
    """A miss instead of an error while Redis is away: that costs time, never a page."""

    def get(self, key: str, default: Any) -> Any:
        return self._or(default, "get", key, default)

    def set(self, key: str, value: Any, timeout: int | None) -> None:
        self._or(None, "set", key, value, timeout)

    def add(self, key: str, value: Any, timeout: int | None) -> bool:
        return bool(self._or(False, "add", key, value, timeout))

    def touch(self, key: str, timeout: int | None) -> bool:
        return bool(self._or(False, "touch", key, timeout))

    def delete(self, key: str) -> bool:
        return bool(self._or(False, "delete", key))

    def has_key(self, key: str) -> bool:
        return bool(self._or(False, "has_key", key))

    def _or(self, otherwise: Any, method: str, *args: Any) -> Any:
        try:
            return getattr(super(), method)(*args)
        except RedisError as error:
            logger.warning("Redis is away, the cache misses: %s", type(error).__name__)
            return otherwise


class ForgivingRedisCache(RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = ForgivingClient
