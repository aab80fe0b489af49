"""kill -9 at every call that a pass makes to its ports, one run for each; then it runs again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.ground import Ground
from tests.faults.ledger import Verdict

PASSES_AT_MOST = 5


@dataclass
class Row:
    """One line of the table: what came of the runs that were killed at this step."""

    runs: int = 0
    sold_twice: int = 0
    unsold: int = 0
    gaps: int = 0
    lost_alerts: int = 0
    repeated: int = 0
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def add(self, verdict: Verdict, seconds: float = 0.0) -> None:
        self.runs += 1
        self.sold_twice += len(verdict.sold_twice)
        self.unsold += len(verdict.unsold)
        self.gaps += len(verdict.gaps)
        self.lost_alerts += len(verdict.lost_alerts)
        self.repeated += verdict.repeated
        self.slowest = max(self.slowest, seconds)
        self.wrong += verdict.wrong

    def merge(self, other: Row) -> None:
        """Add another row's counts."""
        for name in ("runs", "sold_twice", "unsold", "gaps", "lost_alerts", "repeated"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.slowest = max(self.slowest, other.slowest)
        self.wrong += other.wrong


Trouble = Callable[[Ground], None]
TROUBLES: dict[str, Trouble] = {
    "answers arrive": lambda ground: None,
    "answer lost": lambda ground: ground.exchange.lose_answers(1),
    "order lost": lambda ground: ground.exchange.lose_requests(1),
    "order late": lambda ground: ground.exchange.late(0.3),
    "part filled": lambda ground: ground.exchange.partial("40"),
}


def killed_at_every_step(ground: Ground, trouble: Trouble) -> dict[str, Row]:
    """A pass over two positions, killed at its first call, then its second … to its end."""
    rows: dict[str, Row] = {}
    call = 0
    while True:
        call += 1
        ground.exchange.clear()
        trouble(ground)
        for _ in range(2):
            ground.hold()
        ended = ground.hand.ask("pass", kill_at=call)
        passes = recover(ground)
        if ended["signal"] != 9:
            assert ended["outcome"] == "well"
            return rows
        row = rows.setdefault(ended["steps"][-1], Row())
        row.add(ground.verdict(alerts=False), passes)


def recover(ground: Ground) -> int:
    """Passes until everything is sold; how many it took."""
    for number in range(1, PASSES_AT_MOST + 1):
        ended = ground.hand.ask("pass")
        assert ended["outcome"] == "well", ended
        if not ground.open_positions():
            return number
    return PASSES_AT_MOST
