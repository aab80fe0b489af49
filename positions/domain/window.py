"""Price windows: the runs of equal bids that momentum and adverse moves look back on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Run:
    """Every usable reading from `since` to `until` had this bid."""

    since: datetime
    until: datetime
    bid: Decimal


@dataclass(frozen=True, slots=True)
class Swing:
    """`high`: the window's highest bid (its latest occurrence); `low`: the lowest before it, None
    when nothing is; `low_all`: the window's lowest; `high_until`: last reading at the high.
    """

    high: Decimal
    low: Decimal | None
    low_all: Decimal
    high_until: datetime


def window(
    runs: Iterable[Run], bid: Decimal, at: datetime, minutes: Decimal, watched_since: datetime
) -> tuple[Run, ...]:
    """Readings not older than `minutes` and not before watching began, the present one last."""
    start = max(at - timedelta(minutes=float(minutes)), watched_since)
    past = tuple(run for run in runs if start <= run.until and run.since <= at)
    return (*past, Run(at, at, bid))


def swing(runs: tuple[Run, ...]) -> Swing:
    """High and the low before it of a window, which holds at least the present reading."""
    high, position = runs[0].bid, 0
    for index, run in enumerate(runs):
        if run.bid >= high:
            high, position = run.bid, index
    before = [run.bid for run in runs[:position]]
    return Swing(
        high,
        min(before, default=None),
        min(run.bid for run in runs),
        runs[position].until,
    )


def extend(runs: list[Run], at: datetime, bid: Decimal) -> None:
    """Adds a reading to a growing series, in place: an equal bid lengthens the last run."""
    if runs and runs[-1].bid == bid:
        runs[-1] = Run(runs[-1].since, at, bid)
    else:
        runs.append(Run(at, at, bid))
