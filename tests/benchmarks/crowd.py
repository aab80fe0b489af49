"""Pruning with ten thousand markets beside a writer that must not wait."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from positions.models import Market, PricePoint
from tests.benchmarks.source import BEGINNING
from tests.installation import ROOT

BATCH = 20_000


@dataclass(frozen=True)
class Waits:
    """Of the writer's transactions, in milliseconds."""

    count: int
    median: float
    p99: float
    longest: float


def points(markets: int, each: int, at: datetime) -> int:
    """So many points for each market, one every half minute from a day and an hour before `at`,
    written in the order of time as passes write them. Returns how many.
    """
    keys = Market.objects.bulk_create(
        (
            Market(venue="sim", key=f"crowd-{n}", outcome="Yes", question="Q")
            for n in range(markets)
        ),
        batch_size=500,
    )
    ids = [market.pk for market in keys]
    rows: list[PricePoint] = []
    start = at - timedelta(hours=25)
    for number in range(each):
        moment = start + timedelta(seconds=30 * number)
        for pk in ids:
            bid = Decimal(500 + (number + pk) % 9) / 1000
            rows.append(PricePoint(market_id=pk, since=moment, until=moment, bid=bid))
            if len(rows) == BATCH:
                PricePoint.objects.bulk_create(rows)
                rows.clear()
    PricePoint.objects.bulk_create(rows)
    return markets * each


class Writer:
    """The process beside; `waits` ends it."""

    def __init__(self, file: Path) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.beside", str(file)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def waits(self) -> Waits:
        told, _nothing = self.process.communicate()
        taken = sorted(json.loads(told))
        return Waits(len(taken), taken[len(taken) // 2], taken[int(len(taken) * 0.99)], taken[-1])


def crowd(file: Path, markets: int, each: int) -> dict[str, Any]:
    """What a run of the hourly pruning costs after an hour in which every market moved in every
    pass, and what it does to a writer beside it.
    """
    from monitoring.retention import prune

    count = points(markets, each, BEGINNING)
    alone = Writer(file)
    time.sleep(10)
    quiet = alone.waits()
    beside, began = Writer(file), time.perf_counter()
    gone = prune(now=BEGINNING, budget=3600)
    seconds = time.perf_counter() - began
    return {
        "markets": markets,
        "points": count,
        "gone": gone.get("points", 0),
        "seconds": seconds,
        "alone": vars(quiet),
        "beside": vars(beside.waits()),
    }
