"""What is asked of systemd's own programs."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from dataclasses import dataclass, field

SECONDS = 120.0  # a start takes as long as migrations and static files take


class SystemdError(Exception):
    """systemctl refused; `command` can be repeated by hand, the text is its own last words."""

    def __init__(self, command: str, said: str) -> None:
        super().__init__(said)
        self.command = command


@dataclass(frozen=True, slots=True)
class Systemctl:
    """`systemctl` of the system or of the user; `done` collects what was run."""

    system: bool
    done: list[str] = field(default_factory=list)

    @staticmethod
    def there() -> bool:
        """Whether this machine has it at all."""
        return shutil.which("systemctl") is not None

    def command(self, *words: str) -> list[str]:
        return ["systemctl", *([] if self.system else ["--user"]), *words]

    def run(self, *words: str) -> None:
        """Raises SystemdError."""
        command = self.command(*words)
        shown = shlex.join(command)
        try:
            ended = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SystemdError(shown, str(error)) from error
        if ended.returncode != 0:
            lines = [line for line in ended.stderr.splitlines() if line.strip()]
            raise SystemdError(shown, lines[-1] if lines else f"exit {ended.returncode}")
        self.done.append(shown)
