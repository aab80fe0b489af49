"""All is judged and committed before the first order leaves; what is urgent leaves first."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from monitoring.models import Trigger
from positions.models import Exit, JournalEntry, Mark
from positions.venues.base import Order
from tests.monitoring.engine.house import House, kinds

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
TARGET = {"take_profit_price": "0.60"}
STOP = {"stop_loss_price": "0.45", "confirm_seconds": 0}


def committed(sql: str) -> list[tuple[object, ...]]:
    """Rows as a second connection sees them: what is not committed is not there."""
    with closing(connection.copy()) as other, other.cursor() as cursor:
        cursor.execute(sql)
        rows: list[tuple[object, ...]] = cursor.fetchall()
        return rows


def test_every_position_is_judged_before_any_exit_is_sent(house: House) -> None:
    positions = [house.position(name, policy=TARGET) for name in "ABC"]
    for name in "ABC":
        house.says(name, "0.61")
    judged: list[int] = []
    house.exchange.before = lambda order: judged.append(
        Mark.objects.exclude(judged_at=None).count()
    )
    result = house.run()
    assert (judged, len(result.exits)) == ([3, 3, 3], 3)
    assert kinds()[:3] == ["exit_decided"] * 3
    assert {exit_["position"] for exit_ in result.exits} == {row.pk for row in positions}


@pytest.mark.django_db(transaction=True)
def test_all_is_committed_before_the_network_call_of_an_exit(house: House) -> None:
    position = house.position(policy=STOP)
    house.says("A", "0.44")
    seen: list[list[tuple[object, ...]]] = []

    def look(order: Order) -> None:
        seen.append(committed("SELECT state, attempt FROM positions_exit"))
        seen.append(committed("SELECT kind FROM positions_journalentry ORDER BY id"))
        seen.append(committed("SELECT rule, decision FROM monitoring_trigger"))
        seen.append(committed("SELECT state FROM positions_mark"))

    house.exchange.before = look
    house.run()
    exit_, journal, trigger, mark = seen
    assert exit_ == [("working", 1)]
    assert journal == [("position_opened",), ("exit_decided",)]
    assert trigger == [("stop_loss", "exit")]
    assert "stop_since" in str(mark[0][0])
    assert Mark.objects.get(position=position).judged_at == house.clock.at


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_a_venue_is_asked(house: House) -> None:
    house.position(policy=STOP)
    house.says("A", "0.44")
    open_now: list[bool] = []
    house.sources["polymarket"].on_read = lambda: open_now.append(connection.in_atomic_block)
    house.exchange.before = lambda order: open_now.append(connection.in_atomic_block)
    house.run()
    assert open_now == [False, False]


@pytest.mark.django_db(transaction=True)
def test_each_exit_is_committed_before_the_next_one_is_sent(house: House) -> None:
    for name in "AB":
        house.position(name, policy=STOP)
        house.says(name, "0.44")
    seen: list[list[tuple[object, ...]]] = []
    sql = "SELECT kind FROM positions_journalentry WHERE kind LIKE 'exit_%' ORDER BY id"
    house.exchange.before = lambda order: seen.append(committed(sql))
    house.run()
    decided = [("exit_decided",)] * 2
    assert seen == [decided, [*decided, ("exit_done",)]]


def test_the_most_urgent_exit_leaves_first(house: House) -> None:
    policies: dict[str, dict[str, Any]] = {
        "time": {"max_hold_minutes": 0},
        "target": {"take_profit_price": "0.40"},
        "stop": STOP,
    }
    for name, policy in policies.items():
        house.position(name, policy=policy)
        house.says(name, "0.44")
    house.run()
    assert [order.instrument.key for order in house.exchange.sent] == ["stop", "target", "time"]


def test_order_says_size_floor_and_fee(house: House) -> None:
    house.position(policy=STOP, shares="100.009", fee_rate="0.05", fee_exponent=2)
    house.says("A", "0.44")
    house.run()
    (order,) = house.exchange.sent
    exit_ = Exit.objects.get()
    assert (order.key, order.shares, order.floor) == (
        f"exit-{exit_.pk}-1",
        Decimal("100.00"),
        Decimal("0.44") * Decimal("0.9"),
    )
    assert (order.fee_rate, order.fee_exponent) == (Decimal("0.05"), 2)


def test_trigger_exit_and_journal_tell_the_same(house: House) -> None:
    house.position(policy=STOP)
    house.says("A", "0.44")
    result = house.run()
    trigger, exit_ = Trigger.objects.get(), Exit.objects.get()
    reason = "44.0¢ is at or below the 45.0¢ stop"
    assert (trigger.run_id, trigger.exit_id, trigger.reason) == (result.run, exit_.pk, reason)
    assert (exit_.reason, exit_.level, exit_.trigger_price) == (
        reason,
        Decimal("0.45"),
        Decimal("0.44"),
    )
    ids = list(JournalEntry.objects.order_by("pk").values_list("pk", flat=True))
    assert ids == sorted(set(ids))
    assert kinds() == ["exit_decided", "fill", "exit_done", "position_closed"]
