"""Values between raw SQL rows and Python, and one statement for many rows on either database.

The ORM's `bulk_update` takes seconds where these take milliseconds (docs/benchmarks.md); nothing
outside a pass needs them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from django.db import DatabaseError, connection, transaction

logger = logging.getLogger(__name__)

# What a value that no column takes raises, in a driver or in the database.
REFUSALS = (DatabaseError, UnicodeError, ValueError)
PG_TYPES = {
    "key": "bigint",
    "numeric": "numeric",
    "text": "text",
    "time": "timestamptz",
    "float": "float8",
}


@cache
def on_postgres() -> bool:
    """Which database this process speaks to. Asking Django's connection costs a microsecond, and a
    pass asks ten thousand times.
    """
    return connection.vendor == "postgresql"


@lru_cache(maxsize=1024)  # the markets of one answer share their time
def stamp(value: datetime | None) -> Any:
    """A time as a parameter of raw SQL, just as Django itself would write it."""
    if value is None or on_postgres():
        return value
    # SQLite holds UTC without saying so: cut the +00:00.
    return value.astimezone(UTC).isoformat(" ")[:-6]


def bare(column: str) -> str:
    """A time column as the database holds it: fit to be compared with a `stamp`, to be written back
    unread, or for `time_of`. An expression has no declared type, for which SQLite's driver would
    call Python code with each value.
    """
    return f"coalesce({column}, NULL)"


def time_of(value: Any) -> datetime | None:
    """A time of a raw row."""
    if isinstance(value, str):
        return datetime.fromisoformat(f"{value}+00:00")
    # SQLite holds UTC without saying so, PostgreSQL says it.
    time: datetime | None = value
    return time if time is None or time.tzinfo else time.replace(tzinfo=UTC)


def decimal_of(value: Any) -> Decimal | None:
    """An exact decimal column of a raw row."""
    return None if value is None else Decimal(value)


def exact(value: Decimal | None) -> Any:
    """An exact decimal as a parameter of raw SQL."""
    return value if value is None or on_postgres() else format(value, "f")


AMONG = (
    "= ANY(%s)"
    if on_postgres()
    # The numbers of one JSON list, because a statement holds no more than 32,766 parameters.
    else "IN (SELECT value FROM json_each(%s))"
)


def among(ids: Collection[int]) -> Any:
    """The parameter of `column AMONG`."""
    return list(ids) if on_postgres() else json.dumps(list(ids))


def json_of(value: Any) -> Any:
    """A JSON column of a raw row."""
    return json.loads(value) if isinstance(value, str) else value


def fetch(query: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def execute(query: str, params: Sequence[Any] = ()) -> int:
    """Runs one statement; the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        touched: int = cursor.rowcount
        return touched


def update_many(
    table: str, key: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]
) -> None:
    """One UPDATE by key for many rows: (new values in column order, key last) each.

    `columns`: (name, kind) with kind numeric, text, time or float.
    """
    if not rows:
        return
    if not on_postgres():
        sets = ", ".join(f"{name}=%s" for name, _kind in columns)
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {table} SET {sets} WHERE {key}=%s", rows)
        return
    names = ", ".join(name for name, _kind in columns)
    sets = ", ".join(f"{name}=v.{name}" for name, _kind in columns)
    arrays = _arrays([*columns, (key, "key")])
    execute(
        f"UPDATE {table} t SET {sets} FROM unnest({arrays}) AS v({names}, {key})"
        f" WHERE t.{key}=v.{key}",
        [_array(column) for column in zip(*rows, strict=True)],
    )


def update_each(
    table: str, key: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]
) -> list[Any]:
    """As `update_many`, but a row that the database refuses harms no other: then each is written
    by itself. Returns the keys of the refused ones. To be called inside a transaction.
    """
    try:
        with transaction.atomic():
            update_many(table, key, columns, rows)
    except REFUSALS:
        return [row[-1] for row in rows if not _written(table, key, columns, row)]
    return []


def _written(table: str, key: str, columns: Sequence[tuple[str, str]], row: Sequence[Any]) -> bool:
    try:
        with transaction.atomic():
            update_many(table, key, columns, [row])
    except REFUSALS:
        logger.exception("%s %s could not be written", table, row[-1])
        return False
    return True


def insert_many(
    table: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]
) -> None:
    """One INSERT for many rows; kinds as in `update_many`, plus `key`."""
    if not rows:
        return
    names = ", ".join(name for name, _kind in columns)
    if not on_postgres():
        marks = ", ".join("%s" for _ in columns)
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
        return
    execute(
        f"INSERT INTO {table} ({names}) SELECT * FROM unnest({_arrays(columns)})",
        [_array(column) for column in zip(*rows, strict=True)],
    )


def _arrays(columns: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"%s::{PG_TYPES[kind]}[]" for _name, kind in columns)


def _array(values: Sequence[Any]) -> str:
    """A PostgreSQL array as one text: psycopg writes, and the server reads, lists far slower."""
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: Any) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return "NULL" if value is None else str(value)
