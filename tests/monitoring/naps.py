"""A long task for tests of the worker: leaves a file at its start and another at its end."""

from __future__ import annotations

import time
from pathlib import Path


def nap(folder: str, seconds: float) -> None:
    Path(folder, "began").touch()
    time.sleep(seconds)
    Path(folder, "ended").touch()
