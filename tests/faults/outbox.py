"""The child's hand on the outbox: alerts written, a delivery in a process of its own."""

from __future__ import annotations

import time
from datetime import timedelta
from random import Random
from typing import Any

from django.db import connection
from django.utils import timezone

from monitoring.alerts.channels import ensure_env_channel
from monitoring.alerts.delivery import deliver_due
from tests.faults.forks import in_a_fork
from tests.faults.wire import Wire
from tests.monitoring.alerts.book import STOPPED, write

BUDGET = timedelta(seconds=15)


def tell(count: int = 1, **data: Any) -> list[int]:
    """So many exits that were done, each an alert of its own; the ids of their entries."""
    ensure_env_channel()
    now = timezone.now()
    return [
        write(
            "exit_done",
            at=now,
            urgency="critical",
            rule="stop_loss",
            data=STOPPED | {"question": f"Question {number}"} | data,
        ).pk
        for number in range(count)
    ]


def deliver(kill_at: int | None = None) -> dict[str, Any]:
    """One run of the delivery, killed at its call number `kill_at`.

    `stages`: what it had reached at each call; `signal`: 9 when it was killed.
    """
    began = time.monotonic()
    lines, status = in_a_fork(lambda told: _wired(Wire(told, kill_at)))
    return {
        "stages": lines,
        "signal": status & 0x7F,
        "code": status >> 8,
        "seconds": time.monotonic() - began,
    }


def _wired(wire: Wire) -> None:
    wire.lay()
    with connection.execute_wrapper(wire.statement):
        deliver_due(rng=Random(1), budget=BUDGET)
