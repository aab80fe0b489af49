"""The table of what a power cut leaves."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.faults.powercut import compiler, cut_everywhere, record
from tests.faults.printing import heading
from tests.servers import Postgres


def powercuts(name: str, server: Postgres | None, options: argparse.Namespace) -> list[str]:
    """What SQLite's files hold after a power cut, as the product sets it and set weaker."""
    if server is not None:
        return []  # PostgreSQL's own promise
    if compiler() is None:
        print("\nNo C compiler on Linux here: no power was cut.")
        return []
    print("\nPower cuts, SQLite: unsynced sectors lost, all or by chance\n")
    heading("synchronous", "cuts", "acknowledged", "lost", "databases damaged")
    wrong: list[str] = []
    for level in ("FULL", "NORMAL", "OFF"):
        with tempfile.TemporaryDirectory(prefix="pm-powercut-") as folder:
            made = record(Path(folder), exits=60, level=level)
            found = cut_everywhere(made, Path(folder), cuts=500, seed=options.seed)
        counts = (found.cuts, found.promises, len(found.lost), len(found.broken))
        print(f"| {level} | {' | '.join(map(str, counts))} |", flush=True)
        wrong += [*found.lost, *found.broken] if level == "FULL" else []
    return [f"{name}, power cut: {text}" for text in wrong]
