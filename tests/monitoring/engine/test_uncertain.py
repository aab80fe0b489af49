"""An order whose answer is lost is never sold twice and never left unsold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from positions import exits
from positions.models import Exit, Fill, Position
from positions.venues.base import Order, Report, TransientError, UncertainError
from positions.venues.paper import PaperExecutor
from tests.monitoring.engine.house import House, Offers, kinds, last

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
STOP: dict[str, Any] = {"stop_loss_price": "0.45", "confirm_seconds": 0}


@pytest.fixture
def position(house: House) -> Position:
    house.says("A", "0.44")
    return house.position(policy=STOP)


def keys(house: House) -> list[str]:
    """Keys of the orders sent, without the exit's number."""
    return [order.key.rpartition("-")[2] for order in house.exchange.sent]


def sold_once(house: House, position: Position) -> None:
    position.refresh_from_db()
    booked = sum((fill.shares for fill in Fill.objects.all()), Decimal(0))
    hundred = Decimal(100)
    assert (house.exchange.sold, booked, position.shares) == (hundred, hundred, 0)
    assert kinds(position, told="exit_done") == ["exit_done"]
    assert (
        kinds(position, told="fill") == ["fill"] * Fill.objects.values("attempt").distinct().count()
    )


def test_lost_answer_is_asked_for_at_once(house: House, position: Position) -> None:
    house.exchange.plan.append(house.exchange.lose_answer)
    (exit_,) = house.run().exits
    assert (exit_["state"], exit_["shares"], keys(house)) == ("filled", "100", ["1"])
    assert "exit_failed" not in kinds()
    sold_once(house, position)


@pytest.mark.parametrize("error", [TransientError("503"), OSError("no route"), KeyError("key")])
def test_lost_answer_and_a_venue_that_cannot_be_asked(
    house: House, position: Position, error: Exception
) -> None:
    house.exchange.plan.append(house.exchange.lose_answer)
    house.exchange.lookup_failure = error
    for _ in range(3):
        assert [exit_["state"] for exit_ in house.run().exits] == ["working"]
        house.clock.later(30)
    assert (kinds(told="exit_failed"), last("exit_failed").urgency) == (["exit_failed"], "critical")
    house.exchange.lookup_failure = None
    house.run()
    assert keys(house) == ["1"]
    sold_once(house, position)


def test_lost_order_is_sent_again_under_its_own_key(house: House, position: Position) -> None:
    house.exchange.plan.append(house.exchange.lose_order)
    assert [exit_["state"] for exit_ in house.run().exits] == ["working"]
    house.clock.later(30)
    house.run()
    assert keys(house) == ["1", "1"]
    assert house.exchange.sent[0] == house.exchange.sent[1]
    sold_once(house, position)


def test_late_order_and_its_repetition_sell_once(house: House, position: Position) -> None:
    late: list[tuple[Order, Any]] = []

    def delayed(order: Order, book: Any) -> Report:
        late.append((order, book))
        raise UncertainError("timeout")

    house.exchange.plan.append(delayed)
    house.run()
    house.exchange.execute(*late[0])  # it arrives after we asked
    house.run()
    assert keys(house) == ["1"]
    sold_once(house, position)


def test_repetition_that_cannot_leave_keeps_its_key(house: House, position: Position) -> None:
    """The first sending may still be on its way: a new key could sell a second time."""

    def not_sent(order: Order, book: Any) -> Report:
        raise TransientError("no connection")

    house.exchange.plan.extend([house.exchange.lose_order, not_sent])
    for _ in range(3):
        house.run()
        house.clock.later(30)
    assert keys(house) == ["1", "1", "1"]
    sold_once(house, position)


def test_order_that_never_left_gets_a_fresh_floor_and_key(house: House, position: Position) -> None:
    def not_sent(order: Order, book: Any) -> Report:
        raise TransientError("no connection")

    house.exchange.plan.append(not_sent)
    house.says("A", "0.44", "0.40")
    assert [exit_["state"] for exit_ in house.run().exits] == ["pending"]
    house.run()
    assert [order.floor for order in house.exchange.sent] == [Decimal("0.396"), Decimal("0.360")]
    assert keys(house) == ["1", "2"]
    sold_once(house, position)


def test_order_waits_for_a_book_and_is_asked_about_meanwhile(
    house: House, position: Position
) -> None:
    house.exchange.plan.append(house.exchange.lose_order)
    house.says("A", "0.44", None, None, "0.40")
    for _ in range(3):
        house.run()
    assert (keys(house), len(house.exchange.looked)) == (["1"], 3)
    house.run()
    sold_once(house, position)


def test_part_that_was_sold_behind_a_lost_answer_is_booked(
    house: House, position: Position
) -> None:
    house.exchange.plan.append(house.exchange.lose_answer)
    house.says("A", Offers((("0.44", "40"),)), "0.44")
    assert [exit_["state"] for exit_ in house.run().exits] == ["partial"]
    house.run()
    assert [order.shares for order in house.exchange.sent] == [100, 60]
    sold_once(house, position)


@pytest.mark.parametrize("executed", [False, True])
def test_pass_that_died_with_an_order_out(house: House, position: Position, executed: bool) -> None:
    """As a kill between claim and record leaves it."""
    house.exchange.plan.append(house.exchange.lose_order)
    house.run()
    order = exits.order_of(Exit.objects.select_related("position__market").get())
    if executed:
        house.exchange.execute(order, house.sources["polymarket"].says["A"][0].book(house.clock.at))  # type: ignore[union-attr]
    after = House()
    after.clock, after.exchange = house.clock, house.exchange
    after.says("A", "0.30")
    after.run()
    if not executed:  # the old order's floor lies above this price: one pass more
        assert [order.floor for order in after.exchange.sent] == [Decimal("0.396")] * 2
        after.run()
    sold_once(after, position)


def test_uncertain_exit_is_not_decided_a_second_time(house: House, position: Position) -> None:
    house.exchange.plan.append(house.exchange.lose_answer)
    house.exchange.lookup_failure = TransientError("503")
    for _ in range(4):
        house.run()
        house.clock.later(30)
    assert (Exit.objects.count(), kinds().count("exit_decided")) == (1, 1)


def test_paper_in_this_process_sells_once_after_a_death(house: House, position: Position) -> None:
    """Its executor keeps nothing: what was not recorded has not happened."""
    house.exchange.plan.append(house.exchange.lose_order)
    house.run()
    house.exchange = PaperExecutor()  # type: ignore[assignment]
    house.run()
    position.refresh_from_db()
    assert (position.shares, kinds(told="exit_done")) == (0, ["exit_done"])


def test_problem_is_forgotten_when_the_answer_is_there(house: House, position: Position) -> None:
    house.exchange.plan.append(house.exchange.lose_order)
    house.says("A", "0.44", Offers((("0.40", "1000"),)), "0.44")
    house.run()
    assert "lost" in Exit.objects.get().problem
    house.run()  # the same order again: nothing at or above its floor? 0.40 is above 0.396
    assert (Exit.objects.get().problem, Exit.objects.get().state) == ("", "filled")


def test_unsold_after_a_lost_order_is_told_for_what_it_is(house: House, position: Position) -> None:
    house.exchange.plan.append(house.exchange.lose_order)
    house.says("A", "0.44", "0.20")
    house.run()
    house.run()
    exit_ = Exit.objects.get()
    assert (exit_.state, exit_.problem) == ("pending", "not enough bids at or above the floor")
    assert kinds(position) == ["exit_decided", "exit_failed", "exit_partial"]
