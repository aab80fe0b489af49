"""A consistent copy of a SQLite database in use, and what stands in it. No Django: bare driver."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


class DamagedError(Exception):
    """The database is not whole; the text is SQLite's own finding."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a copy holds: rows of each table, applied migrations by app, newest journal id."""

    rows: dict[str, int]
    migrations: dict[str, list[str]]
    journal: int
    open_positions: int


def copy(source: Path, target: Path) -> None:
    """Everything that was committed before the call, as one file. Writers go on meanwhile: under
    WAL the copy is one read of one moment, and a reader blocks nobody.

    Raises sqlite3.Error, on a full disk too.
    """
    url = f"file:{quote(str(source))}?mode=ro"
    with (
        closing(sqlite3.connect(url, uri=True, timeout=20)) as old,
        closing(sqlite3.connect(target, isolation_level=None)) as new,
    ):
        old.backup(new)  # all pages in one step: in parts it would begin anew at each write
        new.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it


def check(path: Path) -> None:
    """Raises DamagedError when pages, indexes or references are broken."""
    with closing(_read(path)) as file:
        try:
            found = [row[0] for row in file.execute("PRAGMA integrity_check(1)")]
            strays = file.execute("PRAGMA foreign_key_check").fetchone()
        except sqlite3.DatabaseError as error:
            raise DamagedError(str(error)) from error
    if found != ["ok"]:
        raise DamagedError(str(found[0]))
    if strays:
        raise DamagedError(f"{strays[0]}: row {strays[1]} refers to nothing in {strays[2]}")


def contents(path: Path) -> Contents:
    """Raises sqlite3.Error when it is no database of ours."""
    with closing(_read(path)) as file:
        names = [
            row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        rows = {
            name: file.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608  its own
            for name in sorted(names)
            if not name.startswith("sqlite_")
        }
        migrations: dict[str, list[str]] = {}
        for app, name in file.execute("SELECT app, name FROM django_migrations ORDER BY app, name"):
            migrations.setdefault(app, []).append(name)
        journal = file.execute("SELECT coalesce(max(id), 0) FROM positions_journalentry").fetchone()
        held = "SELECT count(*) FROM positions_position WHERE state = 'open'"
        return Contents(rows, migrations, journal[0], file.execute(held).fetchone()[0])


def sequences(path: Path) -> dict[str, int]:
    """The highest id that each table has ever given out; empty when the file cannot be read."""
    if not path.exists():
        return {}
    try:
        with closing(_read(path)) as file:
            return dict(file.execute("SELECT name, seq FROM sqlite_sequence"))
    except sqlite3.Error:
        return {}


def _read(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=20)
