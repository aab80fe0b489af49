"""Every cell of the policy table, and what bounds it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring.advisor.deciding.policy import (
    FINAL,
    Lack,
    Without,
    deadline,
    patient,
    pressing,
    wait,
    without_answer,
)
from monitoring.advisor.port import Failure
from monitoring.models import Question
from monitoring.questions.asking import AI_SECONDS

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRICE = ("soft_stop", "adverse_move")
MECHANICAL = (
    "manual",
    "stop_loss",
    "take_profit",
    "trailing_stop",
    "time_exit",
    "fair_value",
    "momentum_exit",
    "settled",
    "ai_exit",
)


def lack(rule: str, urgency: str, **fields: Any) -> Lack:
    values: dict[str, Any] = {
        "failure": Failure.TIMEOUT,
        "tries": 1,
        "now": NOON,
        "ai_until": NOON,
        "fail_action": "ask",
    }
    return Lack(rule=rule, urgency=urgency, **(values | fields))


def test_the_rules_that_ask_have_a_deadline_and_no_mechanical_one_has() -> None:
    assert set(AI_SECONDS) == set(Question.Rule.values)
    assert not set(AI_SECONDS) & set(MECHANICAL)


@pytest.mark.parametrize("rule", PRICE)
@pytest.mark.parametrize("urgency", ["critical", "high"])
@pytest.mark.parametrize("failure", list(Failure))
@pytest.mark.parametrize("action", ["ask", "hold", "sell"])
def test_pressing_price_rule_does_at_once_what_the_settings_say(
    rule: str, urgency: str, failure: Failure, action: str
) -> None:
    assert without_answer(lack(rule, urgency, failure=failure, fail_action=action)) == action


@pytest.mark.parametrize("rule", PRICE)
@pytest.mark.parametrize("urgency", ["medium", "low"])
@pytest.mark.parametrize(
    ("tries", "failure", "then"),
    [
        (1, Failure.TIMEOUT, Without.AGAIN),
        (2, Failure.OVERLOADED, Without.AGAIN),
        (2, Failure.INVALID_OUTPUT, Without.AGAIN),
        (3, Failure.TIMEOUT, Without.HOLD),
        (1, Failure.OVER_BUDGET, Without.HOLD),
        (1, Failure.REFUSED, Without.HOLD),
    ],
)
def test_calm_price_rule_asks_again_then_holds(
    rule: str, urgency: str, tries: int, failure: Failure, then: Without
) -> None:
    for action in ("ask", "hold", "sell"):
        found = without_answer(
            lack(rule, urgency, tries=tries, failure=failure, fail_action=action)
        )
        assert found == then


@pytest.mark.parametrize("failure", list(Failure))
@pytest.mark.parametrize("action", ["ask", "hold", "sell"])
def test_critical_news_goes_to_a_person_and_is_never_sold(failure: Failure, action: str) -> None:
    found = without_answer(lack("ai_alert", "critical", failure=failure, fail_action=action))
    assert found == Without.ASK


@pytest.mark.parametrize("urgency", ["high", "medium", "low"])
@pytest.mark.parametrize(
    ("tries", "failure", "then"),
    [
        (1, Failure.CONNECTION, Without.AGAIN),
        (2, Failure.SERVER_ERROR, Without.AGAIN),
        (3, Failure.CONNECTION, Without.EXPIRE),
        (1, Failure.OVER_BUDGET, Without.EXPIRE),
    ],
)
def test_other_news_asks_again_then_expires(
    urgency: str, tries: int, failure: Failure, then: Without
) -> None:
    found = lack("ai_alert", urgency, tries=tries, failure=failure, fail_action="sell")
    assert without_answer(found) == then


@pytest.mark.parametrize("failure", list(Failure))
def test_a_review_is_skipped_and_a_persons_question_shows_the_error(failure: Failure) -> None:
    found = [
        without_answer(lack(rule, "medium", failure=failure, fail_action="sell"))
        for rule in ("review", "asked")
    ]
    assert found == [Without.OVERDUE, Without.SHOW]


@pytest.mark.parametrize("rule", Question.Rule.values)
@pytest.mark.parametrize("urgency", ["critical", "high", "medium", "low"])
def test_without_any_provider_a_person_is_asked_whatever_the_settings_say(
    rule: str, urgency: str
) -> None:
    found = lack(rule, urgency, failure=Failure.NO_KEY, anyone=False, fail_action="sell")
    assert without_answer(found) == Without.ASK


def test_patience_ends_ten_minutes_after_the_deadline() -> None:
    def found(minutes: int) -> Without:
        return without_answer(
            lack("soft_stop", "medium", ai_until=NOON - timedelta(minutes=minutes))
        )

    assert (found(9), found(10)) == (Without.AGAIN, Without.HOLD)


@pytest.mark.parametrize("failure", sorted(FINAL))
def test_what_asking_again_cannot_change_is_not_asked_again(failure: Failure) -> None:
    assert without_answer(lack("ai_alert", "high", failure=failure)) == Without.EXPIRE


@pytest.mark.parametrize(
    ("rule", "urgency", "seconds"),
    [
        ("soft_stop", "critical", 12),
        ("adverse_move", "high", 12),
        ("ai_alert", "critical", 12),
        ("soft_stop", "medium", 30),
        ("adverse_move", "low", 30),
        ("ai_alert", "high", 60),
        ("asked", "high", 60),
    ],
)
def test_a_pressing_questions_time_runs_from_its_trigger(
    rule: str, urgency: str, seconds: int
) -> None:
    until = deadline(rule, urgency, ai_until=NOON + timedelta(seconds=12), now=NOON)
    assert until == NOON + timedelta(seconds=seconds)


def test_nothing_is_both_pressing_and_patient() -> None:
    cells = [(rule, u) for rule in Question.Rule.values for u in ("critical", "high", "low")]
    assert [cell for cell in cells if pressing(*cell) and patient(*cell)] == []


@pytest.mark.parametrize(
    ("named", "seconds"), [(None, 60), (5.0, 60), (90.0, 90), (9000.0, 300), (-1.0, 60)]
)
def test_it_waits_a_minute_or_what_the_provider_named(named: float | None, seconds: int) -> None:
    assert wait(named) == timedelta(seconds=seconds)
