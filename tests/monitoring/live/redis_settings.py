"""The test settings with the Redis that a test started."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403

REDIS_URL = os.environ["PM_TEST_REDIS"]
