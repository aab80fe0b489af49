"""Random kill -9 while positions keep coming, with a venue, a price source and a Discord that fail."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass

from tests.faults.ground import Ground
from tests.faults.ledger import Verdict
from tests.faults.processes import VICTIMS, Product, recovered

LOST_ANSWERS = 0.3
RECOVERY = 150.0
NEW_EVERY = (1.0, 3.0)  # seconds between two new positions
KILL_EVERY = (2.0, 7.0)  # seconds between two kills


@dataclass
class Storm:
    """What was done and what came of it; `recovery`: seconds from the last kill to all sold."""

    kills: Counter[str]
    orders: int
    lost_answers: int
    recovery: float
    verdict: Verdict


def storm(product: Product, seconds: float, rng: random.Random) -> Storm:
    """Kill at random for so long, then let it recover."""
    ground = product.ground
    _trouble(ground)
    kills = _kill_for(product, seconds, rng)
    lost = sum(call.fault == "reset" for call in ground.exchange.requests("/orders"))
    for server in (ground.polymarket, ground.exchange, ground.discord):
        server.clear()
    began = time.monotonic()
    recovered(product, RECOVERY)
    recovery = time.monotonic() - began
    return Storm(kills, len(ground.exchange.executed()), lost, recovery, ground.verdict())


def _trouble(ground: Ground) -> None:
    ground.exchange.lose_answers(None, chance=LOST_ANSWERS)
    ground.exchange.lose_requests(None, chance=0.1)
    ground.exchange.knob("500", route="orders/*", method="GET", chance=0.2)
    ground.polymarket.knob("500", route="clob/books", chance=0.1)
    ground.discord.knob("500", method="POST", chance=0.1)


def _kill_for(product: Product, seconds: float, rng: random.Random) -> Counter[str]:
    ground, kills = product.ground, Counter[str]()
    end = time.monotonic() + seconds
    next_hold = next_kill = time.monotonic()
    while (now := time.monotonic()) < end:
        if now >= next_hold:
            if rng.random() < 0.2:
                ground.exchange.partial(rng.choice(("40", "97")))
            if rng.random() < 0.2:
                ground.exchange.late(rng.uniform(0.1, 3))
            ground.hold()
            next_hold = now + rng.uniform(*NEW_EVERY)
        if now >= next_kill:
            victim = rng.choice(VICTIMS)
            kills[victim] += bool(product.kill(victim))
            next_kill = now + rng.uniform(*KILL_EVERY)
        time.sleep(0.05)
    return kills
