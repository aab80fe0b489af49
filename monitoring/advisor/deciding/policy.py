"""What is asked, until when, and what follows when no answer comes. Pure: the AI's policy table.

| rule | urgency | asked | without an answer |
|---|---|---|---|
| any of the mechanical ones | | never | |
| soft_stop, adverse_move | critical, high | once, until its deadline | `AI_FAIL_ACTION` |
| soft_stop, adverse_move | medium, low | at most 3 times | held |
| ai_alert | critical | once, until its deadline | a person is asked |
| ai_alert | others | at most 3 times | expires |
| review | | once | "review overdue" |
| asked | | once | the error is shown |

Where no provider is set up, a person is asked whatever the rule: that is not a failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitoring.advisor.port import Failure
from monitoring.questions.asking import AI_SECONDS
from monitoring.questions.silence import PRICE_RULES

TRIES = 3
AGAIN_AFTER = timedelta(seconds=60)  # a failure is remembered for so long
PATIENCE = timedelta(minutes=10)  # after the deadline: later the trigger is history
LONGEST_WAIT = timedelta(minutes=5)
TOO_LITTLE = 3.0  # seconds: nobody answers in less, and the call would be paid for

# Asking again changes nothing here: money, a key, a mind made up, our own fault.
FINAL = frozenset(
    {
        Failure.NO_KEY,
        Failure.AUTH,
        Failure.SPEND_LIMIT,
        Failure.REFUSED,
        Failure.BAD_REQUEST,
        Failure.OVER_BUDGET,
    }
)
CALM = frozenset({"medium", "low"})


class Without(StrEnum):
    """What follows when the AI has given no valid answer."""

    AGAIN = "again"  # it is asked once more, later
    ASK = "ask"  # a person decides
    SELL = "sell"  # AI_FAIL_ACTION=sell
    HOLD = "hold"
    EXPIRE = "expire"
    OVERDUE = "overdue"
    SHOW = "show"  # whoever asked by hand sees the error


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """That an answer is missing, and why. `tries`: how often it was begun, this time included;
    `ai_until`: the question's own deadline; `fail_action`: `AI_FAIL_ACTION`.
    """

    rule: str
    urgency: str
    failure: Failure
    tries: int
    now: datetime
    ai_until: datetime
    fail_action: str
    anyone: bool = True


def pressing(rule: str, urgency: str) -> bool:
    """Whether its deadline counts from the trigger on, and the money held back is for it; else the
    deadline counts from when the AI is asked.
    """
    if rule in PRICE_RULES:
        return urgency not in CALM
    return rule == "ai_alert" and urgency == "critical"


def patient(rule: str, urgency: str) -> bool:
    """Whether the AI may be asked again after a failure."""
    return rule in PRICE_RULES | {"ai_alert"} and not pressing(rule, urgency)


def deadline(rule: str, urgency: str, *, ai_until: datetime, now: datetime) -> datetime:
    """Until when an answer that is asked for now still counts."""
    return ai_until if pressing(rule, urgency) else now + timedelta(seconds=AI_SECONDS[rule])


def without_answer(lack: Lack) -> Without:
    """The cell of the table above."""
    if not lack.anyone:
        return Without.ASK
    if _again(lack):
        return Without.AGAIN
    if lack.rule in PRICE_RULES:
        if not pressing(lack.rule, lack.urgency):
            return Without.HOLD
        return Without(lack.fail_action)
    if lack.rule == "ai_alert":
        # News that nobody has verified is never sold because the AI is down.
        return Without.ASK if pressing(lack.rule, lack.urgency) else Without.EXPIRE
    return Without.OVERDUE if lack.rule == "review" else Without.SHOW


def _again(lack: Lack) -> bool:
    in_time = lack.now < lack.ai_until + PATIENCE
    worth = lack.failure not in FINAL and lack.tries < TRIES
    return patient(lack.rule, lack.urgency) and worth and in_time


def wait(retry_after: float | None) -> timedelta:
    """How long until it is asked again: a minute, or what the provider named, 5 minutes at most."""
    named = timedelta(seconds=min(max(retry_after or 0.0, 0.0), LONGEST_WAIT.total_seconds()))
    return max(AGAIN_AFTER, named)
