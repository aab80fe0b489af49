"""How long from a quote's breach to Discord's answer: `python -m tests.benchmarks.latency`.

The running product at its shortest interval. A local Polymarket lowers one price after another at
random moments, far enough through the stop that no second reading is needed; a local Discord notes
when the alert was there. Most of it is the wait for the next pass, half an interval on average.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.polymarket.state import FakeMarket
from tests.faults.ground import Ground
from tests.faults.processes import Product

MARKETS = 2000
QUIET, BREACH = "0.50", "0.40"  # the stop stands at 0.45
DEEP = "100000"
EVERY = (0.5, 1.5)  # seconds between two breaches
LEAD = 12.0  # seconds that a position is watched before its breach: two passes
LIMIT = 60.0


@dataclass
class Watched:
    """A position on its way to a breach; `at`: when its price fell, unix seconds."""

    token: str
    question: str
    held: float
    at: float | None = None


@dataclass
class Latencies:
    """Seconds from breach to the alert's arrival."""

    positions: int
    seconds: list[float] = field(default_factory=list)
    missing: int = 0

    def quantile(self, part: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, round(part * (len(ordered) - 1)))]


def measured(ground: Ground, *, positions: int, samples: int, rng: random.Random) -> Latencies:
    """On a book of so many positions, which stay; breaches come on further ones."""
    _fill(ground, positions)
    Product(ground).begin()
    waiting: list[Watched] = []
    done: list[Watched] = []
    next_breach = time.monotonic() + LEAD
    while len(done) < samples:
        if len(waiting) < LEAD / EVERY[0] and len(waiting) + len(done) < samples:
            waiting.append(_held(ground, len(waiting) + len(done)))
        now = time.monotonic()
        if now >= next_breach and waiting and now - waiting[0].held >= LEAD:
            breached = waiting.pop(0)
            _quote(ground, breached.token, BREACH)
            breached.at = time.time()
            done.append(breached)
            next_breach = now + rng.uniform(*EVERY)
        time.sleep(0.02)
    return _told(ground, done, positions)


def _fill(ground: Ground, positions: int) -> None:
    markets = [_market(ground, f"Quiet {number}?") for number in range(min(positions, MARKETS))]
    rows = [(market.condition_id, market.tokens[0], market.question) for market in markets]
    ground.hand.ask("fill", markets=rows, positions=positions)


def _market(ground: Ground, question: str) -> FakeMarket:
    market = ground.polymarket.add_market(question)
    _quote(ground, market.tokens[0], QUIET)
    return market


def _quote(ground: Ground, token: str, bid: str) -> None:
    ask = f"{float(bid) + 0.01:.2f}"
    ground.polymarket.set_book(token, [(bid, DEEP)], [(ask, DEEP)])


def _held(ground: Ground, number: int) -> Watched:
    market = _market(ground, f"Breach {number:05}?")
    policy = {"stop_loss_price": "0.45"}
    ground.hand.ask("hold", reference=market.tokens[0], shares="100", policy=policy)
    return Watched(market.tokens[0], market.question, time.monotonic())


def _told(ground: Ground, done: list[Watched], positions: int) -> Latencies:
    """Waits for what is still on its way."""
    end = time.monotonic() + LIMIT
    while len(found := _arrived(ground, done)) < len(done) and time.monotonic() < end:
        time.sleep(0.2)
    return Latencies(positions, found, len(done) - len(found))


def _arrived(ground: Ground, done: list[Watched]) -> list[float]:
    """Seconds from each breach to the first message about it."""
    messages = [(m["at"], m["payload"]["content"]) for m in ground.discord.sent()]
    found = []
    for watched in done:
        name = watched.question.rstrip("?")
        times = [at for at, text in messages if name in text]
        if times and watched.at is not None:
            found.append(min(times) - watched.at)
    return found


def main() -> int:
    """Prints a row for each size; 1 when an alert did not come."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--positions", type=int, nargs="+", default=[10, 1000, 10_000])
    parser.add_argument("--samples", type=int, default=100)
    options = parser.parse_args()
    print("| positions | breaches | p50 s | p95 s | p99 s | longest | missing |")
    print("|---|---|---|---|---|---|---|", flush=True)
    missing = 0
    for positions in options.positions:
        with (
            tempfile.TemporaryDirectory(prefix="pm-latency-", ignore_cleanup_errors=True) as home,
            Ground(Path(home), None, venue=False) as ground,
        ):
            found = measured(
                ground, positions=positions, samples=options.samples, rng=random.Random(1)
            )
        missing += found.missing
        cells = [found.quantile(part) for part in (0.5, 0.95, 0.99, 1.0)]
        texts = " | ".join(f"{seconds:.1f}" for seconds in cells)
        print(f"| {positions:,} | {len(found.seconds)} | {texts} | {found.missing} |", flush=True)
    return int(missing > 0)


if __name__ == "__main__":
    sys.exit(main())
