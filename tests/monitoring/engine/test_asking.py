"""Rules that ask: once an episode, and the pass never waits; the hard stop stays armed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from monitoring.models import Question, Trigger
from monitoring.questions.answering import decline
from monitoring.questions.asking import open_to_person, raise_question
from positions.models import Exit, Position
from positions.services import exits_pause
from positions.venues.base import MarketStatus
from tests.monitoring.engine.house import House, Offers, kinds, last
from tests.positions.holdings import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
SOFT: dict[str, Any] = {"soft_stop_pct": "8", "confirm_seconds": 0}  # 0.46 of an entry at 0.50


def test_soft_stop_raises_a_question_and_sells_nothing(house: House) -> None:
    position = house.position(policy=SOFT)
    house.says("A", "0.46")
    result = house.run()
    question = Question.objects.get()
    text = "46.0¢ is at or below the 46.0¢ soft stop"
    assert result.decisions == [
        {
            "position": position.pk,
            "question": question.pk,
            "rule": "soft_stop",
            "verdict": "ask",
            "by": "",
            "state": "waiting",
            "text": text,
        }
    ]
    assert [trigger["urgency"] for trigger in result.triggers] == ["high"]
    assert (result.exits, Exit.objects.count()) == ([], 0)
    entry = last("ask")
    assert (entry.urgency, entry.rule, entry.data["question_id"], entry.data["question"]) == (
        "high",
        "soft_stop",
        question.pk,
        "Will A?",
    )
    assert (entry.text, Trigger.objects.get().decision) == (text, "ask")


def test_question_knows_what_asked_and_how_long_the_ai_has(house: House) -> None:
    position = house.position(policy=SOFT)
    house.says("A", "0.46")
    house.run()
    question = Question.objects.get()
    assert (question.position, question.trigger, question.state) == (
        position,
        Trigger.objects.get(),
        "waiting",
    )
    assert (question.bid, question.level, question.urgency) == (
        Decimal("0.46"),
        Decimal("0.46"),
        "high",
    )
    assert (question.asked_at, question.ai_until) == (NOON, NOON + timedelta(seconds=30))


def test_episode_is_asked_once_and_begins_again_after_a_recovery(house: House) -> None:
    position = house.position(policy=SOFT)
    house.runs("0.46", "0.45", "0.46", "0.469")  # recovered from 0.46 + one tick of 0.01
    assert kinds(position) == ["ask"]
    house.runs("0.47", "0.45")
    assert kinds(position) == ["ask", "ask"]


def test_second_episode_joins_the_question_that_is_not_answered(house: House) -> None:
    house.position(policy=SOFT)
    house.runs("0.46", "0.48")
    first = Question.objects.get()
    open_to_person(first, now=house.clock.at, text="you decide")
    house.runs("0.45")
    joined = Question.objects.get()
    assert (joined.pk, joined.state, joined.bid) == (first.pk, "waiting", Decimal("0.45"))
    assert (joined.answer_until, joined.trigger) == (first.answer_until, Trigger.objects.last())


def test_second_episode_after_an_answer_is_a_question_of_its_own(house: House) -> None:
    house.position(policy=SOFT)
    house.runs("0.46", "0.48")
    decline(question_id=Question.objects.get().pk, actor="ann", now=house.clock.at)
    house.runs("0.45")
    assert list(Question.objects.order_by("pk").values_list("state", flat=True)) == [
        "declined",
        "waiting",
    ]


def test_asking_rules_of_one_position_ask_side_by_side(house: House) -> None:
    house.position(policy={**SOFT, "adverse_move": {"window_minutes": 15, "pct": "6"}})
    house.runs("0.50", "0.46", "0.46")
    assert set(Question.objects.values_list("rule", "state")) == {
        ("soft_stop", "waiting"),
        ("adverse_move", "waiting"),
    }


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
    assert kinds(position)[:3] == ["ask", "exit_decided", "ai_overtaken"]
    assert Exit.objects.get().rule == "stop_loss"


def test_stop_overtakes_the_question_as_it_is_decided(house: House) -> None:
    position = house.position(policy={**SOFT, "stop_loss_price": "0.44"})
    house.runs("0.46")
    house.says("A", Offers((("0.44", "40"),)))  # not enough for all: the position stays open
    house.run()
    question = Question.objects.get()
    assert (question.state, question.closed_by) == ("overtaken", "stop_loss")
    assert question.closed_at == house.clock.at
    assert Position.objects.get(pk=position.pk).state == "open"
    assert (last("ai_overtaken").rule, last("ai_overtaken").data["question_id"]) == (
        "soft_stop",
        question.pk,
    )


def test_sale_of_a_part_overtakes_nothing(house: House) -> None:
    rung = {"take_profit": [{"after_minutes": 0, "pct": "10", "sell_pct": "40"}]}
    position = house.position(policy=rung)
    raise_question(
        position_id=position.pk,
        rule="ai_alert",
        urgency="high",
        reason="news",
        now=house.clock.at,
    )
    house.runs("0.56")
    assert [exit_.rule for exit_ in Exit.objects.all()] == ["take_profit"]
    assert Question.objects.get().state == "waiting"


def test_settlement_overtakes_the_question(house: House) -> None:
    house.position(policy=SOFT)
    house.runs("0.46")
    house.says("A", None)
    house.sources["polymarket"].states["A"] = MarketStatus("resolved", Decimal(1))
    house.run()
    assert (Question.objects.get().state, Question.objects.get().closed_by) == (
        "overtaken",
        "settled",
    )


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


def test_question_while_paused_is_asked_all_the_same(house: House) -> None:
    position = house.position(policy=SOFT)
    exits_pause(actor="ann", now=house.clock.at)
    house.runs("0.46", "0.46")
    assert kinds(position) == ["ask"]
