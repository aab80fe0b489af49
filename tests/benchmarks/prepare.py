"""Makes the database every lane starts from: `python -m tests.benchmarks.prepare POSITIONS MARKETS`.

Migrates, fills the book, and lets the pass look at it once: it then has judged every position in
full, as after an import. Prints that first pass's milliseconds as JSON.
"""

from __future__ import annotations

import json
import sys
import time

import django


def main(positions: int, markets: int) -> None:
    """Into the empty database that DATABASE_URL names."""
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from monitoring.engine import run_pass
    from tests.benchmarks.book import fill
    from tests.benchmarks.source import Prices

    call_command("migrate", verbosity=0)
    prices = Prices(markets)
    fill(positions, prices.walk.bids, prices.at)
    began = time.perf_counter()
    result = run_pass(prices.ports())
    ms = (time.perf_counter() - began) * 1000
    if (result.checked, result.exits) != (positions, []):
        raise SystemExit(f"the first pass went wrong: {result.as_json()}")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # autovacuum does that within a minute
    connection.close()  # the last one out folds SQLite's log into the file
    print(json.dumps({"ms": ms}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
