"""How large the database becomes: `python -m tests.benchmarks.retention`.

A year of 100 positions on a compressed clock, the bytes a row takes, what follows from them for
10,000 positions, and what pruning costs with 10,000 markets. Scratch files only.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

DAY = 24 * 3600
# Parts of all markets that move between two passes (docs/benchmarks.md, "What is measured").
SCENES = {"calm": 0.03, "busy": 0.3}
MB = 1e6


def expected_points(moves: float, interval: int) -> float:
    """Points that a market keeps once the database has its full age: all of a day, one a minute
    until the seventh, one a quarter of an hour until the ninetieth; a slot without a move has none.
    """

    def slots(days: int, step: int) -> float:
        none: float = (1 - moves) ** max(1.0, step / interval)
        return days * DAY / step * (1 - none)

    return DAY / interval * moves + slots(6, 60) + slots(83, 900)


def extrapolated(
    sizes: Mapping[str, float],
    yearly: Mapping[str, float],
    kept: Mapping[str, float],
    *,
    interval: int = 30,
) -> Iterable[str]:
    """Lines for 10,000 positions. `yearly`: rows a position and year that are never pruned; `kept`:
    rows a position that stand at any time.
    """
    count = 10_000
    grows = sum(rows * sizes[name] for name, rows in yearly.items()) * count / MB
    runs = 7 * DAY / interval * sizes["runs"] / MB
    for scene, moves in SCENES.items():
        each = expected_points(moves, interval)
        for markets in (2000, count):
            total = each * markets * sizes["points"] / MB
            yield (
                f"{scene}, {markets:>6,} markets: {each * markets / 1e6:6.1f} million points,"
                f" {total:8,.0f} MB; runs {runs:.0f} MB"
            )
    told = sum(rows * sizes[name] for name, rows in kept.items()) * count / MB
    yield f"alerts and alarms of 90 days: {told:,.0f} MB"
    yield f"never pruned (journal, exits, fills, positions): {grows:,.0f} MB a year more"


def year(options: argparse.Namespace, file: Path) -> None:
    from tests.benchmarks.year import TABLES, Week, row_sizes, weeks

    found: list[Week] = []
    head = ["week", "MB", "free", "log", *TABLES, "longest DELETE ms"]
    print("  ".join(head), flush=True)
    for week in weeks(
        file,
        positions=options.positions,
        days=options.days,
        interval=options.interval,
        clock=time.perf_counter,
    ):
        found.append(week)
        sizes = [f"{size / MB:.1f}" for size in (week.size, week.free, week.log)]
        rows = [f"{week.rows[name]:,}" for name in TABLES]
        print(
            "  ".join([str(week.number), *sizes, *rows, f"{week.longest * 1000:.1f}"]), flush=True
        )
    sizes_ = row_sizes(file)
    print("bytes a row:", ", ".join(f"{name} {size:.0f}" for name, size in sizes_.items()))
    last = found[-1]
    lasting = ("journal", "exits", "fills", "positions", "triggers")
    years = last.number * 7 / 365
    yearly = {name: last.rows[name] / options.positions / years for name in lasting}
    kept = {name: last.rows[name] / options.positions for name in ("alerts", "alarms")}
    for line in extrapolated(sizes_, yearly, kept):
        print(line)
    if options.json:
        Path(options.json).write_text(json.dumps([week.as_json() for week in found]))


def crowded(options: argparse.Namespace, file: Path) -> None:
    from tests.benchmarks.crowd import crowd

    report: dict[str, Any] = crowd(file, options.markets, options.each)
    print(
        f"{report['markets']:,} markets: {report['gone']:,} of {report['points']:,} points gone in"
        f" {report['seconds']:.1f} s"
    )
    for name in ("alone", "beside"):
        waits = report[name]
        print(
            f"a small write {name:>6}: {waits['count']} times, median {waits['median']:.1f} ms,"
            f" 99 % {waits['p99']:.1f} ms, longest {waits['longest']:.1f} ms"
        )


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--positions", type=int, default=100)
    parser.add_argument("--days", type=int, default=364)
    parser.add_argument("--interval", type=int, default=300, help="seconds between passes")
    parser.add_argument("--markets", type=int, default=10_000)
    parser.add_argument("--each", type=int, default=120, help="points of each market in that hour")
    parser.add_argument("--only", choices=("year", "crowd"))
    parser.add_argument("--json", help="a file for the weeks")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        for name, part in (("year", year), ("crowd", crowded)):
            if options.only in {None, name}:
                _with_database(Path(folder) / f"{name}.sqlite3", part, options)


def _with_database(file: Path, part: Any, options: argparse.Namespace) -> None:
    from django.core.management import call_command
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = str(file)
    call_command("migrate", verbosity=0, interactive=False)
    part(options, file)
    connection.close()


if __name__ == "__main__":
    import django

    scratch = tempfile.mkdtemp()
    os.environ |= {"DATA_DIR": scratch, "DATABASE_URL": f"sqlite:///{scratch}/none.sqlite3"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmsite.settings")
    django.setup()
    main(sys.argv[1:])
