"""Is an answer one that may be acted on? What the schema cannot say. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitoring.advisor.schemas import Decision

SEEKING = frozenset({"SELL", "REDUCE"})


def faults(answer: Decision, sent: Collection[str]) -> list[str]:
    """Why the answer is no decision, in the audit's English; empty: it is one. `sent`: the ids of
    the evidence that was sent with the question.
    """
    found = []
    foreign = [one for one in answer.evidence_ids if one not in sent]
    if foreign:
        found.append(f"cites {', '.join(foreign)[:120]}, which was not sent")
    if answer.decision in SEEKING and not answer.evidence_ids:
        found.append(f"{answer.decision} without evidence")
    if answer.decision == "SELL" and answer.thesis_status == "intact":
        found.append("SELL although the thesis is intact")
    return found
