"""A rule that is breached when watching begins does not sell what was bought with open eyes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from positions.models import Mark
from positions.services import ServiceError, policy_set, rule_arm
from tests.monitoring.engine.house import House, kinds, last

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
STOP: dict[str, Any] = {"stop_loss_price": "0.45", "confirm_seconds": 0}
OLD = 10 * 60 + 1


def rules_sold(house: House) -> list[object]:
    return [exit_["rule"] for exit_ in house.run().exits]


def test_old_position_below_its_stop_is_told_and_not_sold(house: House) -> None:
    position = house.position(policy=STOP, age=OLD)
    house.says("A", "0.30")
    assert (rules_sold(house), kinds(position)) == ([], ["unarmed"])
    told = last("unarmed")
    assert (told.urgency, told.rule) == ("critical", "stop_loss")
    assert told.text == (
        "was already breached when watching began and is not armed:"
        " 30.0¢ is at or below the 45.0¢ stop"
    )
    house.clock.later(30)
    assert (rules_sold(house), kinds(position)) == ([], ["unarmed"])
    assert Mark.objects.get(position=position).unarmed == "stop_loss"


@pytest.mark.parametrize("age", [0, 10 * 60])
def test_fresh_position_is_armed(house: House, age: int) -> None:
    house.position(policy=STOP, age=age)
    house.says("A", "0.30")
    assert rules_sold(house) == ["stop_loss"]


def test_arm_now_overrides(house: House) -> None:
    house.position(policy=STOP, age=OLD, arm_now=True)
    house.says("A", "0.30")
    assert rules_sold(house) == ["stop_loss"]


def test_the_first_usable_quote_decides(house: House) -> None:
    house.position(policy=STOP, age=OLD)
    house.says("A", None, "0.50", "0.44")
    assert [rules_sold(house) for _ in range(3)] == [[], [], ["stop_loss"]]


def test_target_reached_at_the_import_is_not_sold(house: House) -> None:
    position = house.position(policy={**STOP, "take_profit_price": "0.60"}, age=OLD)
    house.says("A", "0.70")
    assert (rules_sold(house), last("unarmed").rule) == ([], "take_profit")
    # The stop of the same position guards.
    house.clock.later(30)
    house.says("A", "0.44")
    assert rules_sold(house) == ["stop_loss"]
    assert "armed" in kinds(position)


def test_rule_is_armed_by_itself_when_its_breach_ends(house: House) -> None:
    position = house.position(policy=STOP, age=OLD)
    house.runs("0.44", "0.46")
    assert (kinds(position), last("armed").urgency) == (["unarmed", "armed"], "low")
    house.says("A", "0.44")
    assert rules_sold(house) == ["stop_loss"]


def test_one_click_arms_and_the_next_pass_sells(house: House) -> None:
    position = house.position(policy=STOP, age=OLD)
    house.runs("0.44")
    rule_arm(position_id=position.pk, rule="stop_loss", actor="ann", now=house.clock.at)
    assert rules_sold(house) == ["stop_loss"]
    assert (last("armed").actor, last("armed").rule) == ("ann", "stop_loss")


def test_arming_what_is_armed_is_refused(house: House) -> None:
    position = house.position(policy=STOP)
    house.runs("0.50")
    with pytest.raises(ServiceError, match="armed already"):
        rule_arm(position_id=position.pk, rule="stop_loss", actor="ann", now=house.clock.at)
    assert kinds(position) == []


def test_changed_rule_is_armed(house: House) -> None:
    position = house.position(policy=STOP, age=OLD)
    house.runs("0.44")
    document = {**STOP, "stop_loss_price": "0.44"}
    policy_set(
        position_id=position.pk,
        document=document,
        actor="ann",
        now=house.clock.at,
        confirmed=True,
    )
    assert rules_sold(house) == ["stop_loss"]


@pytest.mark.parametrize("days", [1, 30])
def test_position_is_armed_after_downtime(house: House, days: int) -> None:
    house.position(policy=STOP)
    house.runs("0.50")
    house.clock.later(days * 86_400)
    house.says("A", "0.20")
    assert rules_sold(house) == ["stop_loss"]
    assert house.exchange.sold == Decimal(100)


def test_downtime_still_asks_for_a_second_reading(house: House) -> None:
    house.position(policy={"stop_loss_price": "0.45"})
    house.runs("0.50")
    house.clock.later(86_400)
    house.says("A", "0.44", "0.50")
    assert (rules_sold(house), house.clock.naps) == ([], [3])


def test_position_added_fresh_is_armed_however_late_its_first_quote_comes(house: House) -> None:
    house.position(policy=STOP)
    house.clock.later(1800)
    house.says("A", "0.30")
    assert rules_sold(house) == ["stop_loss"]
