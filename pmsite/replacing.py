"""Puts a restored database and its key in the place of the present ones: whole, or not at all.

The plan file is the one commit point. Before it is there nothing was touched. Once it is there,
whoever starts next carries it out to its end, before key or database are read (pmsite.env); each
step may be repeated. Standard library only: it runs before Django.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

PLAN = "replacing.json"
# A log left beside another database would be folded into it: it goes aside with its own.
COMPANIONS = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Swap:
    """`staged` takes the place of `target`, which is kept as `aside`; absolute paths, each pair on
    one file system.
    """

    staged: str
    target: str
    aside: str


def commit(folder: Path, swaps: Sequence[Swap]) -> None:
    """Writes the plan down; from here on the new files count. Raises OSError: nothing was done."""
    temporary = folder / f"{PLAN}.{os.getpid()}"
    try:
        with temporary.open("w", encoding="utf-8") as file:
            json.dump([asdict(swap) for swap in swaps], file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / PLAN)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(folder)


def finish(folder: Path) -> bool:
    """Carries out a plan that lies in `folder`; whether there was one. Raises OSError."""
    plan = folder / PLAN
    try:
        file = plan.open(encoding="utf-8")
    except FileNotFoundError:
        return False
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)  # web and worker may start together
        if not plan.exists() or plan.stat().st_ino != os.fstat(file.fileno()).st_ino:
            return False  # whoever held it has carried it out
        for row in json.load(file):
            _swap(Swap(**row))
        plan.unlink()
    sync_folder(folder)
    return True


def _swap(swap: Swap) -> None:
    staged, target, aside = Path(swap.staged), Path(swap.target), Path(swap.aside)
    if not staged.exists():  # it is in place already
        return
    for suffix in COMPANIONS:
        old, kept = Path(f"{target}{suffix}"), Path(f"{aside}{suffix}")
        if old.exists() and not kept.exists():
            old.replace(kept)
    staged.replace(target)
    sync_folder(aside.parent)
    sync_folder(target.parent)
    with suppress(OSError):  # the folder it was made in, once it is empty
        staged.parent.rmdir()


def sync_folder(folder: Path) -> None:
    """Makes renames in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
