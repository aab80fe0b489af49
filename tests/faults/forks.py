"""Work in a forked process: a process like any other for the database, the lease and SIGKILL, at a
twentieth of what a new interpreter costs.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Sequence

from django.db import connections

Told = Callable[[str], None]


def in_a_fork(work: Callable[[Told], None]) -> tuple[list[str], int]:
    """What `work` told line by line, and the process's wait status."""
    return in_forks([work])[0]


def in_forks(works: Sequence[Callable[[Told], None]]) -> list[tuple[list[str], int]]:
    """The same for several processes at once."""
    connections.close_all()  # a fork must not share them
    running = [_forked(work) for work in works]
    ended = []
    for pid, reading in running:
        with os.fdopen(reading, encoding="utf-8") as pipe:
            lines = pipe.read().splitlines()
        ended.append((lines, os.waitpid(pid, 0)[1]))
    return ended


def _forked(work: Callable[[Told], None]) -> tuple[int, int]:
    """The process's id and the end of the pipe that it tells into."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        code = 1
        try:
            work(lambda line: _write(writing, line))
            code = 0
        except BaseException:  # noqa: BLE001  a fork must not go on as its parent
            traceback.print_exc()
        os._exit(code)
    os.close(writing)
    return pid, reading


def _write(file: int, line: str) -> None:
    text = f"{line}\n".encode()
    while text:
        text = text[os.write(file, text) :]
