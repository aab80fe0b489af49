"""Rules as a trader types them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from positions.domain.policy import PARSERS, PolicyError, loads
from positions.forms.lines import format_field, parse_field

CASES: list[tuple[str, str, Any]] = [
    ("stop_loss_pct", "15", "15"),
    ("fair_value", "thesis", "thesis"),
    ("take_profit", "20", [{"pct": "20"}]),
    (
        "take_profit",
        "12 sell 50\n8 after 1440",
        [{"pct": "12", "sell_pct": "50"}, {"pct": "8", "after_minutes": "1440"}],
    ),
    (
        "trailing_stop",
        "10\n5 from 12",
        [{"distance_pct": "10"}, {"distance_pct": "5", "activation_pct": "12"}],
    ),
    (
        "momentum_exit",
        "12 in 60 fade 3 sell 50",
        {"rise_pct": "12", "window_minutes": "60", "fade_pct": "3", "sell_pct": "50"},
    ),
    ("adverse_move", "6 in 15", {"pct": "6", "window_minutes": "15"}),
]


@pytest.mark.parametrize(("field", "text", "value"), CASES)
def test_text_and_policy_are_two_ways_to_say_the_same(field: str, text: str, value: Any) -> None:
    assert parse_field(field, text) == value
    assert format_field(field, value) == text


@pytest.mark.parametrize(("field", "text", "value"), CASES)
def test_formatting_and_parsing_again_means_the_same(field: str, text: str, value: Any) -> None:
    read = PARSERS[field]
    assert read(field, parse_field(field, format_field(field, value))) == read(field, value)


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("12% SELL 50%", [{"pct": "12", "sell_pct": "50"}]),
        (
            "20,\n\n  30 after 5 ,sell 10\n",
            [{"pct": "20"}, {"pct": "30", "after_minutes": "5", "sell_pct": "10"}],
        ),
        ('[{"pct": 20}]', [{"pct": Decimal(20)}]),
    ],
)
def test_other_spellings_are_understood(typed: str, means: Any) -> None:
    assert parse_field("take_profit", typed) == means


def test_usual_values_are_not_written_out() -> None:
    rows = loads('[{"after_minutes": "0", "pct": "20.50", "sell_pct": "100"}]')
    assert format_field("take_profit", rows) == "20.50"


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        ("stop_loss_pct", "100", "stop_loss_pct: 100 must be below 100"),
        ("stop_loss_pct", "x", "stop_loss_pct: 'x' is not a number"),
        ("take_profit", "20\n20", "take_profit[1]: is a duplicate stage"),
        ("take_profit", "20 whenever 5", "take_profit[0]: “whenever” is not understood"),
        ("take_profit", "20 after", "take_profit[0]: a number is missing at the end"),
        ("take_profit", "20 after sell 5", "take_profit[0]: “sell” stands where a number should"),
        ("take_profit", "5 sell 1 sell 2", "take_profit[0]: “sell” is given twice"),
        ("take_profit", "50 sell 60\n60 sell 60", "take_profit: the ladder sells more than 100 %"),
        ("momentum_exit", "12 in 60", "momentum_exit.fade_pct: is required"),
        ("take_profit", "[{", "take_profit: is no JSON"),
        ("take_profit", '{"pct": 1}', "take_profit: must be a list"),
    ],
)
def test_what_is_not_understood_is_named(field: str, text: str, reason: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_field(field, text)
    assert str(caught.value).startswith(reason)
