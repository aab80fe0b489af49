"""One run of the benchmark: every lane is set up, then they take turns until the rounds are over."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks import lanes
from tests.benchmarks.lanes import Lane
from tests.benchmarks.scratch import places
from tests.benchmarks.table import Report, row, surroundings
from tests.benchmarks.walk import SCENES, order

POSITIONS = (1000, 10_000)
MARKETS = 2000
TRADES = 1000
NO_FREQTRADE = "freqtrade: not measured, name its Python with --freqtrade (docs/benchmarks.md)"


def run(
    *,
    positions: Sequence[int] = POSITIONS,
    markets: int = MARKETS,
    url: str | None = None,
    freqtrade: str | None = None,
    rounds: int = 15,
    tell: Callable[[str], object] = lambda line: None,
) -> Report:
    """Measures and returns the table. `url`: a PostgreSQL server to use instead of a private one;
    `freqtrade`: the Python of an environment that has it; `tell` is given lines of progress.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pm-bench-")))
        found, missing = stack.enter_context(places(folder, url))
        report = Report(surroundings(found), [missing] if missing else [])
        running: list[Lane] = []
        for place in found:
            for count in positions:
                tell(f"preparing {count} positions on {place.label} ...")
                pair, report.first_ms[place.label, count] = lanes.product(
                    stack, place, count, markets, rounds, folder
                )
                running += pair
        if freqtrade:
            running.append(lanes.freqtrade(stack, freqtrade, TRADES, folder))
        else:
            report.missing.append(NO_FREQTRADE)
        tell(f"{rounds} rounds of {len(running)} lanes ...")
        _take_turns(running, rounds)
        report.rows = [row(lane, scene, running) for scene in SCENES for lane in running]
    return report


def _take_turns(running: Sequence[Lane], rounds: int) -> None:
    for number, scenes in enumerate(order(lanes.WARM + rounds)):
        for scene in scenes:
            for lane in running:
                lane.step(scene, count=number >= lanes.WARM)
