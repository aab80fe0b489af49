"""One question a position and rule: raised once, joined by what comes later, opened to a person."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from monitoring.models import Headline, Question
from monitoring.questions.asking import close, open_to_person, waiting
from monitoring.questions.moving import AnsweredError
from positions.models import Position
from positions.services import ServiceError
from tests.monitoring.engine.house import kinds, last
from tests.monitoring.questions.desk import Desk, minutes

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def headline(number: int, desk: Desk) -> Headline:
    return Headline.objects.create(key=f"{number}", title=f"News {number}", first_seen=desk.now)


@pytest.mark.parametrize(
    ("rule", "kind", "seconds"),
    [
        ("soft_stop", "ask", 30),
        ("adverse_move", "ask", 30),
        ("ai_alert", "ai_alert", 60),
        ("review", "ai_asked", 120),
        ("asked", "ai_asked", 60),
    ],
)
def test_question_is_told_in_the_journal_and_the_ai_has_its_time(
    desk: Desk, rule: str, kind: str, seconds: int
) -> None:
    question = desk.ask(rule, level=Decimal("0.51"))
    assert (question.state, question.ai_until) == (
        "waiting",
        desk.now + timedelta(seconds=seconds),
    )
    entry = last(kind)
    assert (entry.position, entry.rule, entry.urgency) == (desk.position, rule, "high")
    assert {name: entry.data[name] for name in ("question", "question_id", "bid", "level")} == {
        "question": "Will A?",
        "question_id": question.pk,
        "bid": "0.5",
        "level": "0.51",
    }


def test_who_asks_by_hand_is_named(desk: Desk) -> None:
    question = desk.ask("asked", asked_by="ann", data={"why": "a feeling"})
    assert (question.asked_by, last("ai_asked").actor) == ("ann", "ann")
    assert last("ai_asked").data["why"] == "a feeling"


def test_own_time_for_the_ai_is_taken(desk: Desk) -> None:
    assert desk.ask(ai_seconds=5).ai_until == desk.now + timedelta(seconds=5)


def test_second_trigger_joins_with_what_is_new(desk: Desk) -> None:
    first = desk.ask("ai_alert", headlines=[headline(1, desk)])
    Question.objects.update(tries=2, not_before=desk.now)
    desk.later(10)
    again = desk.ask("ai_alert", headlines=[headline(2, desk)], urgency="critical", reason="worse")
    assert again.pk == first.pk
    stored = Question.objects.get()
    assert sorted(stored.headlines.values_list("title", flat=True)) == ["News 1", "News 2"]
    assert (stored.urgency, stored.reason, stored.asked_at) == ("critical", "worse", first.asked_at)
    assert (stored.state, stored.tries, stored.not_before) == ("waiting", 0, None)
    assert kinds(desk.position) == ["ai_alert", "ai_alert"]


def test_what_joins_a_critical_question_does_not_calm_it(desk: Desk) -> None:
    desk.ask("ai_alert", urgency="critical")
    desk.later(10)
    desk.ask("ai_alert", urgency="low")
    assert Question.objects.get().urgency == "critical"
    assert last("ai_alert").urgency == "low"


def test_joined_question_says_what_people_know_of_it(desk: Desk) -> None:
    desk.open(verdict="reduce")
    desk.ask()
    assert last("ask").data["verdict"] == "reduce"


def test_without_any_ai_the_first_word_names_the_deadline(desk: Desk) -> None:
    desk.policy(answer_minutes=20)
    desk.ask()
    assert (last("ask").data["verdict"], last("ask").data["deadline"]) == (
        "ask",
        "2026-11-22T12:20:00Z",
    )


def test_with_an_ai_nobody_knows_yet_who_decides(desk: Desk, settings: object) -> None:
    settings.ANTHROPIC_API_KEY = "key"  # type: ignore[attr-defined]
    desk.ask()
    assert {"verdict", "deadline"} & set(last("ask").data) == set()


def test_question_that_is_being_asked_is_asked_again_about_what_is_new(desk: Desk) -> None:
    question = desk.ask("ai_alert")
    until = desk.now + minutes(2)
    Question.objects.update(state="asking", claimed_until=until)
    question.refresh_from_db()
    desk.ask("ai_alert")
    with pytest.raises(AnsweredError):  # what was said of the older evidence counts no more
        open_to_person(question, now=desk.now)
    assert Question.objects.get().state == "waiting"


def test_rule_asks_again_once_its_question_is_closed(desk: Desk) -> None:
    question = desk.ask()
    close(question, "held", now=desk.now, by="watch", outcome="hold")
    assert desk.ask().pk != question.pk


def test_database_holds_one_live_question_a_rule(desk: Desk) -> None:
    question = desk.ask()
    with pytest.raises(IntegrityError), transaction.atomic():
        Question.objects.create(
            position=desk.position,
            rule="soft_stop",
            urgency="high",
            reason="twice",
            asked_at=desk.now,
            ai_until=desk.now,
        )
    assert Question.objects.get() == question


def test_closed_position_is_not_asked_about(desk: Desk) -> None:
    Position.objects.update(state="closed")
    with pytest.raises(ServiceError, match="closed already"):
        desk.ask()
    assert Question.objects.count() == 0


class TestOpening:
    def test_person_has_the_minutes_of_the_policy(self, desk: Desk) -> None:
        desk.policy(answer_minutes=40)
        question = desk.ask()
        open_to_person(question, now=desk.now, limits=["Exits are paused."], text="look")
        stored = Question.objects.get()
        assert (stored.state, stored.answer_until) == ("open", desk.now + minutes(40))
        assert (stored.limits, stored.outcome) == (["Exits are paused."], "look")

    @pytest.mark.parametrize(("silence", "expected"), [("hold", 25), ("sell", 15)])
    def test_new_evidence_gives_the_time_anew_only_where_silence_holds(
        self, desk: Desk, silence: str, expected: int
    ) -> None:
        desk.policy(if_unanswered=silence)
        began = desk.now
        desk.open()
        desk.later(10)
        open_to_person(desk.ask(), now=desk.now)
        assert Question.objects.get().answer_until == began + minutes(expected)

    def test_answer_that_comes_too_late_changes_nothing(self, desk: Desk) -> None:
        question = desk.ask()
        Question.objects.update(state="approved", closed_by="ann")
        with pytest.raises(AnsweredError, match="ann has approved this already"):
            open_to_person(question, now=desk.now)
        with pytest.raises(AnsweredError):
            close(question, "held", now=desk.now, by="watch", outcome="hold")
        assert Question.objects.get().state == "approved"

    def test_claim_of_another_is_respected(self, desk: Desk) -> None:
        question = desk.ask()
        Question.objects.update(state="asking", claimed_until=desk.now + minutes(1))
        question.refresh_from_db()
        Question.objects.update(claimed_until=desk.now + minutes(2))
        with pytest.raises(AnsweredError, match="changed meanwhile"):
            close(question, "held", now=desk.now, by="watch", outcome="hold")


def test_question_that_waits_is_shown_to_programs(desk: Desk) -> None:
    question = desk.ask()
    assert waiting(question) == {
        "position": desk.position.pk,
        "question": question.pk,
        "rule": "soft_stop",
        "verdict": "ask",
        "by": "",
        "state": "waiting",
        "text": "50.0¢ is at or below the soft stop",
    }
