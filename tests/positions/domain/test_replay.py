"""Replay: the pass's rules over a recorded series, to the contract's letter."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from positions.domain.policy import Policy, parse
from positions.domain.replay import Replay, document, position, replay
from positions.domain.series import Point, Series, SeriesError, read
from tests.positions.domain.casebook import Case, cases, expected
from tests.positions.domain.strategies import POLICIES

NOON = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)
RECORDED = Path(__file__).parents[4] / "shared/data/polymarket/prices_history"
HISTORIES = [path for path in sorted(RECORDED.glob("*.json")) if path.name != "INDEX.json"]
KEYS = [
    "source",
    "ticks",
    "entry_price",
    "entry_time",
    "exits",
    "open_shares",
    "realised_pnl",
    "best_bid",
    "worst_bid",
]
EXIT_KEYS = ["tick", "time", "rule", "level", "price", "shares", "pnl", "reason"]


def series(*bids: str | None, seconds: int = 60) -> Series:
    """Bids a minute apart from noon on."""
    points = [
        Point(NOON + timedelta(seconds=seconds * index), None if bid is None else Decimal(bid))
        for index, bid in enumerate(bids)
    ]
    return Series("bid", tuple(points))


def play(
    prices: Series, policy: dict[str, Any], entry: str = "0.50", fee_rate: str = "0", **held: Any
) -> Replay:
    rules = parse(policy)
    return replay(
        prices, rules, position(prices, Decimal(entry), **held), fee_rate=Decimal(fee_rate)
    )


def sales(result: Replay) -> list[tuple[int, str, str, str, str]]:
    return [
        (exit_["tick"], exit_["rule"], exit_["price"], exit_["shares"], exit_["pnl"])
        for exit_ in document(result)["exits"]
    ]


def test_document_has_the_contracts_keys_and_nothing_else() -> None:
    result = play(
        series("0.50", "0.65", "0.48", "0.617", "0.61"),
        {"trailing_stop": [{"distance_pct": "5", "activation_pct": "40"}], "stop_loss_pct": "4"},
    )
    found = document(result)
    assert list(found) == KEYS
    assert list(found["exits"][0]) == EXIT_KEYS
    assert found == {
        "source": "bid",
        "ticks": 5,
        "entry_price": "0.50",
        "entry_time": "2026-02-01T12:00:00Z",
        "exits": [
            {
                "tick": 2,
                "time": "2026-02-01T12:02:00Z",
                "rule": "stop_loss",
                "level": "0.48",
                "price": "0.48",
                "shares": "100",
                "pnl": "-2.00",
                "reason": "48.0¢ is at or below the 48.0¢ stop",
            }
        ],
        "open_shares": "0",
        "realised_pnl": "-2.00",
        "best_bid": "0.65",
        "worst_bid": "0.48",
    }


def test_document_is_plain_json() -> None:
    found = document(play(series("0.50", "0.40"), {"stop_loss_pct": "15"}))
    assert json.loads(json.dumps(found)) == found


def test_first_point_is_judged() -> None:
    assert sales(play(series("0.40", "0.50"), {"stop_loss_pct": "15"})) == [
        (0, "stop_loss", "0.40", "100", "-10.00")
    ]


def test_fill_is_the_bid_of_its_reading_not_the_level() -> None:
    assert sales(play(series("0.50", "0.30"), {"stop_loss_pct": "15"})) == [
        (1, "stop_loss", "0.30", "100", "-20.00")
    ]
    assert sales(play(series("0.50", "0.75"), {"take_profit": [{"pct": "20"}]})) == [
        (1, "take_profit", "0.75", "100", "25.00")
    ]


def test_no_confirmation_where_the_policy_states_none() -> None:
    prices = series("0.50", "0.42", "0.42", seconds=1)
    assert [row[0] for row in sales(play(prices, {"stop_loss_pct": "15"}))] == [1]


def test_stated_confirmation_is_kept() -> None:
    prices = series("0.50", "0.42", "0.42", "0.42", seconds=1)
    policy = {"stop_loss_pct": "15", "confirm_seconds": 2}
    assert [row[0] for row in sales(play(prices, policy))] == [3]


def test_judging_stops_when_nothing_is_left() -> None:
    found = document(play(series("0.50", "0.61", "0.01", "0.99"), {"take_profit": [{"pct": "20"}]}))
    assert (found["best_bid"], found["worst_bid"], found["ticks"]) == ("0.61", "0.50", 4)


def test_what_nothing_sells_stays_open() -> None:
    found = document(play(series("0.50", "0.55"), {"stop_loss_pct": "15"}))
    assert (found["exits"], found["open_shares"], found["realised_pnl"]) == ([], "100", "0.00")


def test_parts_go_on_after_each_other() -> None:
    policy = {
        "take_profit": [{"pct": "10", "sell_pct": "30"}, {"pct": "20", "sell_pct": "30"}],
        "momentum_exit": {"window_minutes": 60, "rise_pct": 15, "fade_pct": 4, "sell_pct": 50},
        "stop_loss_pct": "10",
    }
    result = play(series("0.50", "0.55", "0.62", "0.59", "0.63", "0.60", "0.44"), policy)
    assert sales(result) == [
        (1, "take_profit", "0.55", "30", "1.50"),
        (2, "take_profit", "0.62", "30", "3.60"),
        (3, "momentum_exit", "0.59", "20", "1.80"),
        (5, "momentum_exit", "0.60", "10", "1.00"),
        (6, "stop_loss", "0.44", "10", "-0.60"),
    ]
    assert document(result)["realised_pnl"] == "7.30"


def test_sum_of_parts_is_rounded_once() -> None:
    """0.125 + 0.25 + 0.375: each is rounded where it is shown, the sum only once."""
    rungs = [{"pct": pct, "sell_pct": "25"} for pct in ("1", "2", "3")]
    found = document(
        play(series("0.505", "0.510", "0.515"), {"take_profit": rungs}, shares=Decimal(100))
    )
    assert [exit_["pnl"] for exit_ in found["exits"]] == ["0.12", "0.25", "0.38"]
    assert found["realised_pnl"] == "0.75"
    half = play(series("0.505"), {"take_profit": [{"pct": "1"}]}, shares=Decimal(25))
    assert document(half)["realised_pnl"] == "0.12"  # 0.125, half to even


def test_asking_rules_sell_nothing() -> None:
    policy = {"soft_stop_pct": "8", "adverse_move": {"window_minutes": 15, "pct": "6"}}
    assert document(play(series("0.50", "0.20"), policy))["exits"] == []


def test_end_makes_the_rule_before_the_end_fire() -> None:
    prices = series("0.50", "0.51", "0.52", "0.53")
    end = NOON + timedelta(minutes=12)
    policy = {"exit_before_end_minutes": 10}
    assert sales(play(prices, policy, ends_at=end)) == [(2, "time_exit", "0.52", "100", "2.00")]
    assert sales(play(prices, policy)) == []


def test_time_exit_has_no_level() -> None:
    found = document(play(series("0.50", "0.51"), {"max_hold_minutes": 1}))
    assert found["exits"][0]["level"] is None
    assert found["exits"][0]["reason"] == "held for 1 minutes, the most is 1"


def test_time_that_is_up_without_a_price_sells_at_the_next_one() -> None:
    """The exit is latched: the stop that is breached meanwhile does not take it over."""
    prices = series("0.50", None, "0.30")
    result = play(prices, {"max_hold_minutes": 1, "stop_loss_pct": "10"})
    assert sales(result) == [(2, "time_exit", "0.30", "100", "-20.00")]


def test_unpriced_readings_sell_nothing_and_count_for_no_extreme() -> None:
    found = document(play(series(None, "0.50", None, "0.52"), {"stop_loss_pct": "15"}))
    assert (found["best_bid"], found["worst_bid"], found["ticks"]) == ("0.52", "0.50", 4)
    nothing = document(play(series(None, None), {"stop_loss_pct": "15"}))
    assert (nothing["best_bid"], nothing["worst_bid"]) == (None, None)


def test_crossed_and_ghost_books_are_unpriced() -> None:
    prices = read("time,bid,ask\n0,0.50,0.51\n60,0.40,0.39\n120,0.01,0.99\n180,0.44,0.45\n")
    assert sales(play(prices, {"stop_loss_pct": "10"})) == [
        (3, "stop_loss", "0.44", "100", "-6.00")
    ]


def test_wide_spread_delays_as_in_a_pass() -> None:
    prices = read("time,bid,ask\n0,0.50,0.51\n10,0.44,0.60\n40,0.44,0.60\n70,0.43,0.60\n")
    assert [row[0] for row in sales(play(prices, {"stop_loss_pct": "10"}))] == [3]


def test_fee_is_taken_from_each_sale() -> None:
    """100 x 0.05 x 0.6 x 0.4 = 1.20."""
    result = play(series("0.50", "0.60"), {"take_profit": [{"pct": "20"}]}, fee_rate="0.05")
    assert sales(result) == [(1, "take_profit", "0.60", "100", "8.80")]


def test_payout_scales_prices() -> None:
    prices = series("60", "52", "51")
    result = play(prices, {"stop_loss_pct": "15"}, entry="60", payout=Decimal(100), currency="PKR")
    assert sales(result) == [(2, "stop_loss", "51", "100", "-900.00")]
    assert document(result)["exits"][0]["reason"] == "Rs 51.00 is at or below the Rs 51.00 stop"


def test_price_above_the_payout_is_named_with_its_line() -> None:
    with pytest.raises(SeriesError) as caught:
        play(read("time,bid\n0,0.5\n60,52\n"), {"stop_loss_pct": "15"})
    assert str(caught.value) == "line 3: the price 52 is above the payout of 1"


def test_crumb_below_a_hundredth_of_a_share_is_left() -> None:
    found = document(
        play(series("0.50", "0.40"), {"stop_loss_pct": "15"}, shares=Decimal("33.337"))
    )
    assert (found["exits"][0]["shares"], found["open_shares"]) == ("33.33", "0.007")


def test_chart_data_holds_the_levels_in_force() -> None:
    policy = {
        "stop_loss_pct": "10",
        "trailing_stop": [{"distance_pct": "5", "activation_pct": "5"}],
        "take_profit": [{"pct": "10", "sell_pct": "50"}, {"pct": "40"}],
    }
    result = play(series("0.50", "0.54", "0.55", "0.54"), policy)
    assert [(row.stop, row.target) for row in result.judged] == [
        (Decimal("0.45"), Decimal("0.55")),
        (Decimal("0.513"), Decimal("0.55")),
        (Decimal("0.5225"), Decimal("0.70")),
        (Decimal("0.5225"), Decimal("0.70")),
    ]


PLAYABLE = [
    case
    for case in cases()
    if not {"held", "before", "arm_now", "unsold", "manual", "interval"} & set(case)
    and all(not isinstance(row[1], list) and len(row) < 4 for row in case["ticks"])
]


@pytest.mark.parametrize("case", PLAYABLE, ids=lambda case: case["id"])
def test_replay_agrees_with_the_table_of_cases(case: Case) -> None:
    """The same facts as CSV: the same exits at the same readings."""
    lines = [f"{row[0]},{row[1] or ''},{row[2] if len(row) > 2 else ''}" for row in case["ticks"]]
    prices = read("\n".join(["time,bid,ask", *lines]))
    policy = {"confirm_seconds": "3", **case["policy"]}
    result = play(prices, policy, entry=case["entry"])
    assert [
        (sale.tick, "exit", sale.trigger.rule, sale.trigger.level, sale.fill.shares)
        for sale in result.sales
    ] == [event[:5] for event in expected(case) if event[1] == "exit"]


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem[:40])
def test_recorded_history_adds_up(path: Path) -> None:
    prices = read(path.read_text())
    entry = prices.points[0].bid
    assert entry is not None
    policy = parse(
        {
            "stop_loss_pct": "30",
            "take_profit": [{"pct": "25", "sell_pct": "25"}, {"pct": "80"}],
            "trailing_stop": [{"distance_pct": "20", "activation_pct": "10"}],
            "momentum_exit": {"window_minutes": 720, "rise_pct": 20, "fade_pct": 5, "sell_pct": 50},
        }
    )
    result = replay(prices, policy, position(prices, entry))
    assert prices.source == "mid"
    sold = sum((sale.fill.shares for sale in result.sales), Decimal(0))
    gained = sum(
        (sale.fill.shares * (sale.fill.price - entry) for sale in result.sales), Decimal(0)
    )
    assert sold + result.open_shares == 100
    assert result.realised_pnl == gained
    for sale in result.sales:
        point = prices.points[sale.tick]
        assert (sale.at, sale.fill.price) == (point.at, point.bid)


@given(POLICIES)
def test_replay_never_sells_more_than_it_has(policy: Policy) -> None:
    bids = ["0.50", "0.58", "0.55", None, "0.47", "0.62", "0.60", "0.40", "0.90", "0.30"]
    prices = series(*bids, seconds=400)
    result = replay(prices, policy, position(prices, Decimal("0.5")))
    assert 0 <= result.open_shares <= 100
    assert [sale.tick for sale in result.sales] == sorted({sale.tick for sale in result.sales})
