"""Work in a forked process: a process like any other for the database, the lease and SIGKILL, at a
twentieth of what a new interpreter costs.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable

from django.db import connections

Told = Callable[[str], None]


def in_a_fork(work: Callable[[Told], None]) -> tuple[list[str], int]:
    """What `work` told line by line, and the process's wait status."""
    connections.close_all()  # a fork must not share them
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
    with os.fdopen(reading, encoding="utf-8") as pipe:
        lines = pipe.read().splitlines()
    return lines, os.waitpid(pid, 0)[1]


def _write(file: int, line: str) -> None:
    text = f"{line}\n".encode()
    while text:
        text = text[os.write(file, text) :]
