"""The test's end of `tests.faults.child`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.installation import ROOT, Installation


class Hand:
    """Does things in the product's own code, in a process beside it."""

    def __init__(self, installation: Installation) -> None:
        self.log: Path = installation.home / "child.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.child"],
                cwd=ROOT,
                env=installation.environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def ask(self, do: str, **command: Any) -> Any:
        """One command's answer. Raises RuntimeError with what the child said at its end."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": do, **command}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(self.log.read_text())
        return json.loads(line)

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
