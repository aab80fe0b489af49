"""The sparkline of a row: the bids of up to a day, with the entry as a dashed line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from positions.domain.window import Run

WIDTH, HEIGHT, PAD = 70, 26, 3
POINTS = 36


class Spark(TypedDict):
    """SVG values in a box of 72 x 26; `entry` is None where it lies outside."""

    points: str
    last: str
    entry: str | None


def sample(
    runs: Sequence[Run], until: datetime, count: int = POINTS, since: datetime | None = None
) -> list[tuple[datetime, Decimal]]:
    """The price at `count` evenly spaced moments of the runs' time, the last at `until`.

    A run stands until the next begins: a quiet market is a flat line, not a slope.
    """
    if not runs:
        return []
    first = max(runs[0].since, since) if since else runs[0].since
    index, points = 0, []
    for number in range(count):
        at = first + (until - first) * number / max(count - 1, 1)
        while index + 1 < len(runs) and runs[index + 1].since <= at:
            index += 1
        points.append((at, runs[index].bid))
    return points


def spark(runs: Sequence[Run], entry: Decimal, now: datetime) -> Spark | None:
    """None below two runs: a price that never moved is no line."""
    prices = [price for _, price in sample(runs, now)]
    if len(runs) < 2:
        return None
    low, high = min(prices), max(prices)
    reach = high - low

    def y(price: Decimal) -> str:
        part = (high - price) / reach if reach else Decimal("0.5")
        return f"{PAD + part * (HEIGHT - 2 * PAD):.1f}"

    step = Decimal(WIDTH - 2) / (len(prices) - 1)
    points = " ".join(f"{1 + step * index:.1f},{y(price)}" for index, price in enumerate(prices))
    inside = reach and low <= entry <= high
    return Spark(points=points, last=y(prices[-1]), entry=y(entry) if inside else None)
