"""What `judge` answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from positions.domain.state import WatchState
from positions.domain.views import LATCHED, URGENCY, Urgency, View
from positions.domain.wording import Sentence

NoticeKind = Literal["unpriced", "priced", "stop_blocked", "unarmed", "armed"]


@dataclass(frozen=True, slots=True)
class Trigger:
    """A rule that fired. decision "exit": sell `shares`, never below `floor` (None: the slippage
    guard decides); "ask": a person or the AI stage decides. `price` is the bid, None if unpriced.
    """

    rule: str
    urgency: Urgency
    decision: Literal["exit", "ask"]
    level: Decimal | None
    price: Decimal | None
    sentence: Sentence
    shares: Decimal
    floor: Decimal | None = None
    parts: tuple[tuple[str, Decimal], ...] = ()
    high: Decimal | None = None

    @property
    def latched(self) -> bool:
        """Whether later passes sell the rest whatever the price does."""
        return self.rule in LATCHED


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know although nothing is sold."""

    kind: NoticeKind
    urgency: Urgency
    rule: str
    sentence: Sentence
    level: Decimal | None = None


@dataclass(slots=True, unsafe_hash=True)
class Judgement:
    """`trigger`: the first rule in order that fires. `confirming`: a breach waits for another
    reading. `wake_at`: earliest moment at which looking again could fire or tell something new.
    """

    state: Final[WatchState]
    trigger: Final[Trigger | None] = None
    notices: Final[tuple[Notice, ...]] = ()
    confirming: Final[bool] = False
    wake_at: Final[datetime | None] = None


def trigger_of(view: View, decision: Literal["exit", "ask"]) -> Trigger:
    """The view of a rule that fires, as a trigger."""
    return Trigger(
        rule=view.rule,
        urgency=URGENCY[view.rule],
        decision=decision,
        level=view.level,
        price=view.moment.bid,
        sentence=view.sentence,
        shares=view.shares,
        floor=view.floor,
        parts=view.parts,
        high=view.high,
    )
