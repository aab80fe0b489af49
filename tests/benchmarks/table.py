"""What a run found, as a table for people and as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import mean, median
from typing import Any, NamedTuple

import django
import psycopg

from tests.benchmarks.lanes import Lane
from tests.benchmarks.scratch import Scratch


class Figures(NamedTuple):
    """Of all repetitions; the mean also holds what comes now and then, such as a collection of
    garbage or a checkpoint.
    """

    min: float
    median: float
    mean: float

    def over(self, other: Figures) -> Figures:
        """Minimum by minimum, median by median, mean by mean."""
        return Figures(*(mine / theirs for mine, theirs in zip(self, other, strict=True)))


@dataclass(frozen=True)
class Row:
    """One lane in one scene: `ms` of a whole repetition, `us` of one position of it, `to_floor` how
    many times the floor's, `below_freqtrade` how many times less a position costs than there.
    """

    scene: str
    lane: str
    place: str
    positions: int
    judged: int | None
    ms: Figures
    us: Figures
    to_floor: Figures | None
    below_freqtrade: Figures | None
    peak_mb: float


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
            "rows": [_as_json(row) for row in self.rows],
        }

    def lines(self) -> list[str]:
        """As text."""
        out = [*self.surroundings, "", HEADER, "-" * len(HEADER)]
        for before, row in zip([None, *self.rows], self.rows, strict=False):
            out += [""] if before and before.scene != row.scene else []
            out.append(_line(row))
        out.append("")
        out += [
            f"the first pass on {place}, which judges all {count:,}: {ms:,.0f} ms"
            for (place, count), ms in self.first_ms.items()
        ]
        return out + self.missing


def _as_json(row: Row) -> dict[str, Any]:
    return {
        name: value._asdict() if isinstance(value, Figures) else value
        for name, value in asdict(row).items()
    }


HEADER = (
    f"{'scene':<6} {'lane':<9} {'on':<10} {'positions':>9} {'judged':>6}"
    f"{'ms: min':>9}{'median':>8}{'mean':>8}{'µs each: median':>17}"
    f"{'× floor: min, median, mean':>28}{'below freqtrade':>20}{'peak MB':>9}"
)


def _line(row: Row) -> str:
    judged = "" if row.judged is None else f"{row.judged:,}"
    return (
        f"{row.scene:<6} {row.lane:<9} {row.place:<10} {row.positions:>9,} {judged:>6}"
        f"{row.ms.min:>9.1f}{row.ms.median:>8.1f}{row.ms.mean:>8.1f}{row.us.median:>17.1f}"
        f"{_times(row.to_floor):>28}{_times(row.below_freqtrade):>20}{row.peak_mb:>9.0f}"
    )


def _times(figures: Figures | None) -> str:
    return "  ".join(f"{figure:4.1f}" for figure in figures) if figures else ""


def row(lane: Lane, scene: str, running: Sequence[Lane]) -> Row:
    """The row of a lane, beside the others of its run."""
    own, is_pass = _us(lane, scene), lane.kind == "pass"
    floors = [o for o in running if o.kind == "floor" and is_pass and _same(o, lane)]
    rivals = [o for o in running if o.kind == "freqtrade" and is_pass]
    return Row(
        scene,
        lane.kind,
        lane.place,
        lane.positions,
        round(median(lane.notes[scene])) if is_pass else None,
        _ms(lane, scene),
        own,
        own.over(_us(floors[0], scene)) if floors else None,
        _us(rivals[0], scene).over(own) if rivals else None,
        lane.peak_mb,
    )


def _same(one: Lane, other: Lane) -> bool:
    return (one.place, one.positions) == (other.place, other.positions)


def _ms(lane: Lane, scene: str) -> Figures:
    times = lane.times[scene]
    return Figures(min(times), median(times), mean(times))


def _us(lane: Lane, scene: str) -> Figures:
    return Figures(*(ms * 1000 / lane.positions for ms in _ms(lane, scene)))


def surroundings(found: Sequence[Scratch]) -> list[str]:
    """The machine and what runs on it, without naming it."""
    databases = ", ".join(f"{place.label} {place.version}" for place in found)
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    python = f"Python {platform.python_version()}, Django {django.get_version()}"
    return [
        f"{machine}, load {os.getloadavg()[0]:.1f} before the first repetition",
        f"{python}, psycopg {psycopg.__version__}, {databases}",
    ]
