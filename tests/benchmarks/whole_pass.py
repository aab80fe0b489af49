"""The lane of the product: whole passes, from loading the markets to the last commit.

`python -m tests.benchmarks.whole_pass MARKETS`, on the database that DATABASE_URL names.
"""

from __future__ import annotations

import sys

import django

from tests.benchmarks.lines import serve


def main(markets: int) -> None:
    """Serves passes; the note of each says how many positions it judged in full."""
    django.setup()
    from django.db import connection

    from monitoring.engine import PassResult, run_pass
    from tests.benchmarks.source import Prices

    prices = Prices(markets)
    ports = prices.ports()
    connection.ensure_connection()  # the worker keeps its own

    def step() -> PassResult:
        return run_pass(ports)

    def note(result: PassResult) -> object:
        if result.exits or result.unpriced or not result.complete:
            raise SystemExit(f"a pass went wrong: {result.as_json()}")
        with connection.cursor() as cursor:
            query = "SELECT count(*) FROM positions_mark WHERE judged_at >= %s"
            cursor.execute(query, [connection.ops.adapt_datetimefield_value(prices.at)])
            return cursor.fetchone()[0]

    serve(prices.advance, step, note)


if __name__ == "__main__":
    main(int(sys.argv[1]))
