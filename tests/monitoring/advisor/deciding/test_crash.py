"""Killed at each step and between two workers: no question is lost, nothing is sold twice."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from monitoring.models import AICall, Decision, Question
from monitoring.questions.answering import approve, decline
from monitoring.questions.asking import raise_question
from positions.models import Exit, Position
from tests.monitoring.advisor.deciding.world import World, fails, says, state
from tests.monitoring.advisor.gating import Killed

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
ALL = [("ai_exit", "watch", Decimal(100))]


def dies_at(world: World, wanted: str) -> None:
    """The next run dies there, once."""
    left = [wanted]

    def step(name: str) -> None:
        if left == [name]:
            left.clear()
            raise Killed

    world.at_step = step


@pytest.mark.parametrize(
    ("step", "calls"), [("claimed", 1), ("seen", 1), ("asked", 2), ("settled", 1)]
)
def test_killed_anywhere_it_is_answered_and_sold_once(step: str, calls: int) -> None:
    world = World.of(says("SELL"))
    world.policy(mode="auto")
    question = world.ask("soft_stop", "medium")
    dies_at(world, step)
    with pytest.raises(Killed):
        world.decide()
    for _ in range(3):
        world.clock.later(seconds=70)
        world.bid("0.44")
        world.decide()
    assert (state(question), world.exits(), world.provider.asked) == ("acted", ALL, calls)
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("step", ["claimed", "seen", "asked"])
def test_killed_in_its_seconds_a_pressing_question_goes_to_a_person(step: str) -> None:
    world = World.of(says("SELL"))
    world.policy(mode="auto")
    question = world.ask("soft_stop", "critical")
    dies_at(world, step)
    with pytest.raises(Killed):
        world.decide()
    world.clock.later(seconds=61)
    world.bid("0.44")
    world.decide()
    assert (state(question), world.exits()) == ("open", [])


def test_a_claim_holds_until_its_answer_must_be_there() -> None:
    world = World.of(says("HOLD"))
    world.ask("soft_stop", "high")
    dies_at(world, "claimed")
    with pytest.raises(Killed):
        world.decide()
    world.clock.later(seconds=59)
    assert world.decide() == []
    world.clock.later(seconds=1)
    assert len(world.decide()) == 1


def test_what_kills_every_run_ends_with_a_person() -> None:
    world = World.of(says("HOLD"))
    question = world.ask("ai_alert", "high")
    for _ in range(3):
        dies_at(world, "claimed")
        with pytest.raises(Killed):
            world.decide()
        world.clock.later(seconds=95)
    world.decide()
    assert (state(question), world.provider.asked) == ("expired", 0)


def test_two_workers_never_both_pay() -> None:
    world = World.of(says("HOLD"))
    world.ask()
    other: list[list[object]] = []

    def step(name: str) -> None:
        if name == "claimed":
            world.at_step = lambda _name: None
            other.append(list(world.decide()))

    world.at_step = step
    assert len(world.decide()) == 1
    assert (other, world.provider.asked) == ([[]], 1)


def during(act: Callable[[World, Question], object]) -> tuple[World, Question]:
    """An automatic SELL, while which `act` happens."""
    world = World.of(says("SELL"))
    world.policy(mode="auto")
    question = world.ask()
    world.provider.during = lambda: act(world, question)
    assert world.decide() == []
    return world, question


def test_a_person_who_declines_meanwhile_was_first() -> None:
    world, question = during(
        lambda world, question: decline(question_id=question.pk, actor="ann", now=world.clock())
    )
    assert (state(question), world.exits()) == ("declined", [])
    assert AICall.objects.get().outcome.startswith("void: ")


def test_a_person_who_sells_meanwhile_sells_once() -> None:
    world, question = during(
        lambda world, question: approve(
            question_id=question.pk, actor="ann", now=world.clock(), seen_bid=Decimal("0.44")
        )
    )
    assert (state(question), world.exits()) == ("approved", [("ai_exit", "ann", Decimal(100))])


def test_new_evidence_while_it_is_asked_has_it_asked_anew() -> None:
    def more(world: World, _question: Question) -> None:
        world.provider.during = lambda: None
        raise_question(
            position_id=world.position.pk,
            rule="soft_stop",
            urgency="high",
            reason="bid 43¢ at or below 46¢",
            now=world.clock(),
            bid=Decimal("0.44"),
        )

    world, question = during(more)
    assert (state(question), world.exits()) == ("waiting", [])
    world.clock.later(seconds=1)
    world.decide()
    assert state(question) in {"acted", "open"}


def test_a_position_that_is_closed_meanwhile_is_not_sold() -> None:
    def close(world: World, _question: Question) -> None:
        Position.objects.filter(pk=world.position.pk).update(
            state="closed", shares=Decimal(0), closed_at=world.clock()
        )

    world = World.of(says("SELL"))
    world.policy(mode="auto")
    question = world.ask()
    world.provider.during = lambda: close(world, question)
    world.decide()
    world.decide()
    assert (state(question), Exit.objects.count()) == ("overtaken", 0)


def test_a_position_closed_before_it_is_claimed_is_overtaken_without_a_call() -> None:
    world = World.of(fails())
    question = world.ask()
    Position.objects.filter(pk=world.position.pk).update(state="closed", close_reason="stop_loss")
    assert world.decide() == []
    assert (state(question), world.provider.asked) == ("overtaken", 0)
