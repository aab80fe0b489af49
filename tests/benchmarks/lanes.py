"""The lanes of one run: processes that take turns, each on a database of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.scratch import Scratch
from tests.installation import ANY_KEY, KEPT, ROOT

WARM = 2  # rounds that do not count


@dataclass
class Lane:
    """A process under way: `kind` pass, floor or freqtrade; `times` in ms and `notes`, by scene."""

    kind: str
    place: str
    positions: int
    process: subprocess.Popen[str]
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    notes: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    peak_mb: float = 0

    def step(self, scene: str, *, count: bool) -> None:
        """One repetition, kept when it counts. Raises RuntimeError when the process has died."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{scene}\n")
        self.process.stdin.flush()
        answer = self.answer()
        self.peak_mb = answer["peak_mb"]
        if count:
            self.times[scene].append(answer["ms"])
            self.notes[scene].append(answer["note"])

    def answer(self) -> dict[str, Any]:
        """The next line it prints. Raises RuntimeError when the process has died."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.kind} on {self.place} has ended; what it said is above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Ends the process: its input is over."""
        self.process.communicate(timeout=30)


def start(
    stack: ExitStack,
    kind: str,
    place: str,
    positions: int,
    command: list[str],
    env: dict[str, str],
) -> Lane:
    """A lane that is ready for its first repetition and lives as long as the stack."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    lane = Lane(kind, place, positions, process)
    stack.callback(lane.close)
    lane.answer()
    return lane


def module(name: str, *arguments: object, program: str = sys.executable) -> list[str]:
    """The command of one of this package's programs."""
    return [program, "-m", f"tests.benchmarks.{name}", *map(str, arguments)]


def environ(folder: Path, url: str = "") -> dict[str, str]:
    """Nothing of the caller's environment: a lane must never touch the installation's book."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    own = {"DATA_DIR": str(folder), "SECRET_KEY": ANY_KEY, "PM_WORKER": "1"}
    return kept | own | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "pmsite.settings"}


def product(
    stack: ExitStack, place: Scratch, positions: int, markets: int, rounds: int, folder: Path
) -> tuple[list[Lane], float]:
    """The pass and its floor on `place`, and how long (ms) the first pass took, which judges all."""
    name = f"book{positions}"
    first = _run(module("prepare", positions, markets), environ(folder, place.new(name)))
    tape = folder / f"{place.label}{positions}.pickle"
    record = module("record", markets, rounds + WARM, tape)
    _run(record, environ(folder, place.copy(f"{name}_record", name)))
    urls = place.copy(f"{name}_pass", name), place.copy(f"{name}_floor", name)
    commands = module("whole_pass", markets), module("floor", tape, urls[1])
    lanes = [
        start(stack, kind, place.label, positions, command, environ(folder, url))
        for kind, command, url in zip(("pass", "floor"), commands, urls, strict=True)
    ]
    return lanes, float(json.loads(first)["ms"])


def freqtrade(stack: ExitStack, python: str, trades: int, folder: Path) -> Lane:
    """freqtrade's own cycle in the environment of `python`."""
    command = module("freqtrade_cycle", trades, folder, program=python)
    return start(stack, "freqtrade", "SQLite", trades, command, environ(folder))


def _run(command: list[str], env: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout
