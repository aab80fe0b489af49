"""Hours of the watch in one process, as fast as they go: the child's side of `tests.faults.soak`.

All that a worker does over and over: passes over simulated prices, exits, dispatch and delivery to
a real local Discord, looks at the watch, pruning. A web process on the same database shows it to
its sockets meanwhile, and is measured too.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from django.db import connection
from django.utils import timezone

from monitoring.alerts.sending.delivery import deliver_due
from monitoring.engine import default_ports, run_pass
from monitoring.retention import prune
from monitoring.watchman import look
from positions.markets import market_ensure, resolve_reference
from positions.models import JournalEntry, Position
from positions.services import position_open
from positions.venues.simulated import SimulatedSource

INTERVAL = 5.0
POSITIONS = 100
SAMPLE_EVERY = 20  # passes
BALLAST = 10_000  # pages of 4 KB: more than SQLite's page cache of 20 MB holds
TRAILING = {"trailing_stop": [{"distance_pct": "4"}], "confirm_seconds": "0", "max_spread": "1"}


class Clock:
    """Begins now; only sleeping moves it."""

    def __init__(self) -> None:
        self.began = self.at = timezone.now()

    def __call__(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def soak(passes: int, web: int) -> dict[str, Any]:
    """`worker` and `web` (its process id): samples [passes so far, private kilobytes, open files,
    threads]; and what was done.
    """
    clock, rng = Clock(), Random(1)
    source = SimulatedSource(now=clock)
    ports = replace(default_ports(), source=lambda _venue: source, now=clock, sleep=clock.sleep)
    samples: dict[str, list[list[int]]] = {"worker": [], "web": []}
    _fill_page_cache()
    for number in range(passes):
        _fill_up(clock, number)
        run_pass(ports)
        deliver_due(clock=clock, sleep=clock.sleep, rng=rng)
        if number % 60 == 0:
            prune(now=clock(), sleep=clock.sleep)
        look(clock(), (clock() - clock.began).total_seconds(), boot="clock:soak")
        if number % SAMPLE_EVERY == 0:
            samples["worker"].append(sample(number, os.getpid()))
            samples["web"].append(sample(number, web))
        clock.sleep(INTERVAL)
    closed = Position.objects.filter(state=Position.State.CLOSED).count()
    return samples | {"passes": passes, "exits": closed, "entries": JournalEntry.objects.count()}


def _fill_up(clock: Clock, number: int) -> None:
    missing = POSITIONS - Position.objects.filter(state=Position.State.OPEN).count()
    for part in range(missing):
        market = market_ensure(resolve_reference(f"sim:soak-{(number + part) % POSITIONS}"))
        position_open(
            market=market,
            entry_price=Decimal("0.50"),
            shares=Decimal(100),
            now=clock(),
            policy=TRAILING,
        )


def _fill_page_cache() -> None:
    """So that it is full from the beginning, as with a file of some months: it fills for hours."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE soak_ballast (page BLOB)")
        cursor.executemany("INSERT INTO soak_ballast VALUES (randomblob(4000))", [()] * BALLAST)
        cursor.execute("UPDATE soak_ballast SET page = randomblob(4000)")


def sample(number: int, pid: int) -> list[int]:
    """Private memory: the file that SQLite maps is not the process's own."""
    proc = Path(f"/proc/{pid}")
    status = (proc / "status").read_text()
    kilobytes, threads = (
        int(status.partition(f"{name}:")[2].split()[0]) for name in ("RssAnon", "Threads")
    )
    return [number, kilobytes, len(list((proc / "fd").iterdir())), threads]
