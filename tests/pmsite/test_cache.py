from __future__ import annotations

import pytest

from pmsite.cache import ForgivingRedisCache
from tests.servers import Redis


@pytest.mark.redis
def test_cache_misses_while_redis_is_away_and_works_again_after(redis: Redis) -> None:
    cache = ForgivingRedisCache(redis.url, {})
    cache.set("a", 1)
    cache.set_many({"b": 2})
    assert (cache.get("a"), cache.get_many(["a", "b"]), cache.add("a", 9)) == (
        1,
        {"a": 1, "b": 2},
        False,
    )
    redis.stop()
    cache.set("a", 3)
    assert (cache.get("a", "gone"), cache.get_many(["a"]), cache.has_key("a")) == (
        "gone",
        {},
        False,
    )
    assert (cache.add("a", 1), cache.touch("a"), cache.delete("a")) == (False, False, False)
    redis.start()
    cache.set("a", 4)
    assert cache.get("a") == 4
    cache.close()
