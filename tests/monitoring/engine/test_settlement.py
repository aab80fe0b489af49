"""A resolved market settles by its payout; that price is never a stop or a profit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from positions.models import Exit, Market, Position
from positions.services import exits_pause
from positions.venues.base import MarketStatus
from tests.monitoring.engine.house import DEEP, House, Offers, Told, at, kinds, last

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
RULES: dict[str, Any] = {
    "stop_loss_price": "0.45",
    "take_profit_price": "0.60",
    "confirm_seconds": 0,
    "max_spread": "1",
}
PRINTS: list[Told] = [
    None,
    Offers(),
    at("0.999", "0.9991"),
    Offers((("0.001", DEEP),)),
    Offers((("0.001", DEEP),), (("0.002", DEEP),)),
]


def resolve(house: House, price: str | None, name: str = "A") -> None:
    status = MarketStatus("resolved" if price else "closed", Decimal(price) if price else None)
    house.sources["polymarket"].states[name] = status


@pytest.mark.parametrize("told", PRINTS)
@pytest.mark.parametrize(("price", "pnl"), [("1", "48.00"), ("0", "-52.00"), ("0.5", "-2.00")])
def test_position_settles_at_the_payout(house: House, told: Told, price: str, pnl: str) -> None:
    position = house.position(policy=RULES, entry_fees="2")
    house.says("A", told)
    resolve(house, price)
    result = house.run()
    assert (result.triggers, house.exchange.sent) == ([], [])
    (exit_,) = result.exits
    assert exit_ == {
        "position": position.pk,
        "rule": "settled",
        "shares": "100",
        "price": price,
        "pnl": pnl,
        "state": "filled",
    }
    assert kinds(position) == ["settled", "position_closed"]
    position.refresh_from_db()
    assert (position.state, position.shares, position.close_reason, position.realised_pnl) == (
        "closed",
        Decimal(0),
        "settled",
        Decimal(pnl),
    )


def test_settlement_is_told_with_its_price(house: House) -> None:
    house.position(policy=RULES)
    house.says("A", None)
    resolve(house, "1")
    house.run()
    assert last("settled").text == "resolved at 100.0¢; sold 100 shares, +$50.00"


def test_settlement_in_the_markets_own_payout(house: House) -> None:
    house.position(entry="60", payout="100", currency="PKR")
    house.says("A", None)
    resolve(house, "50")
    assert [exit_["pnl"] for exit_ in house.run().exits] == ["-1000.00"]


@pytest.mark.parametrize("told", PRINTS)
def test_closed_and_unresolved_market_fires_nothing(house: House, told: Told) -> None:
    position = house.position(policy=RULES)
    house.says("A", told)
    resolve(house, None)
    for _ in range(4):
        result = house.run()
        assert (result.triggers, result.exits, result.unpriced) == ([], [], 1)
        house.clock.later(30)
    position.mark.refresh_from_db()
    assert position.mark.problem == "market closed, awaiting resolution"
    assert kinds(position) == ["unpriced"]
    resolve(house, "0")
    house.run()
    assert kinds(position) == ["unpriced", "settled", "position_closed"]


def test_market_that_opens_again_is_guarded_again(house: House) -> None:
    house.position(policy=RULES)
    house.says("A", None, None, "0.44")
    resolve(house, None)
    house.run()
    house.clock.later(30)
    house.sources["polymarket"].states["A"] = MarketStatus("open")
    house.run()
    house.clock.later(30)
    assert [exit_["rule"] for exit_ in house.run().exits] == ["stop_loss"]


@pytest.mark.parametrize(
    ("told", "rule"), [(at("0.01", "0.02"), "stop_loss"), (at("0.985"), "take_profit")]
)
def test_extreme_price_of_an_open_market_is_a_price(house: House, told: Told, rule: str) -> None:
    house.position(policy=RULES)
    house.says("A", told)
    assert [exit_["rule"] for exit_ in house.run().exits] == [rule]
    assert house.sources["polymarket"].asked == [["A"]]


def test_state_is_asked_where_the_price_leaves_a_doubt(house: House) -> None:
    """In every pass without a book; an outsider may trade at two cents for months."""
    told = {"calm": at("0.50"), "gone": None, "bare": Offers(), "near": at("0.02")}
    for name, entry in told.items():
        house.position(name)
        house.says(name, entry)
    for _ in range(4):
        house.run()
        house.clock.later(20)
    everything = ["bare", "gone", "near"]
    assert house.sources["polymarket"].asked == [everything, ["gone"], ["gone"], everything]


def test_closed_market_is_asked_in_every_pass(house: House) -> None:
    house.position()
    house.says("A", None, "0.50")
    resolve(house, None)
    for _ in range(3):
        house.run()
        house.clock.later(5)
    assert house.sources["polymarket"].asked == [["A"]] * 3


def test_running_exit_ends_with_the_market(house: House) -> None:
    position = house.position(policy=RULES)
    house.says("A", Offers((("0.44", "40"),)), None)
    house.run()
    resolve(house, "1")
    house.clock.later(61)
    house.run()
    found = Exit.objects.order_by("pk").values_list("rule", "state", "filled")
    assert list(found) == [("stop_loss", "cancelled", 40), ("settled", "filled", 60)]
    position.refresh_from_db()
    assert (position.shares, position.realised_pnl) == (0, Decimal("27.6"))


def test_order_that_is_out_is_cleared_up_before_the_settlement(house: House) -> None:
    """What the venue sold before the end is booked at its price, the rest at the payout."""
    position = house.position(policy=RULES)
    house.exchange.plan.append(house.exchange.lose_answer)
    house.exchange.lookup_failure = OSError("no route")
    house.says("A", Offers((("0.44", "40"),)), None)
    house.run()
    resolve(house, "1")
    house.clock.later(61)
    house.run()
    position.refresh_from_db()
    assert (position.state, position.shares) == ("open", 100)
    house.exchange.lookup_failure = None
    house.clock.later(30)
    house.run()
    house.clock.later(30)
    house.run()
    position.refresh_from_db()
    assert (position.state, position.realised_pnl) == ("closed", Decimal("27.6"))


def test_order_that_never_arrived_does_not_hold_up_the_settlement(house: House) -> None:
    position = house.position(policy=RULES)
    house.exchange.plan.append(house.exchange.lose_order)
    house.says("A", "0.44", None)
    house.run()
    assert Exit.objects.get().state == "working"
    resolve(house, "1")
    for _ in range(2):
        house.clock.later(61)
        house.run()
    position.refresh_from_db()
    assert (position.state, position.realised_pnl, house.exchange.sold) == (
        "closed",
        50,
        Decimal(0),
    )


def test_dust_is_settled_too(house: House) -> None:
    position = house.position(policy=RULES, shares="3")
    house.says("A", "0.44", None)
    house.run()
    resolve(house, "1")
    house.clock.later(61)
    house.run()
    position.refresh_from_db()
    assert (position.state, position.realised_pnl) == (Position.State.CLOSED, Decimal("1.5"))


def test_paused_exits_do_not_stop_a_settlement(house: House) -> None:
    position = house.position(policy=RULES)
    exits_pause(actor="ann", now=house.clock.at)
    house.says("A", None)
    resolve(house, "1")
    house.run()
    position.refresh_from_db()
    assert position.state == Position.State.CLOSED
    assert Market.objects.get().settle_price == 1
