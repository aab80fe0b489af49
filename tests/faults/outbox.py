"""The child's hand on the outbox: alerts written, a delivery in a process of its own."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import connection
from django.utils import timezone

from monitoring.alerts.channels import ENV_NAME, ensure_env_channel, revive
from monitoring.alerts.sending.delivery import deliver_due
from monitoring.models import Channel
from tests.faults.forks import in_a_fork
from tests.faults.wire import Wire
from tests.monitoring.alerts.book import STOPPED, write

BUDGET = timedelta(seconds=15)


def tell(count: int = 1, *, url: str = "", at: datetime | None = None) -> list[int]:
    """So many exits that were done, each an alert of its own; the ids of their entries. `url`: the
    webhook that the environment's channel gets first; `at`: when it happened, now by default.
    """
    if url:
        Channel.objects.get_or_create(name=ENV_NAME, defaults={"url": url})
    else:
        ensure_env_channel()
    return [_sold(number, at or timezone.now()) for number in range(count)]


def _sold(number: int, at: datetime) -> int:
    data = STOPPED | {"question": f"Question {number}"}
    return write("exit_done", at=at, urgency="critical", rule="stop_loss", data=data).pk


def note() -> int:
    """An entry that is told to nobody but the open pages; its id."""
    return write("note", at=timezone.now()).pk


def second_channel(url: str) -> int:
    """A channel beside the first one; its id."""
    channel, _ = Channel.objects.get_or_create(name="second", defaults={"url": url})
    return channel.pk


def switch_on() -> bool:
    """What a person does in admin once the first channel's webhook works again."""
    channel = Channel.objects.get(name=ENV_NAME)
    revive(channel)
    channel.save()
    return channel.enabled


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
