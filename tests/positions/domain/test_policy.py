"""The policy document: parsed strictly, written back exactly, every complaint with its field."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from positions.domain.policy import (
    FIELDS,
    MomentumExit,
    Policy,
    PolicyError,
    ProfitRow,
    TrailStage,
    check_market,
    dumps,
    effective,
    loads,
    merge,
    parse,
)
from tests.positions.domain.strategies import DOCUMENTS, legal

# The contract's own example.
EXAMPLE = """
{"stop_loss_pct": "15", "stop_loss_price": null,
 "take_profit": [{"after_minutes": 0, "pct": "20", "sell_pct": "100"}], "take_profit_price": null,
 "trailing_stop": [{"distance_pct": "10", "activation_pct": "0"},
                   {"distance_pct": "5", "activation_pct": "12"}],
 "momentum_exit": {"window_minutes": 60, "rise_pct": "15", "fade_pct": "4", "sell_pct": "50"},
 "soft_stop_pct": "8", "adverse_move": {"window_minutes": 15, "pct": "6"},
 "max_hold_minutes": null, "exit_before_end_minutes": null, "fair_value": null,
 "confirm_seconds": 3, "through_pct": "5", "max_slippage_pct": "10",
 "max_spread": "0.10", "max_spread_pct": "5", "wide_spread_seconds": 60,
 "max_quote_age_seconds": 120}
