"""`make soak`: hours of the watch on a compressed clock; memory and open files must stay flat."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.ground import Ground
from tests.faults.printing import lines

# Passes that do not count: modules load, caches fill. The one that takes longest takes one entry a
# pass and holds 1,024 (monitoring.engine.sql.stamp).
WARM = 1100
GROWTH_AT_MOST = 2.0  # MB over the part that counts
FILES_AT_MOST = 3  # more open files at its end than at its beginning


@dataclass(frozen=True)
class Flat:
    """Of the part that counts. `slope`: MB in an hour on the clock; `growth`: MB by regression."""

    first: float
    last: float
    slope: float
    growth: float
    files: tuple[int, int, int]  # first, most, last
    threads: tuple[int, int, int]

    @property
    def is_flat(self) -> bool:
        return self.growth <= GROWTH_AT_MOST and self.files[2] - self.files[0] <= FILES_AT_MOST


def judged(samples: Sequence[Sequence[int]], interval: float) -> Flat:
    """From samples [pass, private kilobytes, open files, threads]."""
    counted = [sample for sample in samples if sample[0] >= WARM]
    hours = [number * interval / 3600 for number, *_ in counted]
    megabytes = [kilobytes / 1024 for _, kilobytes, *_ in counted]
    slope = regression(hours, megabytes)
    return Flat(
        megabytes[0],
        megabytes[-1],
        slope,
        slope * (hours[-1] - hours[0]),
        _span([files for _, _, files, _ in counted]),
        _span([threads for *_, threads in counted]),
    )


def regression(xs: Sequence[float], ys: Sequence[float]) -> float:
    """The slope of the least-squares line through the points."""
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    above = sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True))
    return above / sum((x - middle_x) ** 2 for x in xs)


def _span(values: Sequence[int]) -> tuple[int, int, int]:
    return values[0], max(values), values[-1]


def soaked(hours: float) -> tuple[dict[str, Any], Flat]:
    """What was done in so many hours after the warm-up, and how flat it was."""
    with (
        tempfile.TemporaryDirectory(prefix="pm-soak-") as home,
        Ground(Path(home), None, venue=False) as ground,
    ):
        done: dict[str, Any] = ground.hand.ask("soak", passes=WARM + int(hours * 3600 / 5))
    return done, judged(done["samples"], 5.0)


def main() -> int:
    """Prints the figures; 1 when memory or open files grow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--hours", type=float, default=2.0, help="on the clock, after the warm-up (default 2)"
    )
    options = parser.parse_args()
    done, flat = soaked(options.hours)
    print(f"\n{options.hours:g} hours after a warm-up, passes every 5 s, 100 positions, SQLite\n")
    lines(
        {
            "passes": done["passes"],
            "exits sold and told": done["exits"],
            "journal entries": done["entries"],
            "frames to 20 sockets": done["frames"],
            "private memory, MB: after the warm-up, at the end": f"{flat.first:.1f}, {flat.last:.1f}",
            "memory slope, MB an hour": f"{flat.slope:+.3f}",
            "open files: first, most, last": ", ".join(map(str, flat.files)),
            "threads: first, most, last": ", ".join(map(str, flat.threads)),
            "flat": "yes" if flat.is_flat else "NO",
        }
    )
    return int(not flat.is_flat)


if __name__ == "__main__":
    sys.exit(main())
