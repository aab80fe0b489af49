"""The pass as lines for a person: what was sold for how much, and what is not guarded."""

from __future__ import annotations

import pytest

from monitoring.questions.asking import raise_question
from monitoring.report import lines
from tests.monitoring.engine.house import House

pytestmark = pytest.mark.django_db
STOP = {"stop_loss_price": "0.45", "confirm_seconds": 0}


def test_sale_is_told_with_price_and_money() -> None:
    house = House()
    house.position(policy=STOP)
    house.says("A", "0.44")
    assert next(lines(house.run())).endswith("filled: sold 100 at 44.0¢, −$6.00")


@pytest.mark.parametrize(
    ("verdict", "confidence", "state", "expected"),
    [
        ("sell", "0.86", "open", "SELL 0.86, You decide"),
        ("hold", "0.71", "held", "HOLD 0.71, Held"),
        ("ask", "", "waiting", "Waits for the AI"),
        ("", "", "expired", "Not answered"),
    ],
)
def test_question_is_told_as_it_stands(
    verdict: str, confidence: str, state: str, expected: str
) -> None:
    house = House()
    position = house.position(policy=STOP)
    house.says("A", "0.50")
    result = house.run()
    given = {"verdict": verdict, "confidence": confidence, "state": state}
    result.decisions = [{"position": position.pk, "question": 7, "rule": "soft_stop", **given}]
    assert next(lines(result)).endswith(f" · question #7: {expected}")


def test_question_of_an_earlier_pass_is_named_until_it_is_answered() -> None:
    house = House()
    position = house.position(policy=STOP)
    question = raise_question(
        position_id=position.pk, rule="review", urgency="low", reason="due", now=house.clock.at
    )
    house.says("A", "0.50")
    assert next(lines(house.run())).endswith(f" · hold; question #{question.pk}: Waits for the AI")


def test_unarmed_rule_is_named_again_in_each_pass() -> None:
    house = House()
    house.position(policy=STOP, age=3600)
    for _pass in range(2):
        house.says("A", "0.44")
        line = next(lines(house.run()))
        house.clock.later(30)
    assert line.endswith("44.0¢ · hold; NOT ARMED: stop_loss")


def test_quiet_position_holds_and_the_sum_comes_last() -> None:
    house = House()
    house.position(policy=STOP)
    house.says("A", "0.50")
    first, last = lines(house.run())
    assert first.endswith("@ 50.0¢ → 50.0¢ · hold")
    assert last.startswith("1 open, 1 checked, 0 unpriced, 0 triggers, 0 exits, 0 errors in ")
