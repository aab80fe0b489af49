"""A whole installation of the product in processes of its own, as a user would run it."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from tests.servers import free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT", "COVERAGE_PROCESS_START")
ANY_KEY = "a key for tests only, with nothing behind it"


class Installation:
    """DATA_DIR, port and database of its own; nothing of the developer's environment but PATH.

    `environ` are the contract's variables, as strings. Close it: every process it started, and
    whatever those left behind, is killed.
    """

    def __init__(self, home: Path, *, database_url: str | None = None, **environ: str) -> None:
        self.home = home
        self.port = free_port()
        self.environ = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.environ |= {"DATA_DIR": str(home), "PORT": str(self.port), "PYTHONUNBUFFERED": "1"}
        self.environ |= {"NEWS_QUERY_URL": "off"}  # its default is in the open internet
        if database_url:
            self.environ |= {"DATABASE_URL": database_url, "SECRET_KEY": ANY_KEY}
        self.environ |= environ
        self.database_url = database_url
        self.processes: list[subprocess.Popen[bytes]] = []
        self.logs: dict[int, Path] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one command to its end; stdout and stderr as text."""
        return subprocess.run(
            [sys.executable, "manage.py", *args],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            check=check,
            timeout=120,
        )

    def prepare(self) -> None:
        """An empty database of this version. On SQLite a copy: migrating costs two seconds of
        processor, which many installations at once do not have.
        """
        if self.database_url:
            self.manage("migrate", "-v0")
            return
        file = self.home / "db.sqlite3"
        shutil.copyfile(migrated(), file)
        file.chmod(0o600)

    def start(self, *args: str) -> subprocess.Popen[bytes]:
        """Start a command in a session of its own; what it prints goes to `output(process)`."""
        with tempfile.NamedTemporaryFile(dir=self.home, suffix=".log", delete=False) as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", *args],
                cwd=ROOT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.logs[process.pid] = Path(log.name)
        self.processes.append(process)
        return process

    def output(self, process: subprocess.Popen[bytes]) -> str:
        return self.logs[process.pid].read_text(encoding="utf-8", errors="replace")

    def wait_for_output(self, process: subprocess.Popen[bytes], text: str, seconds: float) -> None:
        """Raises TimeoutError, with what was printed instead, when `text` does not come."""
        try:
            wait_until(lambda: text in self.output(process), seconds=seconds, what=repr(text))
        except TimeoutError as error:
            error.add_note(self.output(process))
            raise

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows straight from the database, without the product's code; `?` marks a value."""
        if self.database_url:
            with closing(psycopg.connect(self.database_url, autocommit=True)) as connection:
                cursor = connection.execute(sql.replace("?", "%s").encode(), values)
                return cursor.fetchall() if cursor.description else []
        path = self.home / "db.sqlite3"
        with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as file:
            return file.execute(sql, values).fetchall()

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a GET without a login; status 0 while nobody listens."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def close(self) -> None:
        for process in self.processes:
            family = descendants(process.pid)
            process.kill()
            process.wait()
            for pid in family:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@cache
def migrated() -> Path:
    """An empty SQLite database of this version, made once a process."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    Installation(Path(folder.name)).manage("migrate", "-v0")
    return Path(folder.name) / "db.sqlite3"


NewInstallation = Callable[..., Installation]


def parents() -> dict[int, int]:
    """{pid: parent's pid} of every living process (zombies are dead)."""
    listing = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True
    )
    rows = (line.split() for line in listing.stdout.splitlines())
    return {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}


def children(pid: int) -> list[int]:
    """The living children of a process, oldest first; by their start, for pids begin anew at 1."""
    found = [child for child, parent in parents().items() if parent == pid]
    return sorted(found, key=lambda child: (_started(child), child))


def _started(pid: int) -> int:
    """Ticks from boot to the start of a process; 0 where that is not to be had."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    except OSError:
        return 0


def descendants(pid: int) -> list[int]:
    """Children, their children and so on."""
    tree = parents()
    found = [pid]
    for known in found:
        found += [child for child, parent in tree.items() if parent == known]
    return found[1:]


def alive(pids: list[int]) -> list[int]:
    """Those of `pids` that still run."""
    living = parents()
    return [pid for pid in pids if pid in living]
