"""Which processes use the SQLite database: each holds a shared lock from its start to its end.

The kernel lets go of it however a process dies, and a child that outlives its parent still holds
it. `restore` takes the lock alone or not at all; who starts meanwhile is sent away. PostgreSQL
knows its clients itself (`monitoring.keeping.postgres`).
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from django.db import connection
from django.utils.translation import gettext as _

_held: dict[Path, int] = {}


class InUseError(Exception):
    """Other processes use the database; the text names them."""


def database_path() -> Path | None:
    """The SQLite file of these settings; None with another database or one in memory."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or ":memory:" in name or "mode=memory" in name:
        return None
    return Path(name)


def announce() -> None:
    """Called once by every process, before its first query. Raises SystemExit during a restore."""
    path = database_path()
    if path is None or path in _held:
        return
    try:
        _held[path] = _open(path)
    except OSError:  # no such folder: the first query says it better
        return
    try:
        fcntl.flock(_held[path], fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit(_("A restore is under way; start again when it has ended.")) from None


def claim() -> None:
    """Has the database alone until this process ends. Raises InUseError."""
    path = database_path()
    if path is None:
        return
    if path not in _held:
        _held[path] = _open(path)
    try:
        fcntl.flock(_held[path], fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        names = ", ".join(holders(_lock_file(path))) or _("a process of another container or user")
        raise InUseError(names) from None


def holders(lock: Path) -> list[str]:
    """`1234 (manage.py up)` for each other process that holds the lock; Linux only, else none."""
    try:
        inode, table = lock.stat().st_ino, Path("/proc/locks").read_text(encoding="ascii")
    except OSError:
        return []
    rows = (line.split() for line in table.splitlines() if "FLOCK" in line and "->" not in line)
    pids = {int(row[4]) for row in rows if row[5].rpartition(":")[2] == str(inode)}
    return [_named(pid) for pid in sorted(pids - {os.getpid(), 0, -1})]


def _named(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return str(pid)
    return f"{pid} ({' '.join(Path(words[0]).name if n == 0 else w for n, w in enumerate(words)).strip()[:60]})"


def _lock_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _open(path: Path) -> int:
    # Read-only is enough to lock, and then another user's file does not keep us out.
    return os.open(_lock_file(path), os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
