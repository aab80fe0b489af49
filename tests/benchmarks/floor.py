"""The floor: the statements of the same passes through the bare driver, nothing else.

`python -m tests.benchmarks.floor FILE DATABASE_URL`; FILE is what `record` wrote from another copy
of the same database. Every row read is fetched, every transaction committed; nothing is judged.
"""

from __future__ import annotations

import pickle
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from pmsite.database import sqlite_options
from tests.benchmarks.lines import serve

COMMIT = "COMMIT"


class Statement(NamedTuple):
    """One call of the driver; `begins` a transaction, which a statement COMMIT ends."""

    sql: str
    params: Any
    many: bool
    begins: bool


def on_sqlite(path: str) -> Callable[[list[Statement]], None]:
    """Runs statements on a file tuned as the product tunes it; BEGIN IMMEDIATE is among them."""
    options = sqlite_options(worker=True)
    connection = sqlite3.connect(path, timeout=options["timeout"], isolation_level=None)
    connection.executescript(options["init_command"])

    def run(statements: list[Statement]) -> None:
        for statement in statements:
            if statement.many:
                connection.executemany(statement.sql, statement.params)
            else:
                connection.execute(statement.sql, statement.params).fetchall()

    return run


def on_postgres(url: str) -> Callable[[list[Statement]], None]:
    """Runs statements with Django's way of binding parameters (in the client)."""
    connection = psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor)

    def run(statements: list[Statement]) -> None:
        for statement in statements:
            if statement.sql == COMMIT:
                connection.commit()
                connection.autocommit = True
                continue
            if statement.begins:
                connection.autocommit = False
            cursor = connection.cursor()
            sql = statement.sql.encode()
            if statement.many:
                cursor.executemany(sql, statement.params)
            else:
                cursor.execute(sql, statement.params or None)
                if cursor.description:
                    cursor.fetchall()

    return run


def main(source: Path, url: str) -> None:
    passes = iter(pickle.loads(source.read_bytes()))  # written by `record`, a minute ago
    run = on_postgres(url) if url.startswith("postgres") else on_sqlite(url.split("//", 1)[1][1:])
    waiting: list[list[Statement]] = []

    def step() -> int:
        statements = waiting.pop()
        run(statements)
        return len(statements)

    serve(lambda _scene: waiting.append(next(passes)), step, int)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
