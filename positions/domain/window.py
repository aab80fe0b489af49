"""Price windows: the runs of equal bids that momentum and adverse moves look back on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final


@dataclass(slots=True, unsafe_hash=True)
class Run:
    """Every usable reading from `since` to `until` had this bid."""

    since: Final[datetime]
    until: Final[datetime]
    bid: Final[Decimal]


@dataclass(slots=True, unsafe_hash=True)
class Swing:
    """`high`: the window's highest bid (its latest occurrence); `low`: the lowest before it, None
    when nothing is; `low_all`: the window's lowest; `high_until`: last reading at the high.
    """

    high: Final[Decimal]
    low: Final[Decimal | None]
    low_all: Final[Decimal]
    high_until: Final[datetime]


def window(
    runs: Iterable[Run], bid: Decimal, at: datetime, minutes: Decimal, watched_since: datetime
) -> list[Run]:
    """Readings not older than `minutes` and not before watching began, the present one last."""
    start = max(at - timedelta(minutes=float(minutes)), watched_since)
    past = [run for run in runs if run.until >= start and run.since <= at]
    past.append(Run(at, at, bid))
    return past


def swing(runs: Sequence[Run]) -> Swing:
    """High and the low before it of a window, which holds at least the present reading."""
    bids = [run.bid for run in runs]
    high = max(bids)
    position = len(bids) - 1 - bids[::-1].index(high)
    low = min(bids[:position], default=None)
    return Swing(high, low, min(bids), runs[position].until)


def forget(runs: list[Run], before: datetime) -> None:
    """Drops readings older than any window still needs, in place."""
    gone = next((index for index, run in enumerate(runs) if run.until >= before), len(runs))
    del runs[:gone]


def extend(runs: list[Run], at: datetime, bid: Decimal) -> None:
    """Adds a reading to a growing series, in place: an equal bid lengthens the last run."""
    if runs and runs[-1].bid == bid:
        runs[-1] = Run(runs[-1].since, at, bid)
    else:
        runs.append(Run(at, at, bid))
