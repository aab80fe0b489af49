"""How an exit ends: floors, parts, what is sold on and what is judged anew."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from positions.domain.pnl import plain
from positions.models import Exit, Position
from positions.venues.base import Report
from tests.monitoring.engine.house import DEEP, House, Offers, Told, at, kinds, last

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
STOP: dict[str, Any] = {"stop_loss_price": "0.45", "confirm_seconds": 0}
TARGET: dict[str, Any] = {"take_profit_price": "0.60"}
LADDER = {
    "take_profit": [
        {"pct": "20", "sell_pct": "30"},
        {"pct": "40", "sell_pct": "30"},
    ]
}


def bids(*levels: tuple[str, str]) -> Offers:
    """A book without an ask, which is never wide."""
    return Offers(levels)


def passes(house: House, *told: str | Told) -> list[list[tuple[object, object]]]:
    """(rule, state) of the exits of one pass for each answer."""
    found = []
    for entry in told:
        house.says("A", entry)
        found.append([(exit_["rule"], exit_["state"]) for exit_ in house.run().exits])
        house.clock.later(30)
    return found


def sizes(house: House) -> list[tuple[str, str]]:
    """Size and floor of every order."""
    sent = house.exchange.sent
    return [(plain(order.shares), plain(order.floor)) for order in sent]


class TestJudgedAnew:
    def test_take_profit_never_sells_below_its_level(self, house: House) -> None:
        position = house.position(policy=TARGET)
        thin = bids(("0.61", "40"), ("0.59", DEEP))
        assert passes(house, thin) == [[("take_profit", "partial")]]
        position.refresh_from_db()
        assert (position.shares, last("exit_partial").data["left"]) == (Decimal(60), "60")
        assert sizes(house) == [("100", "0.6")]

    def test_rest_is_sold_when_the_target_still_holds(self, house: House) -> None:
        position = house.position(policy=TARGET)
        thin = bids(("0.61", "40"), ("0.59", DEEP))
        assert passes(house, thin, "0.60")[1] == [("take_profit", "filled")]
        assert sizes(house) == [("100", "0.6"), ("60", "0.6")]
        assert kinds(position) == [
            "exit_decided",
            "fill",
            "exit_partial",
            "fill",
            "exit_done",
            "position_closed",
        ]

    def test_rest_is_cancelled_when_the_target_no_longer_holds(self, house: House) -> None:
        position = house.position(policy=TARGET)
        thin = bids(("0.61", "40"), ("0.59", DEEP))
        assert passes(house, thin, "0.59")[1] == []
        exit_ = Exit.objects.get()
        assert (exit_.state, exit_.filled, exit_.finished_at is None) == ("cancelled", 40, False)
        assert kinds(position)[-1] == "exit_cancelled"
        position.refresh_from_db()
        assert (position.state, position.shares) == ("open", 60)
        # Reached again: a new exit of what is left.
        assert passes(house, "0.60") == [[("take_profit", "filled")]]
        assert sizes(house)[-1] == ("60", "0.6")

    def test_unpriced_reading_neither_sends_nor_cancels(self, house: House) -> None:
        house.position(policy=TARGET)
        thin = bids(("0.61", "40"), ("0.59", DEEP))
        assert passes(house, thin, None) == [[("take_profit", "partial")], []]
        assert (Exit.objects.get().state, len(house.exchange.sent)) == ("partial", 1)

    def test_fair_value_never_sells_below_its_level(self, house: House) -> None:
        house.position(policy={"fair_value": "0.70"})
        passes(house, bids(("0.71", "10"), ("0.69", DEEP)), "0.50")
        assert sizes(house) == [("100", "0.7")]
        assert Exit.objects.get().state == "cancelled"

    def test_nothing_filled_is_told_once(self, house: House) -> None:
        position = house.position(policy=TARGET)
        house.exchange.plan.extend([lambda order, book: _nothing(house, order.key)] * 3)
        states = passes(house, "0.61", "0.61", "0.61", "0.61")
        assert states == [[("take_profit", "pending")]] * 3 + [[("take_profit", "filled")]]
        assert kinds(position).count("exit_partial") == 1


def _nothing(house: House, key: str) -> Any:
    return house.exchange.done.setdefault(key, Report(key, ()))


class TestLadder:
    def test_rung_is_sold_once(self, house: House) -> None:
        position = house.position(policy=LADDER)
        found = passes(house, "0.60", "0.55", "0.60")
        assert found == [[("take_profit", "filled")], [], []]
        position.refresh_from_db()
        assert (position.shares, sizes(house)) == (Decimal(70), [("30", "0.6")])

    def test_rungs_reached_together_go_out_as_one(self, house: House) -> None:
        house.position(policy=LADDER)
        passes(house, "0.71", "0.71")
        assert sizes(house) == [("60", "0.7")]

    def test_rest_of_a_rung_is_sold_and_no_more(self, house: House) -> None:
        position = house.position(policy=LADDER)
        passes(house, bids(("0.60", "12"), ("0.50", DEEP)), "0.61", "0.62", "0.50", "0.62")
        position.refresh_from_db()
        assert (position.shares, sizes(house)) == (Decimal(70), [("30", "0.6"), ("18", "0.6")])

    def test_cancelled_rung_sells_its_rest_when_reached_again(self, house: House) -> None:
        house.position(policy=LADDER)
        passes(house, bids(("0.60", "12"), ("0.50", DEEP)), "0.50", "0.60")
        assert sizes(house) == [("30", "0.6"), ("18", "0.6")]

    def test_part_below_the_minimum_joins_the_next(self, house: House) -> None:
        house.position(policy=LADDER, min_size="40")
        passes(house, "0.60", "0.70")
        assert sizes(house) == [("60", "0.7")]

    def test_rest_of_a_rung_below_the_minimum_joins_the_next(self, house: House) -> None:
        house.position(policy=LADDER, min_size="10")
        states = passes(house, bids(("0.60", "25"), ("0.50", DEEP)), "0.60", "0.70")
        assert states == [[("take_profit", "filled")], [], [("take_profit", "filled")]]
        assert sizes(house) == [("30", "0.6"), ("35", "0.7")]


class TestMomentum:
    POLICY = {
        "momentum_exit": {"window_minutes": 60, "rise_pct": 15, "fade_pct": 4, "sell_pct": 50}
    }

    def test_sells_a_part_above_the_entry_and_again_after_a_new_high(self, house: House) -> None:
        position = house.position(policy=self.POLICY)
        assert passes(house, "0.50", "0.60", "0.57", "0.56", "0.60", "0.57") == [
            [],
            [],
            [("momentum_exit", "filled")],
            [],
            [],
            [],
        ]
        assert passes(house, "0.70", "0.67") == [[], [("momentum_exit", "filled")]]
        assert sizes(house) == [("50", "0.5"), ("25", "0.5")]
        position.refresh_from_db()
        assert position.shares == Decimal(25)

    def test_rest_is_not_sold_below_the_entry(self, house: House) -> None:
        house.position(policy=self.POLICY)
        thin = bids(("0.57", "20"), ("0.49", DEEP))
        passes(house, "0.50", "0.60", thin, "0.45")
        assert (sizes(house), Exit.objects.get().state) == ([("50", "0.5")], "cancelled")


class TestLatched:
    def test_stop_sells_on_whatever_the_price_does(self, house: House) -> None:
        position = house.position(policy=STOP)
        found = passes(house, bids(("0.44", "40"), ("0.10", DEEP)), "0.60")
        assert found == [[("stop_loss", "partial")], [("stop_loss", "filled")]]
        assert sizes(house) == [("100", "0.396"), ("60", "0.54")]
        assert kinds(position)[-2:] == ["exit_done", "position_closed"]

    def test_gapped_stop_still_sells_and_a_dust_bid_does_not_fill_it(self, house: House) -> None:
        house.position(policy=STOP)
        passes(house, bids(("0.20", "60"), ("0.18", "30"), ("0.179", DEEP)))
        assert (sizes(house), house.exchange.sold) == ([("100", "0.18")], Decimal(90))

    def test_floor_is_fresh_in_each_pass(self, house: House) -> None:
        house.position(policy={**STOP, "max_slippage_pct": "0"})
        passes(house, bids(("0.44", "10")), bids(("0.30", "10")), bids(("0.20", DEEP)))
        assert sizes(house) == [("100", "0.44"), ("90", "0.3"), ("80", "0.2")]

    def test_unsold_rest_waits_for_a_price(self, house: House) -> None:
        house.position(policy=STOP)
        passes(house, bids(("0.44", "40")), None, Offers(), "0.30")
        assert sizes(house) == [("100", "0.396"), ("60", "0.27")]

    def test_unsold_rest_is_told_when_it_changes(self, house: House) -> None:
        position = house.position(policy={**STOP, "max_slippage_pct": "0"})
        passes(house, *[bids(("0.44", "10"))] * 3)
        assert kinds(position).count("exit_partial") == 3
        assert last("exit_partial").text == (
            "70 of 100 shares not sold yet: not enough bids at or above the floor"
        )
        assert last("exit_partial").urgency == "high"

    def test_stop_takes_over_from_a_target_that_is_being_sold(self, house: House) -> None:
        position = house.position(policy={**STOP, **TARGET})
        found = passes(house, bids(("0.61", "40"), ("0.59", DEEP)), "0.44")
        assert found[1] == [("stop_loss", "filled")]
        states = Exit.objects.order_by("pk").values_list("rule", "state", "filled")
        assert list(states) == [
            ("take_profit", "cancelled", Decimal(40)),
            ("stop_loss", "filled", Decimal(60)),
        ]
        assert "exit_cancelled" in kinds(position)

    def test_one_exit_at_a_time(self, house: House) -> None:
        house.position(policy={**STOP, "max_hold_minutes": "0.5"})
        found = passes(house, bids(("0.44", "40")), bids(("0.44", "10")), "0.44")
        assert [rule for exits in found for rule, _state in exits] == ["stop_loss"] * 3
        assert Exit.objects.count() == 1


class TestDust:
    def test_rest_below_the_minimum_is_told_once_and_never_tried(self, house: House) -> None:
        position = house.position(policy=STOP)
        found = passes(house, bids(("0.44", "97")), "0.40", "0.30")
        assert found == [[("stop_loss", "dust")], [], []]
        position.refresh_from_db()
        assert (position.state, position.is_dust, position.shares) == ("open", True, 3)
        assert (kinds(position).count("dust"), len(house.exchange.sent)) == (1, 1)

    def test_holding_below_the_minimum_is_dust_when_its_rule_fires(self, house: House) -> None:
        position = house.position(policy=STOP, shares="3")
        assert passes(house, "0.50", "0.44", "0.30") == [[], [], []]
        assert (kinds(position), house.exchange.sent) == (["dust"], [])
        position.refresh_from_db()
        assert position.is_dust

    def test_sizes_are_rounded_down(self, house: House) -> None:
        position = house.position(policy=STOP, shares="100.019", min_size=None)
        passes(house, "0.44", "0.44")
        position.refresh_from_db()
        assert (sizes(house), position.shares) == ([("100.01", "0.396")], Decimal("0.009"))
        assert (position.is_dust, kinds(position)) == (
            True,
            ["exit_decided", "fill", "exit_done", "dust"],
        )

    def test_market_without_a_minimum_sells_the_last_share(self, house: House) -> None:
        position = house.position(policy=STOP, shares="0.01", min_size=None)
        passes(house, "0.44")
        position.refresh_from_db()
        assert position.state == Position.State.CLOSED


def test_dust_bid_on_top_is_not_the_price(house: House) -> None:
    house.position(policy=STOP)
    assert passes(house, bids(("0.90", "1"), ("0.30", DEEP))) == [[("stop_loss", "filled")]]
    # It fills what it holds all the same: better than the floor.
    assert last("exit_done").data["price"] == "0.306"


def test_wide_spread_does_not_hold_back_the_rest(house: House) -> None:
    house.position(policy=STOP)
    assert passes(house, bids(("0.44", "40")), at("0.44", "0.90"))[1] == [("stop_loss", "filled")]
