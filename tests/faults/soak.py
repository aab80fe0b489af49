"""`make soak`: hours of the watch on a compressed clock; memory and open files must stay flat."""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.faults.ground import Ground
from tests.faults.printing import heading, lines
from tests.faults.sockets import Client
from tests.installation import ROOT
from tests.servers import wait_until

INTERVAL = 5.0  # seconds between passes
SOCKETS = 20

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


def soaked(passes: int) -> tuple[dict[str, Any], list[Client]]:
    """What so many passes did and what it took, and the clients that listened meanwhile."""
    with (
        tempfile.TemporaryDirectory(prefix="pm-soak-", ignore_cleanup_errors=True) as home,
        Ground(Path(home), None, venue=False) as ground,
        _web(ground) as web,
    ):
        return asyncio.run(_listened(ground, web, passes))


@contextmanager
def _web(ground: Ground) -> Iterator[int]:
    """A web process without a worker; its id."""
    place = ground.installation
    command = [sys.executable, "-W", "ignore", "-m", "uvicorn", "pmsite.asgi:application"]
    command += ["--port", str(place.port), "--log-level", "warning"]
    process = subprocess.Popen(command, cwd=ROOT, env=place.environ)
    try:
        wait_until(lambda: place.get("/livez")[0] == 200, seconds=60, what="the web process")
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


async def _listened(ground: Ground, web: int, passes: int) -> tuple[dict[str, Any], list[Client]]:
    site = ground.installation.url
    cookie = await asyncio.to_thread(ground.hand.ask, "login")
    clients = [Client() for _ in range(SOCKETS)]
    url = f"{site.replace('http', 'ws', 1)}/ws/live/"
    tasks = [asyncio.create_task(client.stay(url, site, cookie)) for client in clients]
    try:
        done = await asyncio.to_thread(partial(ground.hand.ask, "soak", passes=passes, web=web))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return done, clients


def main() -> int:
    """Prints the figures; 1 when memory or open files grow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=2.0, help="on the clock, after the warm-up")
    options = parser.parse_args()
    done, clients = soaked(WARM + int(options.hours * 3600 / INTERVAL))
    print(f"\n{options.hours:g} hours after a warm-up, passes every 5 s, 100 positions, SQLite\n")
    lines(
        {
            "passes": done["passes"],
            "exits sold and told": done["exits"],
            "journal entries": done["entries"],
            "of these shown to each of 20 sockets": min(len(client.ids) for client in clients),
        }
    )
    heading("process", "MB at first", "MB at last", "MB an hour", "open files", "threads", "flat")
    flats = {name: judged(done[name], INTERVAL) for name in ("worker", "web")}
    for name, flat in flats.items():
        files, threads = (", ".join(map(str, span)) for span in (flat.files, flat.threads))
        megabytes = f"{flat.first:.1f} | {flat.last:.1f} | {flat.slope:+.3f}"
        is_flat = "yes" if flat.is_flat else "NO"
        print(f"| {name} | {megabytes} | {files} | {threads} | {is_flat} |")
    return int(not all(flat.is_flat for flat in flats.values()))


if __name__ == "__main__":
    sys.exit(main())
