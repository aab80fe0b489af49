"""A breach fires when it still stands after its window: in the same pass or in a later one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from monitoring.models import MonitorRun
from positions.models import Exit
from tests.monitoring.engine.house import House, at, kinds

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
STOP: dict[str, Any] = {"stop_loss_price": "0.45"}


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_breach_is_read_once_more_in_the_same_pass(house: House) -> None:
    house.position(policy=STOP)
    house.says("A", "0.44", "0.449")
    result = house.run()
    assert (house.clock.naps, len(house.sources["polymarket"].reads)) == ([3], 2)
    (exit_,) = result.exits
    assert (exit_["rule"], exit_["price"], exit_["state"]) == ("stop_loss", "0.449", "filled")


def test_recovery_in_the_second_reading_sells_nothing(house: House) -> None:
    house.position(policy=STOP)
    house.says("A", "0.44", "0.46")
    result = house.run()
    assert (result.exits, result.triggers, kinds()) == ([], [], [])
    # A later breach begins anew.
    house.clock.later(30)
    house.says("A", "0.45", "0.46")
    assert house.run().exits == []


def test_only_the_breached_are_read_again(house: House) -> None:
    for name, bid in (("A", "0.44"), ("B", "0.50")):
        house.position(name, policy=STOP)
        house.says(name, bid)
    house.run()
    assert house.sources["polymarket"].reads == [["A", "B"], ["A"]]


def test_exits_that_need_no_confirmation_leave_before_the_wait(house: House) -> None:
    house.position("A", policy=STOP)
    house.position("B", policy={"take_profit_price": "0.60"})
    house.says("A", "0.44")
    house.says("B", "0.61")
    naps: list[int] = []
    house.exchange.before = lambda order: naps.append(len(house.clock.naps))
    house.run()
    sent = [order.instrument.key for order in house.exchange.sent]
    assert (sent, naps) == (["B", "A"], [0, 1])


def test_far_through_the_level_fires_at_once(house: House) -> None:
    house.position(policy={**STOP, "through_pct": "5"})
    house.says("A", "0.4275")  # 0.45 less 5 %, inclusive
    assert [exit_["rule"] for exit_ in house.run().exits] == ["stop_loss"]
    assert house.clock.naps == []


def test_just_above_through_still_waits(house: House) -> None:
    house.position(policy={**STOP, "through_pct": "5"})
    house.says("A", "0.4276", "0.50")
    assert house.run().exits == []
    assert house.clock.naps == [3]


def test_longer_window_ends_in_a_later_pass(house: House) -> None:
    house.position(policy={**STOP, "confirm_seconds": 45})
    house.says("A", "0.44")
    began = house.clock.at
    first = house.run()
    assert (first.exits, house.clock.naps) == ([], [5.0])
    assert first.wake_at == began + seconds(45)
    house.clock.at = began + seconds(30)
    assert house.run().exits == []
    house.clock.at = began + seconds(60)
    assert [exit_["rule"] for exit_ in house.run().exits] == ["stop_loss"]


def test_each_breach_is_read_again_after_its_own_window(house: House) -> None:
    """Three venues answer one after another, so their breaches begin at different moments."""
    for name, window in (("A", 1), ("B", 3), ("C", 60)):
        house.position(name, policy={**STOP, "confirm_seconds": window})
        house.says(name, "0.44")
    result = house.run()
    assert [exit_["position"] for exit_ in result.exits] == sorted(
        Exit.objects.values_list("position_id", flat=True)
    )
    assert [order.instrument.key for order in house.exchange.sent] == ["A", "B"]
    assert house.clock.naps == [1, 2, 2]
    assert house.sources["polymarket"].reads == [["A", "B", "C"], ["A"], ["B"], ["C"]]


def test_breaches_a_moment_apart_share_one_reading(house: House) -> None:
    for name, age in (("A", 0.2), ("B", 0.1)):
        house.position(name, policy=STOP)
        house.says(name, at("0.44", age=age))
    assert len(house.run().exits) == 2
    assert house.sources["polymarket"].reads == [["A", "B"], ["A", "B"]]


def test_another_positions_silence_does_not_shorten_the_wait(house: House) -> None:
    house.position("A", policy=STOP)
    house.position("B", policy=STOP)
    house.interval = house.interval * 0 + 5
    house.says("A", "0.50")
    house.says("B", None)
    house.run()
    house.clock.later(14)  # B's silence is told in a second from now
    house.says("A", "0.44")
    assert [exit_["rule"] for exit_ in house.run().exits] == ["stop_loss"]
    assert house.clock.naps == [3]


def test_unpriced_reading_neither_confirms_nor_resets(house: House) -> None:
    house.position(policy={**STOP, "confirm_seconds": 60})
    house.says("A", "0.44")
    house.run()
    house.clock.later(30)
    house.says("A", None)
    assert house.run().exits == []
    house.clock.later(30)
    assert house.run().exits == []
    house.says("A", "0.44")
    assert [exit_["rule"] for exit_ in house.run().exits] == ["stop_loss"]


def test_zero_turns_the_wait_off(house: House) -> None:
    house.position(policy={**STOP, "confirm_seconds": 0})
    house.says("A", "0.45")
    assert [exit_["price"] for exit_ in house.run().exits] == ["0.45"]
    assert house.clock.naps == []


def test_trailing_stop_is_confirmed_too(house: House) -> None:
    house.position(policy={"trailing_stop": [{"distance_pct": "10"}]})
    house.says("A", "0.60", "0.54", "0.55")
    house.run()
    house.clock.later(30)
    assert house.run().exits == []  # 0.54 breached, 0.55 is back above
    house.clock.later(30)
    house.says("A", "0.53")
    assert [exit_["rule"] for exit_ in house.run().exits] == ["trailing_stop"]


def test_breach_survives_a_restart_between_passes(house: House) -> None:
    house.position(policy={**STOP, "confirm_seconds": 20})
    house.says("A", "0.44")
    house.run()
    other = House()
    other.clock.at = house.clock.at + seconds(15)
    other.says("A", "0.44")
    assert [exit_["rule"] for exit_ in other.run().exits] == ["stop_loss"]


def test_second_reading_belongs_to_the_same_run(house: House) -> None:
    house.position(policy=STOP)
    house.says("A", "0.44")
    result = house.run()
    run = MonitorRun.objects.get()
    assert (run.pk, run.state, run.triggers, run.exits) == (result.run, "complete", 1, 1)
    assert (result.open, result.checked, result.unpriced) == (1, 1, 0)


def test_clock_set_back_does_not_make_a_breach_wait(house: House) -> None:
    house.position(policy={"stop_loss_price": "0.45", "confirm_seconds": 300})
    house.runs("0.50", "0.44")
    house.clock.later(-3600)
    house.runs("0.44", every=300)
    assert [exit_["rule"] for exit_ in house.runs("0.44")[0].exits] == ["stop_loss"]
