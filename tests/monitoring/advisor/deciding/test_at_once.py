"""Several questions at once: a falling market has many rules ask within the same half minute."""

from __future__ import annotations

from threading import Barrier

import pytest

from monitoring.models import AICall, Question
from tests.monitoring.advisor.deciding.world import World, says
from tests.monitoring.advisor.gating import figures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_dbs]


def test_they_are_asked_beside_each_other_and_each_once() -> None:
    world = World.of(says("SELL"))
    worlds = [world, *(World.of(name=name) for name in "BCD")]
    for one in worlds:
        one.policy(mode="auto")
        one.ask()
    together = Barrier(len(worlds), timeout=20)
    world.provider.during = together.wait  # nobody is answered before all are asked
    lines = world.decide(at_once=4)
    assert [line["state"] for line in lines] == ["acted"] * 4
    assert [len(one.exits()) for one in worlds] == [1] * 4
    assert AICall.objects.count() == 4
    assert figures(world.clock().date())[0] == 0


def test_two_rules_of_one_position_sell_it_once() -> None:
    world = World.of(says("SELL"))
    world.policy(mode="auto", cooldown_minutes=0)
    world.ask("soft_stop")
    world.ask("adverse_move")
    together = Barrier(2, timeout=20)
    world.provider.during = together.wait
    world.decide(at_once=2)
    assert len(world.exits()) == 1
    assert sorted(Question.objects.values_list("state", flat=True)) == ["acted", "overtaken"]
