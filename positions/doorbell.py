"""Redis says when to look at the journal, never what is in it: losing it costs latency only."""

from __future__ import annotations

import logging
from functools import lru_cache

import redis

logger = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5)


def publish(url: str, channel: str) -> None:
    """Rings; a Redis that is away is logged and forgotten (feeds look by themselves as well)."""
    try:
        _client(url).publish(channel, "")
    except redis.RedisError:
        logger.warning("the doorbell in Redis could not be rung")
