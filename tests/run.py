"""The whole suite: everything on SQLite, and beside it the database's tests on PostgreSQL, the pages
and the tests that kill processes.

`python -m tests.run [pytest's arguments]`. The closing line adds both rounds up and names the parts
that could not run for want of a program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.installation import ANY_KEY, ROOT
from tests.servers import postgres_programs, running_postgres

# Marks whose tests mostly wait: each has a round of its own beside the others. With the folders in
# which they all lie: collecting the whole suite costs each round eight seconds of processor.
LANES = {"browser": ("tests/browser",), "faults": ("tests/faults", "tests/oracle"), "processes": ()}


def main(arguments: list[str]) -> int:
    """Run all rounds; 0 when nothing failed."""
    tally = Tally()
    with ExitStack() as stack:
        programs = postgres_programs()
        environ: dict[str, str] = {}
        if programs:
            server = stack.enter_context(running_postgres(programs))
            environ["PM_TEST_POSTGRES"] = server.url
        chosen = "-m" in arguments  # then the caller's own selection is the whole of it
        beside = [] if chosen else lanes(environ, arguments)
        if programs:
            on_postgres = environ | {"DATABASE_URL": server.database(), "SECRET_KEY": ANY_KEY}
            beside.append(Round(["-m", "both_dbs"], on_postgres, arguments, quiet=True))
        else:
            tally.missing.add("PostgreSQL")
        rest = " and ".join(f"not {mark}" for mark in LANES)
        Round([] if chosen else ["-m", rest], environ, arguments).end(tally)
        for lane in beside:
            lane.end(tally)
    if tally.missing and os.environ.get("CI", "").lower() in {"true", "1"}:
        tally.codes.append(1)
    print(closing_line(tally.totals, tally.missing), flush=True)
    # 5: a round's selection held no test.
    return max((code for code in tally.codes if code != 5), default=5)


def lanes(environ: dict[str, str], arguments: Sequence[str]) -> list[Round]:
    """The rounds beside; in their folders, unless the caller names paths of his own."""
    named = any(not argument.startswith("-") for argument in arguments)
    return [
        Round(["-m", mark, *(() if named else folders)], environ, arguments, quiet=True)
        for mark, folders in LANES.items()
    ]


@dataclass
class Tally:
    """What all rounds brought."""

    totals: Counter[str] = field(default_factory=Counter)
    missing: set[str] = field(default_factory=set)
    codes: list[int] = field(default_factory=list)


class Round:
    """A pytest of its own, begun at once. `quiet`: it runs beside another and prints at its end.

    The pages need one to themselves: Playwright's loop runs on in the main thread, where no test of
    a coroutine can then begin one.
    """

    def __init__(
        self,
        selection: list[str],
        environ: dict[str, str],
        arguments: Sequence[str] = (),
        *,
        quiet: bool = False,
    ) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.report = Path(self.folder.name) / "report.json"
        self.printed = Path(self.folder.name) / "printed" if quiet else None
        command = [sys.executable, "-m", "pytest", *selection, *arguments]
        env = {**os.environ, **environ, "PM_TEST_REPORT": str(self.report)}
        out = self.printed.open("wb") if self.printed else None
        self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)

    def end(self, tally: Tally) -> None:
        """Waits for it and adds up what it brought."""
        tally.codes.append(self.process.wait())
        if self.printed:
            print(self.printed.read_text(errors="replace"), end="", flush=True)
        if self.report.exists():
            told = json.loads(self.report.read_text())
            tally.totals.update(told["counts"])
            tally.missing.update(told["missing"])
        self.folder.cleanup()


def closing_line(totals: Counter[str], missing: set[str]) -> str:
    """`12 passed, 0 failed, 3 skipped`, and in brackets what the skipped ones wanted."""
    line = f"{totals['passed']} passed, {totals['failed'] + totals['error']} failed"
    if totals["skipped"]:
        line += f", {totals['skipped']} skipped"
    return f"{line} (not run here: {', '.join(sorted(missing))})" if missing else line


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
