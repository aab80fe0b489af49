"""What people ask for: mute, pause, close by hand, close everything, cancel."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import Schedule

from monitoring.alerts.dispatch import dispatch
from monitoring.models import Channel, Notification, Trigger
from monitoring.schedules import ensure_schedules
from positions.models import Exit, Mark, Position
from positions.services import (
    ServiceError,
    close_everything,
    exit_cancel_request,
    exits_pause,
    exits_resume,
    position_close_request,
    position_mute,
    rule_arm,
)
from positions.venues.base import Order
from tests.monitoring.engine.house import House, Offers, kinds, last

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
STOP: dict[str, Any] = {"stop_loss_price": "0.45", "confirm_seconds": 0}
THIN = Offers((("0.44", "40"),))


def close(house: House, position: Position, shares: str | None = None) -> Exit:
    return position_close_request(
        position_id=position.pk,
        actor="ann",
        now=house.clock.at,
        shares=None if shares is None else Decimal(shares),
    )


def rules_sold(house: House) -> list[object]:
    return [exit_["rule"] for exit_ in house.run().exits]


def test_muted_position_s_stop_sells_and_is_told_with_its_reason(house: House) -> None:
    Channel.objects.create(name="desk", url="http://127.0.0.1:9/api/webhooks/1/t")
    muted, loud = (house.position(name, policy=STOP) for name in "AB")
    position_mute(
        position_id=muted.pk,
        until=house.clock.at + timedelta(hours=1),
        actor="ann",
        now=house.clock.at,
    )
    for name in "AB":
        house.says(name, "0.44")
    assert rules_sold(house) == ["stop_loss", "stop_loss"]
    dispatch(now=house.clock.at)
    rows = Notification.objects.order_by("entry__position").values_list(
        "entry__position", "entry__kind", "state", "reason"
    )
    assert list(rows) == [
        (muted.pk, "exit_done", "pending", "despite_mute"),
        (loud.pk, "exit_done", "pending", "first"),
    ]


class TestPause:
    def test_rules_are_judged_and_told_once_and_nothing_is_sent(self, house: House) -> None:
        position = house.position(policy=STOP)
        house.says("A", "0.44")
        exits_pause(actor="ann", now=house.clock.at)
        for _ in range(3):
            assert rules_sold(house) == []
            house.clock.later(30)
        assert (kinds(position), last("exit_paused").urgency) == (["exit_paused"], "critical")
        assert [row.decision for row in Trigger.objects.all()] == ["paused"]
        assert (Exit.objects.count(), house.exchange.sent) == (0, [])

    def test_resume_judges_anew_and_sells_what_still_holds(self, house: House) -> None:
        house.position("A", policy=STOP)
        house.position("B", policy=STOP)
        for name in "AB":
            house.says(name, "0.44")
        exits_pause(actor="ann", now=house.clock.at)
        house.run()
        house.says("B", "0.50")
        exits_resume(actor="ann", now=house.clock.at)
        house.run()
        assert [order.instrument.key for order in house.exchange.sent] == ["A"]
        assert [row.kind for row in Exit.objects.get().position.journal.order_by("pk")] == [
            "position_opened",
            "exit_paused",
            "exit_decided",
            "fill",
            "exit_done",
            "position_closed",
        ]

    def test_second_pause_is_told_again(self, house: House) -> None:
        position = house.position(policy=STOP)
        for _ in range(2):
            exits_pause(actor="ann", now=house.clock.at)
            house.runs("0.44")
            exits_resume(actor="ann", now=house.clock.at)
            house.runs("0.50")
        assert kinds(position) == ["exit_paused", "exit_paused"]

    def test_pause_and_resume_are_critical_entries_of_the_house(self, house: House) -> None:
        exits_pause(actor="ann", now=house.clock.at)
        exits_resume(actor="bob", now=house.clock.at)
        told = [last(kind) for kind in ("exits_paused", "exits_resumed")]
        assert [(entry.urgency, entry.actor, entry.position_id) for entry in told] == [
            ("critical", "ann", None),
            ("critical", "bob", None),
        ]

    def test_rest_of_a_running_exit_waits(self, house: House) -> None:
        house.position(policy=STOP)
        house.says("A", THIN)
        house.run()
        exits_pause(actor="ann", now=house.clock.at)
        house.run()
        assert len(house.exchange.sent) == 1
        exits_resume(actor="ann", now=house.clock.at)
        house.run()
        assert len(house.exchange.sent) == 2

    def test_pause_in_the_middle_of_a_pass_holds_back_the_next_order(self, house: House) -> None:
        for name in "ABC":
            house.position(name, policy=STOP)
            house.says(name, "0.44")

        def pause(order: Order) -> None:
            exits_pause(actor="ann", now=house.clock.at)

        house.exchange.before = pause
        house.run()
        assert [order.instrument.key for order in house.exchange.sent] == ["A"]
        assert sorted(Exit.objects.values_list("state", flat=True)) == [
            "filled",
            "pending",
            "pending",
        ]

    def test_order_that_is_out_is_asked_about_and_not_sent_again(self, house: House) -> None:
        for name in "AB":
            house.position(name, policy=STOP)
            house.says(name, "0.44")
        exchange = house.exchange
        exchange.plan.extend([exchange.lose_answer, exchange.lose_order])
        exchange.lookup_failure = OSError("no route")
        house.run()
        exits_pause(actor="ann", now=house.clock.at)
        exchange.lookup_failure = None
        house.run()
        assert list(Exit.objects.order_by("pk").values_list("state", flat=True)) == [
            "filled",
            "working",
        ]
        assert (len(exchange.sent), exchange.sold) == (2, Decimal(100))


class TestCloseByHand:
    def test_next_pass_sells_all(self, house: House) -> None:
        position = house.position()
        house.says("A", "0.50")
        exit_ = close(house, position)
        assert (exit_.rule, exit_.state, exit_.shares, exit_.requested_by) == (
            "manual",
            "pending",
            100,
            "ann",
        )
        assert rules_sold(house) == ["manual"]
        assert [row.floor for row in house.exchange.sent] == [Decimal("0.450")]
        position.refresh_from_db()
        assert (position.state, position.close_reason) == ("closed", "manual")
        assert last("exit_done").text == "closed by ann; sold 100 shares, $0.00"

    def test_part_is_sold_and_the_rest_stays_guarded(self, house: House) -> None:
        position = house.position(policy=STOP)
        house.says("A", "0.50", "0.44")
        close(house, position, "30.009")
        assert rules_sold(house) == ["manual"]
        position.refresh_from_db()
        assert (position.state, position.shares) == ("open", 70)
        assert rules_sold(house) == ["stop_loss"]

    def test_stop_of_the_rest_does_not_wait_an_interval(self, house: House) -> None:
        position = house.position(policy=STOP)
        house.says("A", "0.44")
        close(house, position, "10")
        result = house.run()
        assert [exit_["rule"] for exit_ in result.exits] == ["manual"]
        assert result.wake_at == house.clock.at + timedelta(seconds=1)

    def test_manual_goes_before_a_stop_of_the_same_pass(self, house: House) -> None:
        position = house.position(policy=STOP)
        house.says("A", "0.44")
        close(house, position)
        assert rules_sold(house) == ["manual"]
        assert Exit.objects.count() == 1

    def test_running_target_gives_way(self, house: House) -> None:
        position = house.position(policy={"take_profit_price": "0.60"})
        house.says("A", Offers((("0.60", "40"),)), "0.50")
        house.run()
        close(house, position)
        assert rules_sold(house) == ["manual"]
        found = Exit.objects.order_by("pk").values_list("rule", "state", "filled")
        assert list(found) == [("take_profit", "cancelled", 40), ("manual", "filled", 60)]

    def test_request_waits_for_a_usable_price(self, house: House) -> None:
        position = house.position()
        close(house, position)
        house.says("A", None, "0.50")
        assert [rules_sold(house), rules_sold(house)] == [[], ["manual"]]

    def test_a_pass_is_asked_for_now(self, house: House) -> None:
        ensure_schedules(now=timezone.now() + timedelta(minutes=30))
        close(house, house.position())
        assert Schedule.objects.get(name="monitor").next_run == house.clock.at

    @pytest.mark.parametrize("how", ["paused", "closed", "selling", "dust", "gone"])
    def test_what_cannot_be_closed_is_refused(self, house: House, how: str) -> None:
        position = house.position(policy=STOP, shares="0.001" if how == "dust" else "100")
        house.says("A", THIN if how == "selling" else "0.50")
        if how == "paused":
            exits_pause(actor="ann", now=house.clock.at)
        if how == "closed":
            close(house, position)
        house.run()
        if how == "gone":
            position.pk = 999
        before = kinds()
        with pytest.raises(ServiceError):
            close(house, position)
        assert kinds() == before

    def test_everything_closes_what_can_be_sold(self, house: House) -> None:
        names = ["A", "B", "selling", "dust", "closed"]
        held = {
            name: house.position(name, policy=STOP, shares="3" if name == "dust" else "100")
            for name in names
        }
        told = {"selling": THIN, "dust": Offers((("0.44", "9"),))}
        for name in names:
            house.says(name, told.get(name, "0.50"))
        close(house, held["closed"])
        house.run()
        exits = close_everything(actor="ann", now=house.clock.at)
        assert [exit_.position_id for exit_ in exits] == [held["A"].pk, held["B"].pk]
        house.says("selling", "0.50")
        assert sorted(map(str, rules_sold(house))) == ["manual", "manual", "stop_loss"]
        left = Position.objects.filter(state="open").values_list("pk", flat=True)
        assert list(left) == [held["dust"].pk]


class TestCancel:
    def test_rest_is_not_sold(self, house: House) -> None:
        position = house.position()
        house.says("A", THIN)
        exit_ = close(house, position)
        house.run()
        exit_cancel_request(exit_id=exit_.pk, actor="bob", now=house.clock.at)
        assert rules_sold(house) == []
        position.refresh_from_db()
        assert (position.shares, last("exit_cancelled").actor) == (60, "bob")
        assert last("exit_cancelled").text == "exit cancelled, 60 shares not sold"

    def cancelled_stop(self, house: House) -> Position:
        position = house.position(policy=STOP)
        house.says("A", THIN)
        house.run()
        exit_cancel_request(exit_id=Exit.objects.get().pk, actor="bob", now=house.clock.at)
        house.run()
        return position

    def test_cancelled_stop_is_not_decided_again(self, house: House) -> None:
        position = self.cancelled_stop(house)
        states = Exit.objects.values_list("state", "filled")
        assert (list(states), Mark.objects.get().unarmed) == ([("cancelled", 40)], "stop_loss")
        told = last("exit_cancelled")
        assert "its rule is not armed until" in told.text
        assert (told.position_id, told.rule, told.actor) == (position.pk, "stop_loss", "bob")

    def test_cancelled_stop_sells_on_once_a_person_arms_it(self, house: House) -> None:
        position = self.cancelled_stop(house)
        rule_arm(position_id=position.pk, rule="stop_loss", actor="bob", now=house.clock.at)
        house.run()
        states = Exit.objects.order_by("pk").values_list("state", "filled")
        assert list(states) == [("cancelled", 40), ("partial", 40)]

    def test_cancelled_stop_is_armed_again_by_a_recovery(self, house: House) -> None:
        self.cancelled_stop(house)
        for bid in ("0.50", "0.44"):
            house.says("A", bid)
            house.run()
        assert [state for (state,) in Exit.objects.order_by("pk").values_list("state")] == [
            "cancelled",
            "filled",
        ]

    def test_order_that_is_out_cannot_be_cancelled(self, house: House) -> None:
        house.position(policy=STOP)
        house.says("A", "0.44")
        house.exchange.plan.append(house.exchange.lose_order)
        house.run()
        with pytest.raises(ServiceError, match="An order is out"):
            exit_cancel_request(exit_id=Exit.objects.get().pk, actor="b", now=house.clock.at)
        assert Exit.objects.get().state == "working"

    def test_ended_exit_cannot_be_cancelled(self, house: House) -> None:
        house.position(policy=STOP)
        house.says("A", "0.44")
        house.run()
        for pk in (Exit.objects.get().pk, 999):
            with pytest.raises(ServiceError, match="ended already"):
                exit_cancel_request(exit_id=pk, actor="b", now=house.clock.at)
