"""Signs of life, one row each. Lateness is judged elsewhere: here they are only written and read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

WORKER = "worker"  # written every two seconds by whichever worker process is free
WATCHMAN = "watchman"  # whenever somebody has looked at the watch itself
STARTED = "started"  # when this house began to run: it is given a while to make its first pass
OUTSIDE = "outside"  # when HEARTBEAT_URL last took a ping


def beat(name: str, *, at: datetime) -> None:
    """Note that `name` was alive at `at`."""
    from monitoring.models import Heartbeat

    # The row is there but for the first time: one UPDATE, no read before it.
    if not Heartbeat.objects.filter(name=name).update(at=at):
        Heartbeat.objects.update_or_create(name=name, defaults={"at": at})


def last_beat(name: str) -> datetime | None:
    """When `name` last showed life; None before the first time."""
    from monitoring.models import Heartbeat

    return Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()


def beats() -> dict[str, datetime]:
    """All of them, by name."""
    from monitoring.models import Heartbeat

    return dict(Heartbeat.objects.values_list("name", "at"))
