"""Rules that ask: once an episode, told with the stand-in's answer; the hard stop stays armed."""

from __future__ import annotations

from typing import Any

import pytest

from monitoring.advisor import Advice
from monitoring.models import Trigger
from positions.models import Exit
from positions.services import exits_pause
from tests.monitoring.engine.house import House, Offers, kinds, last

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
SOFT: dict[str, Any] = {"soft_stop_pct": "8", "confirm_seconds": 0}  # 0.46 of an entry at 0.50


class Recorder:
    """An advisor of our own; what it was asked stays in `asked`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def advise(self, *, position_id: int, rule: str, reason: str) -> Advice:
        self.asked.append((rule, reason))
        return Advice("hold", "recorder", "wait")


def test_soft_stop_asks_and_sells_nothing(house: House) -> None:
    position = house.position(policy=SOFT)
    house.says("A", "0.46")
    result = house.run()
    text = "No AI stage yet: you decide. The hard stop stays armed."
    assert result.decisions == [
        {
            "position": position.pk,
            "rule": "soft_stop",
            "verdict": "ask",
            "by": "stand-in",
            "text": text,
        }
    ]
    assert [trigger["urgency"] for trigger in result.triggers] == ["high"]
    assert (result.exits, Exit.objects.count()) == ([], 0)
    entry = last("ask")
    assert (entry.urgency, entry.rule, entry.data["verdict"], entry.data["by"]) == (
        "high",
        "soft_stop",
        "ask",
        "stand-in",
    )
    assert (entry.data["advice"], Trigger.objects.get().decision) == (text, "ask")


def test_episode_is_asked_once_and_begins_again_after_a_recovery(house: House) -> None:
    position = house.position(policy=SOFT)
    house.runs("0.46", "0.45", "0.46", "0.469")  # recovered from 0.46 + one tick of 0.01
    assert kinds(position) == ["ask"]
    house.runs("0.47", "0.46")
    assert kinds(position) == ["ask", "ask"]


def test_adverse_move_asks_once(house: House) -> None:
    position = house.position(policy={"adverse_move": {"window_minutes": 15, "pct": "6"}})
    house.runs("0.60", "0.565", "0.564", "0.55", "0.564")
    assert (kinds(position), last("ask").rule) == (["ask"], "adverse_move")


def test_soft_stop_is_confirmed(house: House) -> None:
    position = house.position(policy={"soft_stop_pct": "8"})
    house.says("A", "0.46", "0.47")
    house.run()
    assert (kinds(position), house.clock.naps) == ([], [3])
    house.says("A", "0.46")
    house.run()
    assert kinds(position) == ["ask"]


def test_question_does_not_keep_the_hard_stop_from_firing(house: House) -> None:
    position = house.position(policy={**SOFT, "stop_loss_price": "0.44"})
    house.runs("0.46", "0.44")
    assert kinds(position)[:2] == ["ask", "exit_decided"]
    assert Exit.objects.get().rule == "stop_loss"


def test_mechanical_rule_of_the_same_reading_goes_first(house: House) -> None:
    position = house.position(policy={**SOFT, "stop_loss_price": "0.44"})
    house.says("A", "0.43")
    assert [trigger["rule"] for trigger in house.run().triggers] == ["stop_loss"]
    assert "ask" not in kinds(position)


def test_stop_is_confirmed_in_the_pass_that_asks(house: House) -> None:
    house.position(
        policy={
            "stop_loss_price": "0.45",
            "adverse_move": {"window_minutes": 15, "pct": "6"},
        }
    )
    house.runs("0.50")
    house.says("A", "0.44")
    result = house.run()
    assert [trigger["rule"] for trigger in result.triggers] == ["adverse_move", "stop_loss"]
    assert [exit_["rule"] for exit_ in result.exits] == ["stop_loss"]


def test_target_that_no_longer_holds_is_let_go_although_a_rule_asks(house: House) -> None:
    house.position(policy={**SOFT, "take_profit_price": "0.60"})
    house.says("A", Offers((("0.60", "40"),)), "0.46")
    house.run()
    house.run()
    assert Exit.objects.get().state == "cancelled"


def test_another_advisor_is_asked_through_the_port(house: House) -> None:
    house.position(policy=SOFT)
    house.says("A", "0.46")
    advisor = Recorder()
    result = house.run(advisor=advisor)
    assert advisor.asked == [("soft_stop", "46.0¢ is at or below the 46.0¢ soft stop")]
    assert [decision["by"] for decision in result.decisions] == ["recorder"]


def test_question_while_paused_is_asked_all_the_same(house: House) -> None:
    position = house.position(policy=SOFT)
    exits_pause(actor="ann", now=house.clock.at)
    house.runs("0.46", "0.46")
    assert kinds(position) == ["ask"]
