"""What a run found, as a table for people and as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

import django
import psycopg

from tests.benchmarks.lanes import Lane
from tests.benchmarks.scratch import Scratch


@dataclass(frozen=True)
class Row:
    """One lane in one scene; ms of a whole repetition, us of one position; ratios of minima and
    medians to the lane's floor, and how many times less a position costs than in freqtrade.
    """

    scene: str
    lane: str
    place: str
    positions: int
    judged: int
    min_ms: float
    median_ms: float
    min_us: float
    median_us: float
    peak_mb: float
    to_floor: tuple[float, float] | None = None
    below_freqtrade: tuple[float, float] | None = None


@dataclass
class Report:
    """`surroundings`: machine and versions; `missing`: what could not be measured, and why;
    `first_ms`: the pass that judged every position, by place and size.
    """

    surroundings: list[str]
    missing: list[str]
    first_ms: dict[tuple[str, int], float] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        first = [
            {"place": place, "positions": count, "ms": round(ms, 1)}
            for (place, count), ms in self.first_ms.items()
        ]
        return {
            "surroundings": self.surroundings,
            "missing": self.missing,
            "first_pass": first,
            "rows": [asdict(row) for row in self.rows],
        }

    def lines(self) -> list[str]:
        """As text."""
        out = [*self.surroundings, ""]
        out += [HEADER, "-" * len(HEADER), *(_line(row) for row in self.rows), ""]
        out += [
            f"the first pass on {place}, which judges all {count:,}: {ms:,.0f} ms"
            for (place, count), ms in self.first_ms.items()
        ]
        return out + self.missing


HEADER = (
    f"{'scene':<9} {'lane':<9} {'on':<11} {'positions':>9} {'judged':>6} {'ms min':>8} "
    f"{'median':>8} {'µs each min':>11} {'median':>7} {'× floor':>10} {'below freqtrade':>15} "
    f"{'peak MB':>7}"
)


def _line(row: Row) -> str:
    return (
        f"{row.scene:<9} {row.lane:<9} {row.place:<11} {row.positions:>9,} {row.judged:>6,} "
        f"{row.min_ms:>8.1f} {row.median_ms:>8.1f} {row.min_us:>11.2f} {row.median_us:>7.2f} "
        f"{_pair(row.to_floor):>10} {_pair(row.below_freqtrade):>15} {row.peak_mb:>7.0f}"
    )


def _pair(ratios: tuple[float, float] | None) -> str:
    return "" if ratios is None else f"{ratios[0]:.1f} / {ratios[1]:.1f}"


def row(lane: Lane, scene: str, running: Sequence[Lane]) -> Row:
    """The row of a lane, beside the others of its run."""
    lowest, middle = _both(lane, scene)
    judged = round(median(lane.notes[scene])) if lane.kind != "floor" else 0
    floor = None
    rival = None
    if lane.kind == "pass":
        floor = _ratios(lane, scene, _other(lane, "floor", running), per_position=False)
        rivals = [other for other in running if other.kind == "freqtrade"]
        rival = _ratios(rivals[0], scene, lane, per_position=True) if rivals else None
    return Row(
        scene,
        lane.kind,
        lane.place,
        lane.positions,
        judged,
        lowest,
        middle,
        lowest * 1000 / lane.positions,
        middle * 1000 / lane.positions,
        lane.peak_mb,
        floor,
        rival,
    )


def _both(lane: Lane, scene: str) -> tuple[float, float]:
    return min(lane.times[scene]), median(lane.times[scene])


def _other(lane: Lane, kind: str, running: Sequence[Lane]) -> Lane:
    same = (lane.place, lane.positions)
    return next(o for o in running if o.kind == kind and (o.place, o.positions) == same)


def _ratios(over: Lane, scene: str, under: Lane, *, per_position: bool) -> tuple[float, float]:
    """Minimum by minimum and median by median."""
    sizes = under.positions / over.positions if per_position else 1.0
    first, second = (
        upper / lower * sizes
        for upper, lower in zip(_both(over, scene), _both(under, scene), strict=True)
    )
    return first, second


def surroundings(found: Sequence[Scratch]) -> list[str]:
    """The machine and what runs on it, without naming it."""
    databases = ", ".join(f"{place.label} {place.version}" for place in found)
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    python = f"Python {platform.python_version()}, Django {django.get_version()}"
    return [
        f"{machine}, load {os.getloadavg()[0]:.1f} before the first repetition",
        f"{python}, psycopg {psycopg.__version__}, {databases}",
    ]
