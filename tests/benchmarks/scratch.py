"""Scratch databases for the lanes: SQLite files or databases of a PostgreSQL server, never the book.

Each `template` is filled once; every lane then works on a copy of its own.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier

from tests.servers import postgres_programs, running_postgres


class Scratch(Protocol):
    """A place for databases by name; `label` as the table shows it, `version` of the engine."""

    label: str
    version: str

    def new(self, name: str) -> str:
        """The DATABASE_URL of an empty database."""

    def copy(self, name: str, source: str) -> str:
        """The DATABASE_URL of a copy of the database `source`, which nobody uses meanwhile."""


class SqliteFiles:
    """Files in one folder, which the caller removes."""

    label = "SQLite"

    def __init__(self, folder: Path) -> None:
        self.folder, self.version = folder, sqlite3.sqlite_version

    def new(self, name: str) -> str:
        return f"sqlite:///{self._path(name)}"

    def copy(self, name: str, source: str) -> str:
        shutil.copy(self._path(source), self._path(name))
        return self.new(name)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.sqlite3"


class PostgresServer:
    """Databases named `pm_bench_…` on a server; `close` drops them."""

    label = "PostgreSQL"

    def __init__(self, url: str) -> None:
        """`url` of any database there whose user may create others."""
        self.url, self.made = url, set[str]()
        self.version = self._run("SHOW server_version").split()[0]

    def new(self, name: str) -> str:
        self._run("CREATE DATABASE {}", name)
        return self._note(name)

    def copy(self, name: str, source: str) -> str:
        self._run("CREATE DATABASE {} TEMPLATE {}", name, source)
        return self._note(name)

    def close(self) -> None:
        for name in self.made:
            self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _note(self, name: str) -> str:
        self.made.add(name)
        parts = urlsplit(self.url)
        return parts._replace(path=f"/pm_bench_{name}").geturl()

    def _run(self, statement: str, *names: str) -> str:
        query = SQL(statement).format(*(Identifier(f"pm_bench_{name}") for name in names))
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(query)
            rows = cursor.fetchall() if cursor.description else []
        return str(rows[0][0]) if rows else ""


@contextmanager
def places(folder: Path, url: str | None) -> Iterator[tuple[list[Scratch], str]]:
    """SQLite and PostgreSQL, as far as they are here, and a line about what is missing.

    PostgreSQL is the server `url` names, else a private one with its ordinary, durable settings.
    """
    with ExitStack() as stack:
        found: list[Scratch] = [SqliteFiles(folder)]
        if url is None:
            programs = postgres_programs()
            if programs is None:
                missing = (
                    "PostgreSQL: not measured, it is not installed here and no --database given"
                )
                yield found, missing
                return
            url = f"{stack.enter_context(running_postgres(programs, durable=True)).url}postgres"
        server = PostgresServer(url)
        stack.callback(server.close)
        yield [*found, server], ""
