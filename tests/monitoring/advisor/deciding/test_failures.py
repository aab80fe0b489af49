"""No answer, in each of its ways: who is asked, what is told, and that nothing is sold by mistake."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from monitoring.advisor.budget import limit
from monitoring.advisor.port import Failure
from monitoring.models import AICall, AISpend, Decision, Question
from positions.models import JournalEntry
from positions.services import exits_pause
from tests.monitoring.advisor.deciding.world import World, fails, says, state
from tests.monitoring.advisor.gating import Told

pytestmark = pytest.mark.django_db
DOWN = "The AI gave no answer (Anthropic: it is overloaded)."
ALL = [("ai_exit", "watch", Decimal(100))]


@pytest.mark.parametrize(
    ("action", "ends", "sold", "kind"),
    [
        ("ask", "open", [], "ai_decision"),
        ("hold", "held", [], "ai_expired"),
        ("sell", "acted", ALL, "ai_expired"),
    ],
)
@pytest.mark.parametrize("rule", ["soft_stop", "adverse_move"])
def test_a_pressing_rule_does_what_the_settings_say(
    settings: Any, rule: str, action: str, ends: str, sold: list[Any], kind: str
) -> None:
    settings.AI_FAIL_ACTION = action
    world = World.of(fails())
    question = world.ask(rule)
    [line] = world.decide()
    assert (line["state"], state(question), world.exits()) == (ends, ends, sold)
    assert line["text"].startswith(DOWN)
    assert world.kinds()[-1] == kind
    assert world.provider.asked == 1


def test_a_person_gets_a_card_that_says_that_no_ai_has_judged() -> None:
    world = World.of(fails())
    question = world.ask()
    [line] = world.decide()
    decision = Decision.objects.get()
    assert (line["verdict"], line["by"], line["confidence"]) == ("ask", "Rules (no AI)", "")
    assert (decision.provider, decision.reasoning, decision.confidence) == ("rules", DOWN, None)
    assert JournalEntry.objects.get(kind="ai_decision").urgency == "high"
    question.refresh_from_db()
    assert question.outcome == DOWN


def stale(world: World) -> None:
    world.bid("0.44", age=61)


def ghost(world: World) -> None:
    world.bid("0.44", problem="ghost book")


def paused(world: World) -> None:
    exits_pause(actor="ann", now=world.clock())


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (stale, "The price is older than 60 seconds."),
        (ghost, "There is no usable price now: ghost book."),
        (paused, "not sold: All exits are paused. Resume exits first, then close."),
    ],
)
def test_failing_to_sell_asks_a_person(
    settings: Any, harm: Callable[[World], None], why: str
) -> None:
    settings.AI_FAIL_ACTION = "sell"
    world = World.of(fails())
    question = world.ask()
    harm(world)
    world.decide()
    question.refresh_from_db()
    assert (question.state, question.limits, world.exits()) == ("open", [why], [])


def test_without_any_provider_a_person_is_asked_and_nothing_is_sold(settings: Any) -> None:
    settings.AI_FAIL_ACTION = "sell"
    for rule in Question.Rule.values:
        world = World.of(name=rule)
        world.policy(mode="auto")
        world.nobody = True
        question = world.ask(rule)
        [line] = world.decide()
        assert (line["verdict"], state(question), world.exits()) == ("ask", "open", [])
        assert line["text"].startswith("Rules (no AI)")
    assert AICall.objects.count() == 0


def test_a_cap_of_zero_is_no_ai_not_a_failing_one(settings: Any) -> None:
    settings.AI_FAIL_ACTION, settings.AI_DAILY_USD = "sell", Decimal(0)
    world = World.of(says("SELL"))
    question = world.ask()
    [line] = world.decide()
    assert (line["verdict"], state(question), world.provider.asked) == ("ask", "open", 0)
    assert world.exits() == []


@pytest.mark.parametrize(
    ("rule", "ends"), [("soft_stop", "held"), ("adverse_move", "held"), ("ai_alert", "expired")]
)
def test_a_calm_rule_is_asked_three_times_a_minute_apart(rule: str, ends: str) -> None:
    world = World.of(fails())
    question = world.ask(rule, "medium")
    for asked in (1, 2, 3):
        world.decide()
        world.clock.later(seconds=59)
        world.decide()
        assert world.provider.asked == asked
        world.clock.later(seconds=2)
    assert (state(question), world.exits()) == (ends, [])
    assert [kind for kind in world.kinds() if kind != "ai_down"][1:] == ["ai_expired"]


def test_a_calm_rule_takes_the_answer_of_the_second_try() -> None:
    world = World.of(fails(retry_after=90.0), says("HOLD"))
    question = world.ask("ai_alert", "high")
    world.decide()
    world.clock.later(seconds=89)
    assert world.decide() == []
    world.clock.later(seconds=2)
    [line] = world.decide()
    assert (line["verdict"], state(question)) == ("hold", "held")


def test_critical_news_goes_to_a_person_at_once(settings: Any) -> None:
    settings.AI_FAIL_ACTION = "sell"
    world = World.of(fails())
    world.policy(mode="auto")
    question = world.ask("ai_alert", "critical")
    world.decide()
    assert (state(question), world.exits()) == ("open", [])
    assert JournalEntry.objects.get(kind="ai_decision").urgency == "critical"


def test_a_failed_review_is_overdue_and_a_persons_question_shows_the_error() -> None:
    world = World.of(fails())
    review, asked = world.ask("review", "medium"), world.ask("asked", "medium", asked_by="ann")
    world.decide()
    for question, text in ((review, f"Review overdue. {DOWN}"), (asked, DOWN)):
        question.refresh_from_db()
        assert (question.state, question.outcome) == ("expired", text)


@pytest.mark.parametrize("rule", ["soft_stop", "ai_alert"])
def test_a_pressing_question_that_waited_too_long_is_not_paid_for(rule: str) -> None:
    world = World.of(says("HOLD"))
    question = world.ask(rule, "critical")
    world.clock.later(seconds=58 if rule == "ai_alert" else 28)
    world.decide()
    question.refresh_from_db()
    assert (question.state, world.provider.asked) == ("open", 0)
    assert question.outcome == "The AI gave no answer (there was no time left)."


def test_a_calm_question_may_wait_for_its_turn() -> None:
    world = World.of(says("HOLD"))
    question = world.ask("ai_alert", "high")
    world.clock.later(hours=1)
    world.decide()
    assert (state(question), world.provider.asked) == ("held", 1)


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"evidence_ids": ["h7"]}, "cites h7, which was not sent"),
        ({"evidence_ids": []}, "SELL without evidence"),
        ({"thesis_status": "intact"}, "SELL although the thesis is intact"),
    ],
)
def test_a_failed_check_is_no_decision(fields: dict[str, Any], detail: str) -> None:
    world = World.of(says("SELL", **fields))
    world.policy(mode="auto")
    question = world.ask()
    [line] = world.decide()
    assert (line["verdict"], state(question), world.exits()) == ("ask", "open", [])
    assert AICall.objects.get().outcome == f"no decision: invalid_output {detail}"


def test_an_invalid_answer_is_not_papered_over_by_another_provider() -> None:
    world = World.of(says("SELL", evidence_ids=["h7"]))
    world.others = [Told([says("SELL")], name="other", fallback=True)]
    world.ask()
    world.decide()
    assert [world.provider.asked, world.others[0].asked] == [1, 0]


def test_the_fallback_is_asked_within_the_same_deadline() -> None:
    world = World.of(fails(Failure.TIMEOUT))
    world.others = [Told([says("HOLD")], name="other", fallback=True)]
    question = world.ask()
    world.provider.during = lambda: world.clock.later(seconds=20)
    [line] = world.decide()
    seconds = AICall.objects.order_by("pk").values_list("parameters__seconds", flat=True)
    assert [round(float(one)) for one in seconds] == [20, 10]
    assert (line["by"], state(question)) == ("other claude-sonnet-5-5", "held")


def test_when_the_first_has_used_up_the_time_nobody_else_is_asked() -> None:
    world = World.of(fails(Failure.TIMEOUT))
    world.others = [Told([says("HOLD")], name="other", fallback=True)]
    question = world.ask()
    world.provider.during = lambda: world.clock.later(seconds=28)
    world.decide()
    assert (world.others[0].asked, state(question)) == (0, "open")


def test_over_budget_is_said_as_such(settings: Any) -> None:
    settings.AI_DAILY_USD = Decimal("0.0001")
    world = World.of(says("HOLD"))
    question = world.ask()
    world.decide()
    question.refresh_from_db()
    assert (question.state, world.provider.asked) == ("open", 0)
    assert question.outcome == "The AI gave no answer (the daily budget leaves no room)."


@pytest.mark.parametrize(
    ("rule", "urgency", "asked"),
    [
        ("soft_stop", "high", 1),
        ("adverse_move", "high", 1),
        ("ai_alert", "critical", 1),
        ("ai_alert", "high", 0),
        ("review", "medium", 0),
        ("soft_stop", "medium", 0),
    ],
)
def test_money_held_back_is_for_what_presses(rule: str, urgency: str, asked: int) -> None:
    world = World.of(says("HOLD"))
    AISpend.objects.create(day=world.clock().date(), spent=limit(critical=False))
    world.ask(rule, urgency)
    world.decide()
    assert world.provider.asked == asked


def four_used(world: World) -> None:
    for number in range(4):
        world.bid(f"0.{30 + 3 * number}")
        world.ask("adverse_move", "medium")
        world.decide()
    assert world.provider.asked == 4


def test_a_position_has_four_decisions_a_day() -> None:
    world = World.of(says("HOLD"))
    four_used(world)
    question = world.ask("soft_stop", "medium")
    world.decide()
    question.refresh_from_db()
    assert (question.state, world.provider.asked) == ("held", 4)
    assert question.outcome.startswith(
        "The AI gave no answer (the day's decisions for this position are used up)."
    )
    world.clock.later(days=1)
    world.ask("soft_stop", "medium")
    world.decide()
    assert world.provider.asked == 5


@pytest.mark.parametrize(("rule", "urgency"), [("asked", "medium"), ("soft_stop", "critical")])
def test_a_persons_question_and_a_critical_one_are_beyond_them(rule: str, urgency: str) -> None:
    world = World.of(says("HOLD"))
    four_used(world)
    question = world.ask(rule, urgency)
    world.decide()
    assert (state(question), world.provider.asked) == ("held", 5)


def test_loud_news_do_not_use_up_those_of_the_price_rules() -> None:
    world = World.of(says("HOLD"))
    for number in range(5):
        world.ask("ai_alert", "medium", headlines=[world.headline(f"News {number}")])
        world.decide()
        world.clock.later(minutes=20)
        world.bid("0.44")
    assert world.provider.asked == 4
    question = world.ask("soft_stop", "high")
    world.decide()
    assert (state(question), world.provider.asked) == ("held", 5)


def test_failed_calls_that_cost_nothing_use_up_no_decision() -> None:
    world = World.of(*[fails()] * 4, says("HOLD"))
    for _ in range(4):
        question = world.ask("asked", "medium")
        world.decide()
        world.clock.later(minutes=10)
    question = world.ask("soft_stop", "high")
    world.decide()
    assert state(question) == "held"
