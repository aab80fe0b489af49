"""A wide spread holds a breached stop back, loudly, until the breach has stood long enough."""

from __future__ import annotations

from typing import Any

import pytest

from tests.monitoring.engine.house import DEEP, House, Offers, at, kinds, last

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
STOP: dict[str, Any] = {"stop_loss_price": "0.45", "wide_spread_seconds": 60}
WIDE = at("0.44", "0.55")


def test_alert_comes_in_the_same_pass_once(house: House) -> None:
    position = house.position(policy=STOP)
    house.says("A", WIDE)
    result = house.run()
    assert (result.exits, result.triggers, kinds(position)) == ([], [], ["stop_blocked"])
    told = last("stop_blocked")
    assert (told.urgency, told.rule, told.data["level"], told.data["bid"], told.data["ask"]) == (
        "critical",
        "stop_loss",
        "0.45",
        "0.44",
        "0.55",
    )
    house.clock.later(30)
    house.run()
    assert kinds(position) == ["stop_blocked"]


def test_stop_sells_once_the_breach_has_stood(house: House) -> None:
    house.position(policy=STOP)
    house.says("A", WIDE)
    house.run()
    house.clock.later(59)
    assert house.run().exits == []
    house.clock.later(1)
    assert [exit_["rule"] for exit_ in house.run().exits] == ["stop_loss"]


def test_pass_says_when_the_blocked_stop_is_due(house: House) -> None:
    house.position(policy=STOP)
    house.says("A", WIDE)
    wake = house.run().wake_at
    assert wake is not None
    assert (wake - house.clock.at).total_seconds() == 60


def test_narrow_again_sells_like_any_stop(house: House) -> None:
    house.position(policy=STOP)
    house.says("A", WIDE, "0.44")
    house.run()
    house.clock.later(3)
    assert [exit_["rule"] for exit_ in house.run().exits] == ["stop_loss"]


def test_recovery_ends_the_breach_and_a_new_one_is_told_again(house: House) -> None:
    position = house.position(policy=STOP)
    house.says("A", WIDE, "0.50", WIDE)
    for _ in range(3):
        house.run()
        house.clock.later(40)
    assert kinds(position) == ["stop_blocked", "stop_blocked"]
    assert house.run().exits == []  # 40 s of the second breach


def test_far_through_the_level_waits_too(house: House) -> None:
    house.position(policy={**STOP, "confirm_seconds": 0})
    house.says("A", at("0.20", "0.90"))
    assert house.run().exits == []


@pytest.mark.parametrize(
    ("told", "blocked"),
    [
        (at("0.44", "0.54"), False),  # 0.10 of the payout is the bound, and not above it
        (at("0.44", "0.5401"), True),
        (Offers((("0.44", DEEP),)), False),  # no ask is not wide
    ],
)
def test_bound_of_the_spread(house: House, told: Offers, blocked: bool) -> None:
    position = house.position(policy={**STOP, "confirm_seconds": 0})
    house.says("A", told)
    house.run()
    assert ("stop_blocked" in kinds(position)) is blocked


def test_spread_is_measured_in_parts_of_the_payout(house: House) -> None:
    policy = {"stop_loss_price": "45", "confirm_seconds": 0}
    position = house.position(policy=policy, entry="50", payout="100", currency="PKR")
    house.says("A", at("44", "54"))
    house.run()
    assert kinds(position, told="exit_done") == ["exit_done"]


def test_take_profit_does_not_wait_for_a_narrow_spread(house: House) -> None:
    house.position(policy={"take_profit_price": "0.60"})
    house.says("A", at("0.60", "0.90"))
    assert [exit_["rule"] for exit_ in house.run().exits] == ["take_profit"]


def test_trailing_stop_is_held_back_too(house: House) -> None:
    position = house.position(policy={"trailing_stop": [{"distance_pct": "10"}]})
    house.runs("0.60")
    house.says("A", at("0.54", "0.80"))
    house.run()
    assert (kinds(position), last("stop_blocked").rule) == (["stop_blocked"], "trailing_stop")
