"""A writer that must not wait: `python -m tests.benchmarks.beside FILE`.

One small transaction every 20 ms until its stdin ends; then how long each took, in milliseconds, as
a JSON list. Standard library only.
"""

from __future__ import annotations

import json
import select
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path

EVERY = 0.02


def write(file: Path) -> Iterator[float]:
    """Milliseconds of each transaction: begun as a pass begins, one row changed, committed."""
    database = sqlite3.connect(file, timeout=20, isolation_level=None)
    database.execute("PRAGMA synchronous=FULL")
    while not select.select([sys.stdin], [], [], EVERY)[0]:
        began = time.perf_counter()
        database.execute("BEGIN IMMEDIATE")
        database.execute(
            "INSERT INTO monitoring_heartbeat (name, at) VALUES ('bench', '2026-11-22 12:00:00')"
            " ON CONFLICT (name) DO UPDATE SET at = excluded.at"
        )
        database.execute("COMMIT")
        yield (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    print(json.dumps(list(write(Path(sys.argv[1])))))
