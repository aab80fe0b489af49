"""Writes down every statement of some passes, so that the bare driver can do the same work.

`python -m tests.benchmarks.record MARKETS ROUNDS FILE`, on the database that DATABASE_URL names.
The file is a pickle of a list of passes, one for each scene of each round, each a list of
`Statement`.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import Any

import django
from django.db import connection, transaction
from psycopg.types.json import Jsonb

from tests.benchmarks.floor import COMMIT, Statement
from tests.benchmarks.walk import SCENES, order


class Recorder:
    """Django's execute_wrapper; knows a transaction's end by its on_commit."""

    def __init__(self) -> None:
        self.passes: list[list[Statement]] = []
        self.inside = False

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        rows = [bare(row) for row in params] if many else bare(params or ())
        done = execute(sql, params, many, context)
        begins = connection.in_atomic_block and not self.inside
        if begins:
            self.inside = True
            transaction.on_commit(self._committed)
        if connection.vendor == "sqlite":
            sql = sql.replace("%s", "?").replace("%%", "%")
        self.passes[-1].append(Statement(sql, rows, many, begins))
        return done

    def _committed(self) -> None:
        self.inside = False
        self.passes[-1].append(Statement(COMMIT, (), many=False, begins=False))


def bare(row: Any) -> Any:
    """Parameters as the driver takes them, and fit for a pickle that knows no Django."""
    return tuple(_bare(value) for value in row)


def _bare(value: Any) -> Any:
    if isinstance(value, Jsonb):
        return Jsonb(value.obj)
    return value.value if isinstance(value, Enum) else value


def main(markets: int, rounds: int, target: Path) -> None:
    django.setup()
    from monitoring.engine import run_pass
    from tests.benchmarks.source import Prices

    prices, recorder = Prices(markets), Recorder()
    with connection.execute_wrapper(recorder):
        for scene in chain.from_iterable(order(rounds)):
            prices.advance(SCENES[scene])
            recorder.passes.append([])
            run_pass(prices.ports())
    target.write_bytes(pickle.dumps(recorder.passes))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
