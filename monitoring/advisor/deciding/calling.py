"""One question to the providers in turn, within one deadline for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from monitoring.advisor import gate
from monitoring.advisor.deciding import prompt
from monitoring.advisor.deciding.checks import faults
from monitoring.advisor.deciding.policy import TOO_LITTLE, pressing
from monitoring.advisor.deciding.view import View
from monitoring.advisor.port import ELSEWHERE, Failure, Provider, Reply, Request
from monitoring.models import Question

if TYPE_CHECKING:
    from monitoring.advisor.schemas import Decision

# Of what is left for those that come after: a first provider that hangs must leave the next a chance.
FIRST_SHARE = 2 / 3


@dataclass(frozen=True, slots=True)
class Said:
    """`decision` None: there is none, `failure` and `detail` say why."""

    outcome: gate.Outcome
    decision: Decision | None
    failure: Failure | None
    detail: str = ""


def put(
    question: Question,
    view: View,
    *,
    providers: Sequence[Provider],
    until: datetime,
    nonce: str,
    ports: gate.Ports,
) -> Said:
    """Asks, and checks the answer in code; a failed check is no decision. Nothing is written here
    but by the gate. Raises what `gate.ask` raises.
    """
    from monitoring.advisor.schemas import Decision

    request = Request(
        "decide",
        prompt.SYSTEM,
        prompt.user_text(view, nonce),
        Decision,
        prompt.MAX_TOKENS,
        0,
    )
    about = gate.About(
        prompt_version=prompt.VERSION,
        prompt_sha256=prompt.sha256(view, nonce),
        position_id=question.position_id,
        question_id=question.pk,
        critical=pressing(question.rule, question.urgency),
        evidence=list(view.evidence),
    )
    outcome = _in_turn(request, about, providers, until, ports)
    answer = outcome.reply.data
    if outcome.reply.failure is not None or not isinstance(answer, Decision):
        failure = outcome.reply.failure or Failure.INVALID_OUTPUT
        return Said(outcome, None, failure, outcome.reply.detail)
    found = faults(answer, view.ids)
    if found:
        return Said(outcome, None, Failure.INVALID_OUTPUT, "; ".join(found))
    return Said(outcome, answer, None)


def _in_turn(
    request: Request,
    about: gate.About,
    providers: Sequence[Provider],
    until: datetime,
    ports: gate.Ports,
) -> gate.Outcome:
    """As `gate.ask` does, but the time is one for all."""
    found = gate.Outcome(Reply(Failure.TIMEOUT, detail="too late to ask"))
    for number, provider in enumerate(providers, 1):
        left = (until - ports.now()).total_seconds()
        if left < TOO_LITTLE:
            return found
        seconds = left if number == len(providers) else left * FIRST_SHARE
        asked = replace(request, seconds=seconds)
        tried = gate.ask(asked, providers=[provider], about=about, ports=ports)
        if tried.call is not None or found.call is None:
            found = tried
        if tried.reply.failure not in ELSEWHERE:
            return found
    return found
