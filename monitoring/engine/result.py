"""What a pass found and did, as the contract's JSON and as lines for a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class PassResult:
    """One pass. `wake_at`: earliest moment at which looking again could fire something new."""

    run: int
    open: int = 0
    closed: int = 0
    checked: int = 0
    unpriced: int = 0
    triggers: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    exits: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    complete: bool = False
    problem: str = ""
    wake_at: datetime | None = None
    lines: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The document of `monitor --json`."""
        return {
            "run": self.run,
            "open": self.open,
            "closed": self.closed,
            "checked": self.checked,
            "unpriced": self.unpriced,
            "triggers": self.triggers,
            "decisions": self.decisions,
            "exits": self.exits,
            "errors": self.errors,
            "seconds": round(self.seconds, 3),
        }
