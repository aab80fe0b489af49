"""What time and the book bring: silence is carried out, what is sold is overtaken, claims come back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models.expressions import RawSQL

from monitoring.models import Question
from monitoring.questions.answering import approve
from monitoring.questions.upkeep import upkeep
from positions.models import Exit, Market, Position
from positions.services import exits_pause, position_close_request, thesis_set
from tests.monitoring.engine.house import Offers, kinds, last
from tests.monitoring.questions.desk import Desk

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def state() -> str:
    return str(Question.objects.get().state)


class TestSilence:
    def test_holds_at_the_deadline_and_says_so(self, desk: Desk) -> None:
        question = desk.open()
        desk.later(14.99)
        assert (upkeep(now=desk.now), state()) == (0, "open")
        desk.later(0.01)
        assert (upkeep(now=desk.now), state()) == (1, "expired")
        entry = last("ai_expired")
        assert (entry.text, entry.urgency, entry.rule) == (
            "nobody answered: held",
            "medium",
            "soft_stop",
        )
        assert (entry.data["question_id"], entry.data["verdict"]) == (question.pk, "sell")
        assert (Exit.objects.count(), Question.objects.get().outcome) == (
            0,
            "nobody answered: held",
        )
        assert upkeep(now=desk.now) == 0

    def test_sells_where_the_person_said_so(self, desk: Desk) -> None:
        desk.policy(if_unanswered="sell")
        desk.open()
        desk.later(15)
        desk.says("0.50")
        assert upkeep(now=desk.now) == 1
        exit_ = Exit.objects.get()
        assert (exit_.rule, exit_.requested_by, exit_.shares) == ("ai_exit", "watch", Decimal(100))
        assert (state(), Question.objects.get().exit) == ("expired", exit_)
        assert last("ai_expired").data["exit"] == exit_.pk
        desk.house.run()
        assert desk.held() == 0

    def test_reduce_sells_its_part(self, desk: Desk) -> None:
        desk.policy(if_unanswered="sell")
        desk.open(verdict="reduce")
        desk.later(15)
        desk.says("0.50")
        upkeep(now=desk.now)
        assert Exit.objects.get().shares == Decimal(50)

    def test_news_that_nobody_has_judged_is_not_sold(self, desk: Desk) -> None:
        desk.policy(if_unanswered="sell")
        desk.open("ai_alert", verdict="ask")
        desk.later(15)
        upkeep(now=desk.now)
        assert (Exit.objects.count(), last("ai_expired").text) == (
            0,
            "nobody answered: held, because no AI has judged it",
        )

    def test_price_that_has_risen_meanwhile_is_not_sold(self, desk: Desk) -> None:
        desk.policy(if_unanswered="sell")
        desk.open()
        desk.later(15)
        desk.says("0.60")
        upkeep(now=desk.now)
        assert (Exit.objects.count(), state()) == (0, "expired")

    def test_sale_without_a_price_waits_for_one(self, desk: Desk) -> None:
        desk.policy(if_unanswered="sell")
        desk.open()
        desk.later(15)
        desk.says(Offers())
        upkeep(now=desk.now)
        desk.house.run()
        assert (Exit.objects.get().state, desk.held()) == ("pending", Decimal(100))
        desk.says("0.49")
        assert desk.held() == 0

    def test_sale_after_the_product_was_down_waits_for_a_look_at_the_price(
        self, desk: Desk
    ) -> None:
        desk.policy(if_unanswered="sell")
        desk.open()
        desk.later(8 * 60)  # nobody has looked: the price may be anywhere
        assert (upkeep(now=desk.now), state(), Exit.objects.count()) == (0, "open", 0)
        desk.says("0.80")
        upkeep(now=desk.now)
        assert (state(), Exit.objects.count(), last("ai_expired").text) == (
            "expired",
            0,
            "nobody answered: held, because the price has risen by more than 3 cents",
        )

    def test_word_on_an_older_thesis_sells_nothing(self, desk: Desk) -> None:
        desk.policy(if_unanswered="sell")
        desk.open("ai_alert")
        thesis_set(position_id=desk.position.pk, actor="ann", now=desk.now, text="Another one.")
        desk.later(15)
        desk.says("0.50")
        upkeep(now=desk.now)
        assert (Exit.objects.count(), last("ai_expired").text) == (
            0,
            "nobody answered: held, because the thesis has been changed since",
        )

    def test_sale_that_is_refused_is_told_with_its_reason(self, desk: Desk) -> None:
        desk.policy(if_unanswered="sell")
        desk.open()
        exits_pause(actor="ann", now=desk.now)
        desk.later(15)
        desk.says("0.50")
        upkeep(now=desk.now)
        assert (state(), Exit.objects.count()) == ("expired", 0)
        assert last("ai_expired").text.startswith("nobody answered: not sold: All exits are paused")

    def test_defect_in_one_question_keeps_no_other_from_its_turn(self, desk: Desk) -> None:
        desk.policy(if_unanswered="sell")
        broken = desk.open("ai_alert")
        broken.decisions.update(confidence=RawSQL("'NaN'", ()))  # a hand in the database
        desk.open(verdict="reduce")  # a sale of all would end both
        desk.later(15)
        desk.says("0.50")
        assert upkeep(now=desk.now) == 1
        assert set(Question.objects.values_list("rule", "state")) == {
            ("ai_alert", "open"),
            ("soft_stop", "expired"),
        }

    def test_question_that_the_ai_is_asked_about_again_is_not_ended(self, desk: Desk) -> None:
        desk.open()
        desk.ask()
        desk.later(20)
        assert (upkeep(now=desk.now), state()) == (0, "waiting")


class TestOvertaken:
    def test_by_a_sale_that_closed_the_position(self, desk: Desk) -> None:
        question = desk.open()
        position_close_request(position_id=desk.position.pk, actor="bob", now=desk.now)
        desk.house.run()
        assert (upkeep(now=desk.now), state()) == (1, "overtaken")
        entry = last("ai_overtaken")
        assert (entry.text, entry.data["question_id"]) == ("overtaken: Sold by hand", question.pk)
        assert Question.objects.get().closed_by == "manual"

    def test_by_a_market_that_resolved(self, desk: Desk) -> None:
        desk.open()
        Market.objects.update(state="resolved")
        assert (upkeep(now=desk.now), state()) == (1, "overtaken")

    def test_all_questions_of_the_position_and_none_of_others(self, desk: Desk) -> None:
        desk.open()
        desk.ask("ai_alert")
        other = desk.house.position("B")
        Position.objects.filter(pk=desk.position.pk).update(state="closed")
        Question.objects.create(
            position=other,
            rule="review",
            urgency="low",
            reason="due",
            asked_at=desk.now,
            ai_until=desk.now,
        )
        assert upkeep(now=desk.now) == 2
        assert Question.objects.get(state__in=Question.LIVE).position == other

    def test_what_was_answered_stays_answered(self, desk: Desk) -> None:
        question = desk.open()
        approve(question_id=question.pk, actor="ann", now=desk.now)
        desk.house.run()
        assert (upkeep(now=desk.now), state()) == (0, "approved")
        assert "ai_overtaken" not in kinds()

    def test_by_an_approval_of_another_question_that_sells_all(self, desk: Desk) -> None:
        question, other = desk.open(), desk.open("ai_alert")
        approve(question_id=question.pk, actor="ann", now=desk.now)
        other.refresh_from_db()
        assert (other.state, other.closed_by) == ("overtaken", "ai_exit")

    def test_approval_of_a_part_leaves_the_others(self, desk: Desk) -> None:
        question, other = desk.open(verdict="reduce"), desk.open("ai_alert")
        approve(question_id=question.pk, actor="ann", now=desk.now)
        other.refresh_from_db()
        assert other.state == "open"

    def test_sale_of_a_part_overtakes_nothing(self, desk: Desk) -> None:
        desk.open()
        position_close_request(
            position_id=desk.position.pk, actor="bob", now=desk.now, shares=Decimal(40)
        )
        desk.house.run()
        assert (upkeep(now=desk.now), state()) == (0, "open")


class TestClaims:
    def test_claim_whose_holder_died_comes_back(self, desk: Desk) -> None:
        desk.ask()
        until = desk.now + timedelta(minutes=2)
        Question.objects.update(state="asking", claimed_until=until)
        assert (upkeep(now=until - timedelta(seconds=1)), state()) == (0, "asking")
        assert (upkeep(now=until), state()) == (1, "waiting")
        assert Question.objects.get().claimed_until is None
