"""What a pass needs from outside: prices, an executor, time. Passed in, so that tests own them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from positions.venues import registry
from positions.venues.base import Executor, PriceSource


@dataclass(frozen=True)
class Ports:
    """`source` by venue name; `sleep` in seconds; `interval`: seconds between passes;
    `patience`: seconds a pass may spend reading prices.
    """

    source: Callable[[str], PriceSource]
    executor: Executor
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    interval: Decimal
    patience: float = 25.0


def default_ports() -> Ports:
    """The real ones, as the settings say."""
    interval = settings.MONITOR_INTERVAL
    return Ports(
        source=registry.source_for,
        executor=registry.executor(),
        now=timezone.now,
        sleep=time.sleep,
        interval=Decimal(interval),
        # A venue that hangs must not stretch a short interval.
        patience=min(25.0, max(4.0, 0.8 * interval)),
    )