"""


def test_parse_reads_the_contracts_example() -> None:
    policy = parse(loads(EXAMPLE))
    assert policy.stop_loss_pct == Decimal(15)
    assert policy.take_profit == (ProfitRow(Decimal(0), Decimal(20), Decimal(100)),)
    assert policy.trailing_stop == (
        TrailStage(Decimal(10), Decimal(0)),
        TrailStage(Decimal(5), Decimal(12)),
    )
    assert policy.momentum_exit == MomentumExit(*map(Decimal, (60, 15, 4, 50)))
    assert policy.window_minutes == Decimal(60)
    assert policy.max_hold_minutes is None


def test_example_lists_every_field() -> None:
    assert tuple(json.loads(EXAMPLE)) == FIELDS


def test_absent_rules_are_none_and_absent_guards_take_the_contracts_values() -> None:
    policy, example = parse({}), parse(loads(EXAMPLE))
    assert policy == Policy()
    for guard in FIELDS[11:]:
        assert getattr(policy, guard) == getattr(example, guard)
    assert policy.stated == frozenset()
    assert example.stated == frozenset(FIELDS[11:])


def test_numbers_and_strings_mean_the_same() -> None:
    assert parse(loads('{"stop_loss_pct": 12.1}')) == parse({"stop_loss_pct": "12.1"})
    assert parse({"stop_loss_pct": 0.1}).stop_loss_pct == Decimal("0.1")


def test_json_numbers_never_pass_through_floats() -> None:
    digits = "0.1234567890123456789"
    assert parse(loads(f'{{"stop_loss_price": {digits}}}')).stop_loss_price == Decimal(digits)


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"stop_los_pct": "15"}, "stop_los_pct"),
        ({"stop_loss_pct": "-1"}, "stop_loss_pct"),
        ({"stop_loss_pct": "100"}, "stop_loss_pct"),
        ({"stop_loss_pct": "fifteen"}, "stop_loss_pct"),
        ({"stop_loss_pct": True}, "stop_loss_pct"),
        ({"stop_loss_pct": "NaN"}, "stop_loss_pct"),
        ({"stop_loss_pct": "Infinity"}, "stop_loss_pct"),
        ({"stop_loss_pct": [15]}, "stop_loss_pct"),
        ({"stop_loss_pct": "1e-999999"}, "stop_loss_pct"),
        ({"stop_loss_pct": "1_5"}, "stop_loss_pct"),
        ({"stop_loss_pct": "１５"}, "stop_loss_pct"),
        ({"stop_loss_price": "0"}, "stop_loss_price"),
        ({"stop_loss_price": "-0.4"}, "stop_loss_price"),
        ({"take_profit": {"pct": "20"}}, "take_profit"),
        ({"take_profit": "20"}, "take_profit"),
        ({"take_profit": ["20"]}, "take_profit[0]"),
        ({"take_profit": [{"sell_pct": "50"}]}, "take_profit[0].pct"),
        ({"take_profit": [{"pct": "20"}, {"pct": "-1"}]}, "take_profit[1].pct"),
        ({"take_profit": [{"pct": "20", "after": 3}]}, "take_profit[0].after"),
        ({"take_profit": [{"pct": "20", "after_minutes": -1}]}, "take_profit[0].after_minutes"),
        ({"take_profit": [{"pct": "20", "sell_pct": "0"}]}, "take_profit[0].sell_pct"),
        ({"take_profit": [{"pct": "20", "sell_pct": "101"}]}, "take_profit[0].sell_pct"),
        ({"take_profit": [{"pct": "20"}, {"pct": "30"}]}, "take_profit[1]"),
        (
            {"take_profit": [{"pct": "20", "sell_pct": "50"}, {"pct": "20.0", "sell_pct": "20"}]},
            "take_profit[1]",
        ),
        (
            {"take_profit": [{"pct": "20", "sell_pct": "60"}, {"pct": "30", "sell_pct": "41"}]},
            "take_profit",
        ),
        ({"take_profit_price": "0"}, "take_profit_price"),
        ({"trailing_stop": {"distance_pct": 5}}, "trailing_stop"),
        ({"trailing_stop": [{"activation_pct": 5}]}, "trailing_stop[0].distance_pct"),
        ({"trailing_stop": [{"distance_pct": 0}]}, "trailing_stop[0].distance_pct"),
        ({"trailing_stop": [{"distance_pct": 100}]}, "trailing_stop[0].distance_pct"),
        (
            {"trailing_stop": [{"distance_pct": 5, "activation_pct": -1}]},
            "trailing_stop[0].activation_pct",
        ),
        (
            {
                "trailing_stop": [
                    {"distance_pct": 5, "activation_pct": 3},
                    {"distance_pct": 4, "activation_pct": "3.0"},
                ]
            },
            "trailing_stop[1]",
        ),
        ({"momentum_exit": []}, "momentum_exit"),
        ({"momentum_exit": {"rise_pct": 1, "fade_pct": 1}}, "momentum_exit.window_minutes"),
        (
            {"momentum_exit": {"window_minutes": 60, "rise_pct": 0, "fade_pct": 4}},
            "momentum_exit.rise_pct",
        ),
        (
            {"momentum_exit": {"window_minutes": 60, "rise_pct": 5, "fade_pct": 100}},
            "momentum_exit.fade_pct",
        ),
        (
            {"momentum_exit": {"window_minutes": 1e9, "rise_pct": 5, "fade_pct": 1}},
            "momentum_exit.window_minutes",
        ),
        ({"soft_stop_pct": 100}, "soft_stop_pct"),
        ({"adverse_move": {"window_minutes": 15}}, "adverse_move.pct"),
        ({"adverse_move": {"window_minutes": 0, "pct": 5}}, "adverse_move.window_minutes"),
        ({"adverse_move": {"window_minutes": 15, "pct": 5, "by": 1}}, "adverse_move.by"),
        ({"max_hold_minutes": -1}, "max_hold_minutes"),
        ({"max_hold_minutes": 1e12}, "max_hold_minutes"),
        ({"exit_before_end_minutes": "soon"}, "exit_before_end_minutes"),
        ({"fair_value": "1.01"}, "fair_value"),
        ({"fair_value": "theses"}, "fair_value"),
        ({"fair_value": 0}, "fair_value"),
        ({"confirm_seconds": -3}, "confirm_seconds"),
        ({"confirm_seconds": "1e18"}, "confirm_seconds"),
        ({"through_pct": 101}, "through_pct"),
        ({"max_slippage_pct": "-10"}, "max_slippage_pct"),
        ({"max_spread": 2}, "max_spread"),
        ({"max_spread_pct": "x"}, "max_spread_pct"),
        ({"wide_spread_seconds": None, "x": None}, "x"),
        ({"max_quote_age_seconds": {}}, "max_quote_age_seconds"),
        ([], "policy"),
        ("stop", "policy"),
    ],
)
def test_error_names_the_field(document: Any, field: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse(document)
    assert caught.value.field == field
    assert str(caught.value) == f"{field}: {caught.value.message}"


def test_key_given_twice_is_an_error() -> None:
    with pytest.raises(PolicyError, match="stop_loss_pct: is given twice"):
        loads('{"stop_loss_pct": 15, "stop_loss_pct": 5}')


@pytest.mark.parametrize(
    "document",
    [
        {"stop_loss_pct": "99.99"},
        {"take_profit": []},
        {"take_profit": [{"pct": "10", "sell_pct": "50"}, {"pct": "20", "sell_pct": "50"}]},
        {"take_profit": [{"pct": "10"}, {"pct": "5", "after_minutes": 60}]},
        {"take_profit": [{"pct": "10"}, {"pct": "10", "sell_pct": "50"}]},
        {"trailing_stop": [{"distance_pct": 10}, {"distance_pct": 1, "activation_pct": 0}]},
        {"fair_value": "thesis"},
        {"fair_value": 1},
        {"max_hold_minutes": 52_596_000},
    ],
)
def test_parse_accepts_what_can_be_meant(document: dict[str, Any]) -> None:
    assert parse(document) == parse(loads(dumps(document)))


@given(DOCUMENTS.filter(legal))
def test_document_round_trips(document: dict[str, Any]) -> None:
    text = dumps(document)
    assert parse(loads(text)) == parse(document)
    assert dumps(loads(text)) == text


def test_dumps_writes_strings_in_plain_notation_and_the_contracts_order() -> None:
    document = loads('{"confirm_seconds": 3, "stop_loss_pct": 1E+1, "take_profit": [{"pct": 20}]}')
    assert dumps(document) == (
        '{"stop_loss_pct": "10", "take_profit": [{"pct": "20"}], "confirm_seconds": "3"}'
    )


def test_position_overrides_its_strategy_field_by_field() -> None:
    strategy = {"stop_loss_pct": "15", "soft_stop_pct": "8", "max_hold_minutes": "60"}
    position = {"stop_loss_pct": "10", "soft_stop_pct": None}
    assert parse(merge(strategy, position)) == parse(
        {"stop_loss_pct": "10", "max_hold_minutes": "60"}
    )


def test_effective_reads_two_stored_documents() -> None:
    policy = effective('{"stop_loss_pct": "15"}', '{"take_profit_price": "0.8"}')
    assert policy == parse({"stop_loss_pct": "15", "take_profit_price": "0.8"})
    assert effective("", "") == Policy()
    assert effective('{"confirm_seconds": "9"}', '{"confirm_seconds": null}') == Policy()


def test_rows_are_sorted_once() -> None:
    policy = parse(
        {
            "take_profit": [
                {"pct": "30", "sell_pct": "20"},
                {"pct": "20"},
                {"pct": "10", "sell_pct": "20"},
                {"pct": "5", "after_minutes": 60},
            ]
        }
    )
    assert [row.pct for row in policy.rungs] == [Decimal(10), Decimal(30)]
    assert [row.after_minutes for row in policy.full_rows] == [Decimal(60), Decimal(0)]
    assert policy.by_age
    assert not parse({"take_profit": [{"pct": "20"}]}).by_age


def test_rung_key_survives_another_way_of_writing_it() -> None:
    one = ProfitRow(Decimal("60.0"), Decimal("1E+1"), Decimal(50))
    other = ProfitRow(Decimal(60), Decimal(10), Decimal(40))
    assert one.key == other.key == "60:10"


def test_check_market_knows_the_payout() -> None:
    check_market(parse({"stop_loss_price": "1", "fair_value": "0.5"}), Decimal(1))
    with pytest.raises(PolicyError) as above:
        check_market(parse({"take_profit_price": "1.01"}), Decimal(1))
    assert above.value.field == "take_profit_price"
    with pytest.raises(PolicyError) as instrument:
        check_market(parse({"fair_value": "0.5"}), None)
    assert instrument.value.field == "fair_value"


def test_negative_zero_is_zero() -> None:
    assert str(parse({"stop_loss_pct": "-0"}).stop_loss_pct) == "0"
