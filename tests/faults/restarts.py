"""Redis and PostgreSQL crash under the running product and come back: it has to go on by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from tests.faults.ground import Ground
from tests.faults.ledger import Verdict
from tests.faults.processes import Product, recovered
from tests.servers import wait_until

BEFORE, AWAY, AFTER = 10.0, 20.0, 10.0  # seconds of work with the server, without it, with it again
HOLD_EVERY = 2.0


@dataclass(frozen=True)
class Restarted:
    """Seconds: `back` from the server's return to the end of the first complete pass, `gap` the
    longest between the ends of two, `done` until the last position was sold and told.
    """

    back: float
    gap: float
    done: float
    restarts: int
    verdict: Verdict


def restarted(
    product: Product, stop: Callable[[], object], start: Callable[[], object]
) -> Restarted:
    """Positions keep coming, also while the server is away (their making waits for it)."""
    ground = product.ground
    pids = product.parts()
    _work(ground, BEFORE)
    stop()
    time.sleep(AWAY)
    start()
    returned = time.time()
    wait_until(lambda: _ends(ground)[-1] > returned, seconds=90, what="a pass after the return")
    _work(ground, AFTER)
    worked = time.monotonic()
    recovered(product, 90)
    done = time.monotonic() - worked
    ends = _ends(ground)
    back = min(end for end in ends if end > returned) - returned
    gap = max(after - before for before, after in pairwise(ends))
    restarts = sum(pids.get(name) != pid for name, pid in product.parts().items())
    return Restarted(back, gap, done, restarts, ground.verdict())


def _work(ground: Ground, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ground.hold()
        time.sleep(HOLD_EVERY)


def _ends(ground: Ground) -> list[float]:
    """When the complete passes ended."""
    rows = ground.installation.query(
        "SELECT finished_at FROM monitoring_monitorrun WHERE state = 'complete' ORDER BY id"
    )
    return [unix(row[0]) for row in rows]


def unix(value: object) -> float:
    """A time as either database's driver gives it, in unix seconds."""
    if isinstance(value, datetime):
        return value.timestamp()
    return datetime.fromisoformat(str(value)).replace(tzinfo=UTC).timestamp()
