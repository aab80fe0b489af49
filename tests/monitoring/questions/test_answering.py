"""What a person answers: at the bid of now, once, in time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django_q.models import Schedule

from monitoring.models import Question
from monitoring.questions.answering import approve, decline, reopen
from monitoring.questions.moving import AnsweredError
from monitoring.schedules import ensure_schedules
from positions.models import Exit, JournalEntry, Market, Position
from positions.services import (
    ConfirmationNeededError,
    ServiceError,
    exit_cancel_request,
    exits_pause,
    position_close_request,
)
from tests.monitoring.engine.house import Offers, kinds, last
from tests.monitoring.engine.test_two_writers import Task
from tests.monitoring.questions.desk import Desk

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def yes(desk: Desk, question: Question, actor: str = "ann", **more: Any) -> Exit:
    return approve(question_id=question.pk, actor=actor, now=desk.now, **more)


class TestApprove:
    def test_sells_all_at_the_bids_of_now(self, desk: Desk) -> None:
        question = desk.open()
        desk.says("0.49")
        yes(desk, question)
        result = desk.house.run()
        assert [(row["rule"], row["shares"], row["price"]) for row in result.exits] == [
            ("ai_exit", "100", "0.49")
        ]
        stored = Question.objects.get()
        assert (stored.state, stored.closed_by, stored.closed_at, stored.exit) == (
            "approved",
            "ann",
            desk.now,
            Exit.objects.get(),
        )

    def test_exit_is_one_like_those_by_hand(self, desk: Desk) -> None:
        ensure_schedules(now=desk.now)
        exit_ = yes(desk, desk.open())
        assert (exit_.rule, exit_.latched, exit_.state, exit_.requested_by) == (
            "ai_exit",
            True,
            "pending",
            "ann",
        )
        assert exit_.reason == (
            "AI: SELL 0.86, “CPI surprise sends yields up” (2 sources); approved by ann"
        )
        assert exit_.trigger_price == Decimal("0.50")
        assert Schedule.objects.get(name="monitor").next_run == desk.now  # a pass is asked for

    def test_journal_says_who_and_what(self, desk: Desk) -> None:
        question = desk.open()
        exit_ = yes(desk, question)
        assert kinds(desk.position) == ["ask", "exit_decided", "ai_approved"]
        entry = last("ai_approved")
        assert (entry.actor, entry.text, entry.rule) == ("ann", "approved by ann", "soft_stop")
        expected = {
            "question_id": question.pk,
            "exit": exit_.pk,
            "shares": "100",
            "bid": "0.5",
            "verdict": "sell",
            "confidence": "0.86",
        }
        assert {name: entry.data[name] for name in expected} == expected

    def test_reduce_sells_the_part_of_the_policy(self, desk: Desk) -> None:
        desk.policy(reduce_pct=Decimal(30))
        yes(desk, desk.open(verdict="reduce"))
        desk.house.run()
        assert (desk.held(), Position.objects.get().state) == (Decimal(70), "open")

    @pytest.mark.parametrize(
        ("shares", "percent", "sold"),
        [
            ("100", "3", "5"),  # the market takes no fewer: no reason to sell all
            ("100", "95", "95"),
            ("100", "96", "100"),  # four would be left, which nobody takes
            ("100", "100", "100"),
            ("10", "50", "5"),
            ("9", "50", "9"),
        ],
    )
    def test_part_is_one_that_the_market_takes(
        self, db: None, shares: str, percent: str, sold: str
    ) -> None:
        desk = Desk(shares=shares)
        desk.policy(reduce_pct=Decimal(percent))
        assert yes(desk, desk.open(verdict="reduce")).shares == Decimal(sold)

    @pytest.mark.parametrize("verdict", ["ask", ""])
    def test_person_may_sell_all_where_no_ai_has_judged(self, desk: Desk, verdict: str) -> None:
        exit_ = yes(desk, desk.open(verdict=verdict))
        assert (exit_.shares, exit_.reason) == (
            Decimal(100),
            "50.0¢ is at or below the soft stop; approved by ann",
        )

    def test_latest_decision_counts(self, desk: Desk) -> None:
        question = desk.open()
        desk.say(question, "reduce")
        assert yes(desk, question).shares == Decimal(50)

    def test_person_need_not_wait_for_the_ai(self, desk: Desk) -> None:
        question = desk.ask()
        Question.objects.update(state="asking", claimed_until=desk.now)
        assert yes(desk, question).shares == Decimal(100)
        assert Question.objects.get().state == "approved"


class TestMove:
    @pytest.mark.parametrize("bid", ["0.47", "0.53", "0.50"])
    def test_three_cents_are_no_move(self, desk: Desk, bid: str) -> None:
        question = desk.open()
        desk.says(bid)
        assert yes(desk, question).trigger_price == Decimal(bid)

    @pytest.mark.parametrize(("bid", "words"), [("0.46", "46.0¢"), ("0.54", "54.0¢")])
    def test_a_larger_one_is_confirmed_with_both_prices(
        self, desk: Desk, bid: str, words: str
    ) -> None:
        question = desk.open()
        desk.says(bid)
        with pytest.raises(ConfirmationNeededError, match=rf"from 50\.0¢ to {words}"):
            yes(desk, question)
        assert (Exit.objects.count(), Question.objects.get().state) == (0, "open")
        exit_ = yes(desk, question, confirmed=True, seen_bid=Decimal(bid))
        assert exit_.trigger_price == Decimal(bid)

    def test_move_after_the_confirmation_is_asked_about_again(self, desk: Desk) -> None:
        question = desk.open()
        desk.says("0.42")
        with pytest.raises(ConfirmationNeededError, match=r"from 46\.0¢ to 42\.0¢"):
            yes(desk, question, confirmed=True, seen_bid=Decimal("0.46"))

    def test_move_since_the_page_was_shown_is_one_too(self, desk: Desk) -> None:
        question = desk.open()
        with pytest.raises(ConfirmationNeededError, match=r"from 54\.0¢ to 50\.0¢"):
            yes(desk, question, seen_bid=Decimal("0.54"))

    @pytest.mark.parametrize(("bid", "asks"), [("48.51", False), ("48.40", True)])
    def test_instrument_moves_by_three_percent(self, bid: str, asks: bool) -> None:
        desk = Desk(bid="50", market={"payout": None, "entry": "50"})
        question = desk.ask(bid=Decimal(50))
        desk.says(bid)
        if asks:
            with pytest.raises(ConfirmationNeededError):
                yes(desk, question)
        else:
            assert yes(desk, question).rule == "ai_exit"

    def test_price_when_it_was_asked_counts_where_no_ai_has_judged(self, desk: Desk) -> None:
        question = desk.open(verdict="")
        desk.says("0.45")
        with pytest.raises(ConfirmationNeededError, match=r"from 50\.0¢ to 45\.0¢"):
            yes(desk, question)


class TestUnpriced:
    def test_without_a_price_it_is_confirmed_and_waits_for_one(self, desk: Desk) -> None:
        question = desk.open()
        desk.says(Offers())
        with pytest.raises(ConfirmationNeededError, match=r"no usable price now \(no bid\)"):
            yes(desk, question)
        assert yes(desk, question, confirmed=True).trigger_price is None
        desk.house.run()
        assert desk.held() == Decimal(100)
        desk.says("0.48")
        assert desk.held() == Decimal(0)


class TestOnce:
    def test_second_click_is_told_who_was_first(self, desk: Desk) -> None:
        question = desk.open()
        yes(desk, question)
        with pytest.raises(AnsweredError, match="ann has approved this already"):
            yes(desk, question, actor="bob")
        assert Exit.objects.count() == 1

    def test_decline_after_approval_changes_nothing(self, desk: Desk) -> None:
        question = desk.open()
        yes(desk, question)
        with pytest.raises(AnsweredError, match="ann has approved"):
            decline(question_id=question.pk, actor="bob", now=desk.now)

    @pytest.mark.django_db(transaction=True)
    def test_two_people_at_the_same_moment_sell_once(self) -> None:
        desk = Desk()
        question = desk.open()
        tasks = [Task(lambda who=who: yes(desk, question, who)) for who in ("ann", "bob")]  # type: ignore[misc]
        refused = []
        for task in tasks:
            try:
                task.end()
            except AnsweredError as error:
                refused.append(str(error))
        assert (len(refused), Exit.objects.count()) == (1, 1)
        assert JournalEntry.objects.filter(kind="ai_approved").count() == 1


class TestRefused:
    def test_after_the_deadline_with_the_cure(self, desk: Desk) -> None:
        question = desk.open()
        desk.later(15)
        for answer in (approve, decline):
            with pytest.raises(AnsweredError, match=r"Ask the AI again, or close by hand"):
                answer(question_id=question.pk, actor="ann", now=desk.now)
        assert (Exit.objects.count(), Question.objects.get().state) == (0, "open")

    def test_question_that_the_ai_is_asked_about_again_has_no_deadline_yet(
        self, desk: Desk
    ) -> None:
        desk.open()
        desk.later(20)
        desk.says("0.50")
        assert yes(desk, desk.ask()).rule == "ai_exit"

    def test_closed_position(self, desk: Desk) -> None:
        question = desk.open()
        position_close_request(position_id=desk.position.pk, actor="bob", now=desk.now)
        desk.house.run()
        with pytest.raises(AnsweredError, match="nothing left to decide"):
            yes(desk, question)

    def test_while_another_exit_sells(self, desk: Desk) -> None:
        question = desk.open()
        position_close_request(position_id=desk.position.pk, actor="bob", now=desk.now)
        with pytest.raises(ServiceError, match="running already"):
            yes(desk, question)
        assert Question.objects.get().state == "open"

    def test_while_exits_are_paused(self, desk: Desk) -> None:
        question = desk.open()
        exits_pause(actor="bob", now=desk.now)
        with pytest.raises(ServiceError, match="All exits are paused"):
            yes(desk, question)
        assert (Question.objects.get().state, Exit.objects.count()) == ("open", 0)

    def test_what_the_market_takes_no_order_for(self) -> None:
        desk = Desk()
        question = desk.open()
        Market.objects.update(min_size=Decimal(200))
        with pytest.raises(ServiceError, match="below the market's minimum order"):
            yes(desk, question, confirmed=True)

    def test_question_that_is_gone(self, desk: Desk) -> None:
        with pytest.raises(ServiceError, match="no longer there"):
            approve(question_id=999, actor="ann", now=desk.now)


class TestDecline:
    def test_holds_and_can_be_taken_back_in_time(self, desk: Desk) -> None:
        question = desk.open()
        until = question.answer_until
        decline(question_id=question.pk, actor="ann", now=desk.now)
        assert (Question.objects.get().state, Question.objects.get().closed_by) == (
            "declined",
            "ann",
        )
        reopen(question_id=question.pk, actor="ann", now=desk.now)
        again = Question.objects.get()
        assert (again.state, again.closed_at, again.closed_by, again.answer_until) == (
            "open",
            None,
            "",
            until,
        )
        assert kinds(desk.position) == ["ask", "ai_declined", "ai_reopened"]
        assert yes(desk, question).rule == "ai_exit"

    def test_cannot_be_taken_back_after_the_deadline(self, desk: Desk) -> None:
        question = desk.open()
        decline(question_id=question.pk, actor="ann", now=desk.now)
        desk.later(15)
        with pytest.raises(AnsweredError, match="time to answer is over"):
            reopen(question_id=question.pk, actor="ann", now=desk.now)

    def test_cannot_be_taken_back_when_the_rule_has_asked_anew(self, desk: Desk) -> None:
        question = desk.open()
        decline(question_id=question.pk, actor="ann", now=desk.now)
        newer = desk.ask()
        with pytest.raises(ServiceError, match="answer the newer question"):
            reopen(question_id=question.pk, actor="ann", now=desk.now)
        assert list(Question.objects.filter(state__in=Question.LIVE)) == [newer]

    def test_of_a_question_that_no_ai_has_answered_asks_it_anew_when_taken_back(
        self, desk: Desk
    ) -> None:
        question = desk.ask()
        decline(question_id=question.pk, actor="ann", now=desk.now)
        desk.later(14)
        reopen(question_id=question.pk, actor="ann", now=desk.now)
        again = Question.objects.get()
        assert (again.state, (again.ai_until - desk.now).total_seconds()) == ("waiting", 30)

    def test_only_a_decline_is_taken_back(self, desk: Desk) -> None:
        question = desk.open()
        yes(desk, question)
        with pytest.raises(AnsweredError, match="ann has approved"):
            reopen(question_id=question.pk, actor="ann", now=desk.now)


def test_cancelled_ai_exit_leaves_no_rule_unarmed(desk: Desk) -> None:
    exit_ = yes(desk, desk.open())
    exit_cancel_request(exit_id=exit_.pk, actor="ann", now=desk.now)
    assert last("exit_cancelled").data["unarmed"] is False
    assert Position.objects.get().mark.unarmed == ""
