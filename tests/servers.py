"""Private PostgreSQL and Redis servers on loopback, each in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Self

import psycopg


def free_port() -> int:
    """A loopback port nobody listens on now. Somebody may take it before you: try again then."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(done: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """The first true answer of `done`, asked ten times a second. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while True:
        answer = done()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.1)


def postgres_programs() -> Path | None:
    """The folder of initdb and pg_ctl: on PATH, or where Debian keeps its versions."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda path: float(path.parts[-3]), default=None)
    return newest.parent if newest else None


def chromium_program() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


class Postgres:
    """One server for a test run; `database()` makes an empty database in it.

    `control("stop")` kills it as a crash would, `control("start")` has it back on its port; only for
    those who have the server for themselves.
    """

    def __init__(self, url: str, control: Callable[[str], None] | None = None) -> None:
        self.url = url  # without a database's name, with a trailing slash
        self.control = control
        self.numbers = count(1)

    def database(self) -> str:
        """The DATABASE_URL of a new, empty database."""
        name = f"run{os.getpid()}_{next(self.numbers)}"
        with closing(psycopg.connect(f"{self.url}postgres", autocommit=True)) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return f"{self.url}{name}"


@contextmanager
def running_postgres(programs: Path, *, durable: bool = False) -> Iterator[Postgres]:
    """A server that lives as long as the block. PostgreSQL refuses to run as root: then another.

    `durable`: with its ordinary settings, as a benchmark wants it.
    """
    home = Path(tempfile.mkdtemp(prefix="pm-postgres-"))
    user = _unprivileged()
    if user:
        shutil.chown(home, user)
    prefix = ["runuser", "-u", user, "--"] if user else []

    def run(program: str, *args: str) -> None:
        command = [*prefix, str(programs / program), *args]
        subprocess.run(command, check=True, cwd=home, stdout=subprocess.DEVNULL)

    data, port = str(home / "data"), free_port()
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={home}"
    # Nobody pulls this machine's plug: what is tested is our processes' death, not the server's.
    options += " -c max_connections=60" + ("" if durable else " -c fsync=off")
    run("initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8")

    def control(what: str) -> None:
        how = ("-l", str(home / "log"), "-o", options) if what == "start" else ("-m", "immediate")
        run("pg_ctl", "-D", data, *how, "-w", what)

    control("start")
    try:
        yield Postgres(f"postgres://postgres@127.0.0.1:{port}/", control)
    finally:
        with suppress(subprocess.CalledProcessError):  # a test has stopped it already
            control("stop")
        shutil.rmtree(home, ignore_errors=True)


def _unprivileged() -> str | None:
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


class Redis:
    """A server that can be stopped and started again on its port; it keeps nothing."""

    def __init__(self) -> None:
        self.port = free_port()
        self.home = tempfile.mkdtemp(prefix="pm-redis-")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> Self:
        command = f"redis-server --port {self.port} --bind 127.0.0.1 --appendonly no --dir".split()
        self.process = subprocess.Popen(
            [*command, self.home, "--save", ""], stdout=subprocess.DEVNULL
        )
        wait_until(self._answers, seconds=10, what="redis-server's start")
        return self

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def crash(self) -> None:
        """Ends it as `kill -9` does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True
