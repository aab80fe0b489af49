"""Who answers the rules that ask. The AI stage comes later; until then a labelled stand-in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Advice:
    """An answer to an asking rule. `verdict` "ask": a person decides; `by` names who answered."""

    verdict: str
    by: str
    text: str


class Advisor(Protocol):
    """Judges the trigger of an asking rule. Never in the way: mechanical rules do not wait for it."""

    def advise(self, *, position_id: int, rule: str, reason: str) -> Advice:
        """Advice on one trigger; must not raise."""


class StandIn:
    """No AI: always asks the human, and says that it is nobody's judgement."""

    def advise(self, *, position_id: int, rule: str, reason: str) -> Advice:
        """Ask the human, whatever the trigger."""
        return Advice(
            "ask", "stand-in", _("No AI stage yet: you decide. The hard stop stays armed.")
        )
