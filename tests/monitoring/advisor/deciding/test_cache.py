"""The same question on the same grounds is paid for once."""

from __future__ import annotations

import pytest

from monitoring.models import AICall, Decision, Question
from tests.monitoring.advisor.deciding.world import World, fails, says, state

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def answered(question: Question) -> None:
    """A person has declined it."""
    Question.objects.filter(pk=question.pk).update(state="declined")


def asked_twice(world: World, *, urgency: str = "high", **later: float) -> int:
    """How many calls two questions cost, `later` being between them."""
    world.ask("soft_stop", urgency)
    world.decide()
    world.clock.later(**later)
    quote = world.position.market.quote
    quote.refresh_from_db()
    world.bid(str(quote.bid))
    world.ask("soft_stop", urgency)
    world.decide()
    return world.provider.asked


@pytest.mark.parametrize(
    ("urgency", "later", "calls"),
    [
        ("high", {"hours": 5, "minutes": 59}, 1),
        ("high", {"hours": 6}, 2),
        ("critical", {"minutes": 29}, 1),
        ("critical", {"minutes": 30}, 2),
    ],
)
def test_a_decision_is_good_for_six_hours_a_critical_one_for_thirty_minutes(
    urgency: str, later: dict[str, float], calls: int
) -> None:
    assert asked_twice(World.of(says("HOLD")), urgency=urgency, **later) == calls


def test_what_is_used_again_is_a_row_of_its_own_without_a_call() -> None:
    world = World.of(says("HOLD"))
    asked_twice(world, minutes=5)
    first, second = Decision.objects.order_by("pk")
    assert (second.cached_from, second.call, second.verdict, second.reasoning) == (
        first,
        None,
        "hold",
        first.reasoning,
    )
    assert AICall.objects.count() == 1


def test_a_copy_does_not_make_it_younger() -> None:
    world = World.of(says("HOLD"))
    asked_twice(world, hours=4)
    world.clock.later(hours=3)
    world.ask()
    world.decide()
    assert world.provider.asked == 2


@pytest.mark.parametrize(
    ("bid", "calls"), [("0.449", 1), ("0.459", 1), ("0.46", 2), ("0.421", 1), ("0.42", 2)]
)
def test_two_cents_away_it_is_asked_again(bid: str, calls: int) -> None:
    world = World.of(says("HOLD"), bid="0.44")
    world.ask()
    world.decide()
    world.bid(bid)
    world.ask()
    world.decide()
    assert world.provider.asked == calls


def test_a_new_headline_thesis_or_rule_is_a_new_question() -> None:
    world = World.of(says("HOLD"))
    world.ask()
    world.decide()
    world.headline("Rates rise")
    world.ask()
    world.decide()
    assert world.provider.asked == 2
    world.thesis("Another one.", version=2)
    world.ask()
    world.decide()
    assert world.provider.asked == 3
    world.ask("adverse_move")
    world.decide()
    assert world.provider.asked == 4


def test_an_old_word_to_sell_is_shown_again_but_never_acted_upon() -> None:
    world = World.of(says("SELL"))
    question = world.ask()
    world.decide()
    answered(question)
    shown = world.ask()
    world.decide()
    assert (state(shown), world.provider.asked) == ("open", 1)
    world.policy(mode="auto")
    question = world.ask("soft_stop")
    world.decide()
    assert (state(question), world.provider.asked) == ("acted", 2)


def test_a_failure_is_remembered_for_a_minute() -> None:
    world = World.of(fails())
    first = world.ask()
    world.decide()
    answered(first)
    world.clock.later(seconds=59)
    second = world.ask()
    world.decide()
    second.refresh_from_db()
    assert (second.outcome, world.provider.asked) == (
        "The AI gave no answer (it failed on the same a moment ago).",
        1,
    )
    answered(second)
    world.clock.later(seconds=1)
    world.ask()
    world.decide()
    assert world.provider.asked == 2


def test_another_models_answer_is_not_this_ones() -> None:
    world = World.of(says("HOLD"))
    world.ask()
    world.decide()
    world.provider.models = {"decide": "claude-haiku-5-5"}
    world.ask()
    world.decide()
    assert world.provider.asked == 2
