"""The rules of a position in words, each with its level and why it has not fired."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from positions.presenting.rules import RuleView, guards_text, rule_views
from tests.positions.presenting.rows import NOW, policy, row, runs

ALL: dict[str, Any] = {
    "trailing_stop": [{"distance_pct": "10", "activation_pct": "0"}],
    "momentum_exit": {
        "window_minutes": 60,
        "rise_pct": "15",
        "fade_pct": "4",
        "sell_pct": "50",
    },
    "soft_stop_pct": "8",
    "adverse_move": {"window_minutes": 15, "pct": "6"},
    "max_hold_minutes": "10000",
    "exit_before_end_minutes": "60",
    "fair_value": "thesis",
}


def rules(bid: str | None = "0.634", **values: Any) -> dict[str, RuleView]:
    return {view["rule"]: view for view in rule_views(row(bid, **values), NOW)}


def test_every_rule_that_is_set_is_listed_in_the_order_of_a_tick() -> None:
    found = rules(policy=policy(**ALL), runs=runs("0.62", "0.634"))
    assert list(found) == [
        "stop_loss",
        "take_profit",
        "trailing_stop",
        "time_exit",
        "fair_value",
        "momentum_exit",
        "soft_stop",
        "adverse_move",
    ]


def test_stop_tells_level_and_distance() -> None:
    stop = rules()["stop_loss"]
    assert (stop["name"], stop["level"]) == ("Stop loss: 15.0 % below entry", "49.3¢")
    assert (stop["state"], stop["tone"]) == ("armed", "")
    assert stop["sentence"] == "63.4¢ is 14.1¢ above the 49.3¢ stop"


def test_breached_stop_is_critical_a_reached_target_is_not() -> None:
    assert (rules("0.44")["stop_loss"]["state"], rules("0.44")["stop_loss"]["tone"]) == (
        "breached",
        "crit",
    )
    assert (rules("0.70")["take_profit"]["state"], rules("0.70")["take_profit"]["tone"]) == (
        "reached",
        "",
    )


def test_unarmed_rule_offers_to_be_armed() -> None:
    stop = rules("0.44", unarmed=frozenset({"stop_loss"}))["stop_loss"]
    assert (stop["unarmed"], stop["state"]) == (True, "not armed")


def test_trailing_stop_says_when_it_begins() -> None:
    later = policy(trailing_stop=[{"distance_pct": "5", "activation_pct": "12"}])
    trail = rules(policy=later, best=Decimal("0.638"))["trailing_stop"]
    assert (trail["level"], trail["tone"]) == ("–", "off")
    assert trail["sentence"] == "begins once the best profit exceeds 12.0 %; best so far 10.0 %"


def test_fair_value_without_a_probability_cannot_fire() -> None:
    rule = rules(policy=policy(fair_value="thesis"))["fair_value"]
    assert rule["sentence"] == "the thesis has no probability: cannot fire"


def test_ladder_is_told_rung_by_rung() -> None:
    ladder = policy(take_profit=[{"pct": "10", "sell_pct": "25"}, {"pct": "20"}])
    assert rules(policy=ladder)["take_profit"]["name"] == (
        "Take profit: +10.0 % sells 25 %; +20.0 % sells 100 %"
    )


def test_unpriced_position_waits() -> None:
    stop = rules(None)["stop_loss"]
    assert stop["sentence"] == "waits for a usable price; level 49.3¢"


def test_rules_of_a_closed_position_have_ended() -> None:
    found = rules("0.70", is_open=False)
    assert {view["state"] for view in found.values()} == {"ended"}


@pytest.mark.parametrize(
    ("field", "part"), [("confirm_seconds", "7 s"), ("max_slippage_pct", "7.0 % below the bid")]
)
def test_guards_are_told_with_their_values(field: str, part: str) -> None:
    assert part in guards_text(policy(**{field: "7"}))
