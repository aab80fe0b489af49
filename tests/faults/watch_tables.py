"""The tables about the watch itself: how soon it is noticed that it stands still."""

from __future__ import annotations

import argparse
import shutil
from functools import partial

from tests.faults.detection import HARMS, INTERVAL, Outside, noticed
from tests.faults.printing import ground_of, heading
from tests.faults.processes import Product
from tests.faults.restarts import AWAY, Restarted, restarted
from tests.servers import Postgres, Redis, postgres_programs, running_postgres

HARMLESS = {"stop_loss_price": "0.30", "confirm_seconds": "0"}  # held, and nothing to sell
RESTARTED = (
    "a pass after the return",
    "longest gap between passes",
    "sold and told",
    "parts started anew",
    "positions",
    "sold twice",
    "unsold",
    "alerts lost",
)
LIMIT = 2 * INTERVAL + 2.0  # two intervals, and a look every two seconds


def detection(name: str, server: Postgres | None, options: argparse.Namespace) -> list[str]:
    """Each harm to the watch of a running product at 5 s."""
    wrong: list[str] = []
    print(f"\nA watch that stands still, {name}, a pass every {INTERVAL:g} s; seconds since\n")
    heading("harm", "/healthz 503", "banner", "alert", "last ping", "well again", "passes then")
    for harm in HARMS:
        with (
            Outside() as outside,
            ground_of(server, venue=False, HEARTBEAT_URL=f"{outside.url}/ping") as ground,
        ):
            ground.hold(**HARMLESS)
            found = noticed(Product(ground).begin(), outside, harm)
        times = (found.healthz, found.banner, found.alert, found.beat, found.well)
        cells = ["never" if seconds is None else f"{seconds:.1f}" for seconds in times]
        print(f"| {harm.name} | {' | '.join(cells)} | {found.passes} |", flush=True)
        late = [text for text in times[:2] if text is None or text > LIMIT]
        if late or found.alert is None or found.beat > INTERVAL:
            wrong.append(f"{name}, {harm.name}: {found}")
    return wrong


def restarts(name: str, server: Postgres | None, options: argparse.Namespace) -> list[str]:
    """Redis, and on PostgreSQL the database too, crash for some seconds under the product."""
    wrong: list[str] = []
    print(f"\nA server crashes for {AWAY:g} s and comes back, {name}; seconds\n")
    heading("server", *RESTARTED)
    for kind in ("Redis", *(["PostgreSQL"] if server else [])):
        if kind == "Redis" and shutil.which("redis-server") is None:
            print("| Redis | not installed here |")
            continue
        found = _redis(server) if kind == "Redis" else _postgresql()
        verdict = found.verdict
        counts = (len(verdict.sold_twice), len(verdict.unsold), len(verdict.lost_alerts))
        cells = (f"{found.back:.1f}", f"{found.gap:.1f}", f"{found.done:.1f}", found.restarts)
        print(
            f"| {kind} | {' | '.join(map(str, (*cells, verdict.positions, *counts)))} |", flush=True
        )
        wrong += [f"{name}, {kind} restarted: {text}" for text in verdict.wrong]
    return wrong


def _redis(server: Postgres | None) -> Restarted:
    redis = Redis().start()
    try:
        with ground_of(server, REDIS_URL=redis.url) as ground:
            return restarted(Product(ground).begin(), redis.crash, redis.start)
    finally:
        redis.close()


def _postgresql() -> Restarted:
    programs = postgres_programs()
    assert programs is not None
    with running_postgres(programs) as own, ground_of(own) as ground:
        assert own.control is not None
        stop, start = partial(own.control, "stop"), partial(own.control, "start")
        return restarted(Product(ground).begin(), stop, start)
