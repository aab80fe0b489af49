"""How fast a queue of alerts leaves through Discord's rate limit: `python -m tests.benchmarks.drain`.

The worker's own sender against a local Discord that counts every window, beside the theoretical
minimum: a full bucket at once, then another one whenever its time is over.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.discord import DiscordServer
from tests.faults.ground import Ground
from tests.servers import wait_until

ALLOWED = 1.10  # times the theoretical minimum


@dataclass(frozen=True)
class Drained:
    """`seconds` from the first message's arrival to the last one's; `minimum` in seconds, too."""

    alerts: int
    arrived: int
    seconds: float
    minimum: float
    refused: int  # 429s
    refused_in_a_window: int  # at most
    early: int
    in_order: bool

    @property
    def ratio(self) -> float:
        return self.seconds / self.minimum if self.minimum else 1.0

    @property
    def wrong(self) -> bool:
        return bool(self.early) or self.arrived < self.alerts or not self.in_order


def drain(ground: Ground, *, alerts: int, limit: int, per: float) -> Drained:
    """Write so many alerts, then start a worker and wait until its queue is empty."""
    ground.discord.set_bucket(limit, per)
    ground.hand.ask("tell", count=alerts)
    worker = ground.installation.start("run_worker")
    try:
        longest = 60 + 3 * alerts / limit * per
        wait_until(lambda: not ground.untold(), seconds=longest, what="an empty queue")
    finally:
        worker.terminate()
        worker.wait(30)
    return _measured(ground.discord, alerts, limit, per)


def _measured(discord: DiscordServer, alerts: int, limit: int, per: float) -> Drained:
    """What the house has to say besides (that it was not watched) takes a place like any other."""
    messages = discord.sent(delivered=False)
    arrived = [message for message in messages if message["delivered"]]
    numbers = [_number(message) for message in arrived]
    began = arrived[0]["at"]
    refused = Counter(int((m["at"] - began) / per) for m in messages if m["status"] == 429)
    return Drained(
        alerts,
        len(set(numbers)),
        arrived[-1]["at"] - began,
        (len(arrived) - 1) // limit * per,
        refused.total(),
        max(refused.values(), default=0),
        len(discord.early),
        numbers == sorted(set(numbers)),
    )


def _number(message: dict[str, Any]) -> int:
    return int(message["payload"]["embeds"][0]["footer"]["text"].rpartition(" ")[2])


def main() -> int:
    """Prints the figures; 1 when an alert was lost or came early, or the ratio is above 1.1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=200)
    parser.add_argument("--bucket", default="5/2", metavar="N/SECONDS")
    options = parser.parse_args()
    limit, _, per = options.bucket.partition("/")
    with (
        tempfile.TemporaryDirectory(prefix="pm-drain-") as home,
        Ground(Path(home), None, venue=False) as ground,
    ):
        found = drain(ground, alerts=options.alerts, limit=int(limit), per=float(per))
    print(f"{found.alerts} alerts into {limit} per {per} s: {found.arrived} arrived", end=", ")
    print("in order" if found.in_order else "NOT in order")
    print(f"{found.seconds:.2f} s, minimum {found.minimum:g} s: {found.ratio:.3f} times")
    print(f"429s: {found.refused}, at most {found.refused_in_a_window} in a window")
    print(f"sent before the allowed time: {found.early}")
    return int(found.wrong or found.ratio > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
