"""What of a screener's answer may be believed. Pure: ids in, findings out.

A cited id must be one that was given out; an alert that cites none such is dropped, and an answer
whose every citation is made up is no answer. What rests on a suspected headline is dropped as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitoring.advisor.schemas import Alert, ScreenResult

URGENCIES = ("", "low", "medium", "high", "critical")
DIRECTIONS = ("none", "for", "unclear", "against")
SUMMARY_CHARS = 300


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one headline. `direction` none: nothing of note."""

    direction: str = "none"
    urgency: str = ""
    summary: str = ""
    suspected: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """Findings by id, one for every headline that was sent; `unknown`: ids that were made up.
    `valid` False: no answer.
    """

    findings: dict[str, Finding] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    valid: bool = True


def check(result: ScreenResult, ids: Collection[str], suspected: Collection[str]) -> Checked:
    """`ids`: those given out; `suspected`: of these, what our own patterns suspect."""
    cited = [one for alert in result.alerts for one in alert.headline_ids]
    unknown = tuple(dict.fromkeys(one for one in cited if one not in ids))
    if cited and len(unknown) == len(set(cited)):
        return Checked(unknown=unknown, valid=False)
    tainted = {*suspected, *result.suspected_injection_ids} & set(ids)
    findings = {one: Finding(suspected=one in tainted) for one in ids}
    for alert in result.alerts:
        for one in _grounds(alert, ids, tainted):
            findings[one] = max(findings[one], _finding(alert, tainted), key=weight)
    return Checked(findings, unknown)


def _grounds(alert: Alert, ids: Collection[str], tainted: Collection[str]) -> list[str]:
    """The cited headlines that may carry an alert."""
    return [one for one in alert.headline_ids if one in ids and one not in tainted]


def _finding(alert: Alert, tainted: AbstractSet[str]) -> Finding:
    """An alert that a suspected headline is cited for too speaks no louder than `medium`."""
    loud = alert.urgency in ("high", "critical") and not tainted.isdisjoint(alert.headline_ids)
    return Finding(
        alert.direction, "medium" if loud else alert.urgency, alert.summary[:SUMMARY_CHARS]
    )


def weight(finding: Finding) -> tuple[int, int]:
    """Greater is worth more of a holder's attention: against before unclear before for."""
    return DIRECTIONS.index(finding.direction), URGENCIES.index(finding.urgency)


def asks(finding: Finding) -> bool:
    """Whether a question is raised: against from medium on, unclear from high on."""
    least = {"against": "medium", "unclear": "high"}.get(finding.direction)
    return least is not None and URGENCIES.index(finding.urgency) >= URGENCIES.index(least)


def loudest(findings: Iterable[Finding]) -> str:
    """The greatest urgency among them; "" of none."""
    return max((one.urgency for one in findings), key=URGENCIES.index, default="")
